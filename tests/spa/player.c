/* A fan-out node that plays noise, in a test */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "harness.h"
#include "names.h"
#include "player.h"

struct host host;
float source[8][LENGTH], played[64 * 8][LENGTH];

static void make_noise(void)
{
	uint32_t c, i, seed = 11;

	for (c = 0; c < 8; c++)
		for (i = 0; i < LENGTH; i++)
			source[c][i] = harness_noise(&seed);
}

void cycle(uint32_t at, uint32_t n)
{
	uint32_t c, i, got;
	const float *samples;

	for (c = 0; c < host.n_channels; c++)
		host_feed(&host, c, source[c] + at, n);
	host_process(&host);
	for (c = 0; c < host.n_channels; c++)
		check_int(host.ports[IN][c].io.status, SPA_STATUS_NEED_DATA);
	for (i = 0; i < HOST_PORTS_MAX; i++) {
		if (!host.ports[OUT][i].present || host.ports[OUT][i].memory == NULL)
			continue;
		samples = host_take(&host, i, &got);
		check(samples != NULL);
		check_int(got, n);
		memcpy(played[i] + at, samples, n * sizeof(float));
	}
}

void play(uint32_t from, uint32_t to)
{
	uint32_t n;

	for (; from < to; from += n) {
		n = SPA_MIN((uint32_t)QUANTUM, to - from);
		cycle(from, n);
	}
}

void check_exact(uint32_t port, const float *src, uint32_t delay, uint32_t from, uint32_t to)
{
	check(memcmp(played[port] + from, src + from - delay, (to - from) * sizeof(float)) == 0);
}

void set_delay(uint32_t output, int64_t ns)
{
	char key[64];

	snprintf(key, sizeof(key), BLUEZ_COMBINE_OUTPUT_PREFIX "%u." BLUEZ_COMBINE_OUTPUT_DELAY, output);
	check_int(host_set_long(&host, key, ns), 0);
}

void open_outputs(uint32_t channels, uint32_t outputs)
{
	char c[8], o[8];

	snprintf(c, sizeof(c), "%u", channels);
	snprintf(o, sizeof(o), "%u", outputs);
	make_noise();
	check_int(host_open(&host, "audio.channels", c, BLUEZ_COMBINE_FANOUT_OUTPUTS, o, NULL), 0);
}
