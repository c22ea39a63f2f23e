/* Test: listening */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/linearity.h"
#include "ear-room.h"
#include "harness.h"

static const struct ear_sweep sweep = EAR_SWEEP_DEFAULT;

/* A plain path: the recording is the sweep, later */
static void a_plain_path_is_found_between_samples(void)
{
	static const double rates[] = { 16000, 44100, 48000, 96000 };
	uint32_t i, k;

	for (i = 0; i < SPA_N_ELEMENTS(rates); i++) {
		uint32_t n = ear_sweep_frames(&sweep, rates[i]);
		size_t n_frames = (size_t)(2 * rates[i]);
		float *recording = calloc(n_frames, sizeof(float)), *x = calloc(n, sizeof(float));
		struct ear_listener *l = ear_listener_new(&sweep, rates[i]);
		struct ear_slot slot = { 0, 0.5 * rates[i], 0.1 * rates[i], 0.1 * rates[i], -20, false };
		struct ear_heard heard;

		ear_sweep_fill(&sweep, rates[i], x);
		for (k = 0; k < n; k++)
			recording[(size_t)(0.53 * rates[i]) + k] = 0.1f * x[k];
		check_int(ear_listen(l, recording, n_frames, &slot, 1, &heard), 1);
		note("%.0f Hz: off by %.4f frames, %.2f dB", rates[i], heard.arrival - (size_t)(0.53 * rates[i]), heard.level_db);
		check(fabs(heard.arrival - (size_t)(0.53 * rates[i])) < 0.01);
		check(fabs(heard.level_db + 20) < 0.1);
		ear_listener_destroy(l);
		free(recording);
		free(x);
	}
}

int main(void)
{
	run(a_plain_path_is_found_between_samples);
	return harness_finish();
}
