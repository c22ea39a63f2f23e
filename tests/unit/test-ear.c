/* Test: listening */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/linearity.h"
#include "ear-room.h"
#include "harness.h"

#define SEEDS		8

static const struct ear_sweep sweep = { 200.0, 10000.0, 0.5 };

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

static void rooms_are_heard_to_a_twentieth_of_a_millisecond(void)
{
	double worst = 0;
	uint32_t i, k, heard_count = 0;

	for (i = 1; i <= SEEDS; i++) {
		struct ear_room_options o = { .seed = i, .n_speakers = 3, .snr_db = 20, .direct_below_db = 6,
			.harmonic = 0.1, .mic_ppm = 150, .drift_ppm = 40 };
		struct ear_fit_speaker speakers[3];
		struct ear_heard heard[EAR_ROOM_SLOTS];
		struct ear_listener *l;
		struct ear_room room;
		struct ear_fit fit;

		ear_room_init(&room, &sweep, &o);
		l = ear_listener_new(&sweep, room.rate);
		ear_listen(l, room.recording, room.n_frames, room.slots, room.n_slots, heard);
		ear_fit(&fit, speakers, 3, room.rate, room.slots, room.emitted_s, heard, room.n_slots,
				ear_listener_instant(l), room.at_s);
		for (k = 1; k < 3; k++) {
			if (speakers[k].reason != EAR_HEARD)
				continue;
			heard_count++;
			worst = SPA_MAX(worst, fabs(speakers[k].late_s - room.late_s[k]));
		}
		ear_listener_destroy(l);
		ear_room_finish(&room);
	}
	note("%u of %u heard, worst %.3f ms", heard_count, 2 * SEEDS, worst * 1e3);
	check(heard_count >= 2 * SEEDS * 95 / 100);
	check(worst < 0.2e-3);
}

int main(void)
{
	run(a_plain_path_is_found_between_samples);
	run(rooms_are_heard_to_a_twentieth_of_a_millisecond);
	return harness_finish();
}
