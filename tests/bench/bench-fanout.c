/* Benchmark: a cycle of the fan-out node */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * us per cycle of stereo at quantum 1024, all outputs at delays of their own,
 * beside the floor: the same samples copied once from one ring to the same
 * buffers. Time of the thread, so that what else runs on the machine does not count (0.2 us
 * of it is what the clock itself takes), and the median of many cycles.
 */

#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <spa/node/utils.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "host.h"
#include "names.h"

#define QUANTUM		1024
#define CHANNELS	2
#define CYCLES		4000
#define RING		(1u << 18)	/* as long as the node's */

enum mode {
	MODE_FLOOR,
	MODE_SETTLED,
	MODE_GAIN,
	MODE_MONO,
	MODE_CROSSFADE,
	MODE_SLEWING,
	MODE_SLEWING_MONO,
	MODE_N
};

static const char * const mode_names[MODE_N] = {
	"copy floor", "settled", "gain 0.5", "mono", "crossfading", "slewing", "mono slewing",
};

static struct host host;
static float ring[CHANNELS][RING];
static double times[CYCLES];

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void set_output(uint32_t n, const char *name, double number, const char *string)
{
	char key[64];

	snprintf(key, sizeof(key), BLUEZ_COMBINE_OUTPUT_PREFIX "%u.%s", n, name);
	check_int(string ? host_set_string(&host, key, string) : host_set_double(&host, key, number), 0);
}

/* Speakers from 1 to 251 ms: the reads are spread over the ring as in real use */
static int64_t delay_of(uint32_t output, uint32_t n_outputs)
{
	return 1007000 + output * INT64_C(250000000) / n_outputs;
}

static void floor_cycle(uint32_t n_outputs, uint32_t *at)
{
	uint32_t o, c, d;

	for (c = 0; c < CHANNELS; c++)
		memcpy(ring[c] + *at, host.ports[SPA_DIRECTION_INPUT][c].memory,
				QUANTUM * sizeof(float));
	for (o = 0; o < n_outputs; o++) {
		d = delay_of(o, n_outputs) * 48 / 1000000 / QUANTUM * QUANTUM;
		for (c = 0; c < CHANNELS; c++)
			memcpy(host.ports[SPA_DIRECTION_OUTPUT][o * CHANNELS + c].memory,
					ring[c] + ((*at - d) & (RING - 1)), QUANTUM * sizeof(float));
	}
	*at = (*at + QUANTUM) & (RING - 1);
}

static void node_cycle(uint32_t n_outputs)
{
	uint32_t i;

	for (i = 0; i < CHANNELS; i++)
		host.ports[SPA_DIRECTION_INPUT][i].io.status = SPA_STATUS_HAVE_DATA;
	host_process(&host);
	for (i = 0; i < n_outputs * CHANNELS; i++)
		host.ports[SPA_DIRECTION_OUTPUT][i].io.status = SPA_STATUS_NEED_DATA;
}

static double bench(uint32_t n_outputs, enum mode mode)
{
	uint32_t i, o, at = 0, seed = 1;
	float noise[QUANTUM];
	char number[16];

	snprintf(number, sizeof(number), "%u", n_outputs);
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, number, NULL), 0);
	for (i = 0; i < CHANNELS; i++)
		host_use_port(&host, SPA_DIRECTION_INPUT, i, 1, QUANTUM);
	for (i = 0; i < n_outputs * CHANNELS; i++)
		host_use_port(&host, SPA_DIRECTION_OUTPUT, i, 1, QUANTUM);
	for (o = 0; o < n_outputs; o++) {
		set_output(o, BLUEZ_COMBINE_OUTPUT_DELAY, delay_of(o, n_outputs), NULL);
		if (mode == MODE_GAIN)
			set_output(o, BLUEZ_COMBINE_OUTPUT_GAIN, 0.5, NULL);
		if (mode == MODE_MONO || mode == MODE_SLEWING_MONO)
			set_output(o, BLUEZ_COMBINE_OUTPUT_ROLE, 0, "mono");
	}
	for (i = 0; i < QUANTUM; i++)
		noise[i] = harness_noise(&seed);
	for (i = 0; i < CHANNELS; i++)
		host_feed(&host, i, noise, QUANTUM);

	for (i = 0; i < CYCLES; i++) {
		double start;

		/* a crossfade lasts 1.4 cycles: a new target in each keeps it going */
		if (mode == MODE_CROSSFADE)
			for (o = 0; o < n_outputs; o++)
				set_output(o, BLUEZ_COMBINE_OUTPUT_DELAY,
						delay_of(o, n_outputs) + (i & 1) * 10e6, NULL);
		/* a slew of 0.8 ms lasts 7 s: turned round after 2 */
		if ((mode == MODE_SLEWING || mode == MODE_SLEWING_MONO) && i % 100 == 0)
			for (o = 0; o < n_outputs; o++)
				set_output(o, BLUEZ_COMBINE_OUTPUT_DELAY,
						delay_of(o, n_outputs) + (i / 100 & 1) * 0.8e6, NULL);
		start = cpu_us();
		if (mode == MODE_FLOOR)
			floor_cycle(n_outputs, &at);
		else
			node_cycle(n_outputs);
		times[i] = cpu_us() - start;
	}
	host_close(&host);
	qsort(times, CYCLES, sizeof(times[0]), compare);
	return times[CYCLES / 2];
}

int main(int argc, char *argv[])
{
	static const uint32_t numbers[] = { 2, 8, 32, 64 };
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	bool json = false;
	uint32_t i;
	int c, m;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'j') {
			fprintf(stderr, "usage: %s [--json] LIBRARY\n", argv[0]);
			return 2;
		}
		json = true;
	}
	host_load(optind < argc ? argv[optind] : BENCH_LIBRARY);

	if (json)
		printf("{ \"unit\": \"us\", \"quantum\": %d, \"channels\": %d, \"cycles\": [", QUANTUM, CHANNELS);
	else
		printf("us per cycle, quantum %d, stereo, median of %d\n%8s", QUANTUM, CYCLES, "outputs");
	for (m = 0; !json && m < MODE_N; m++)
		printf("%13s", mode_names[m]);
	printf("\n");
	for (i = 0; i < SPA_N_ELEMENTS(numbers); i++) {
		printf(json ? "%s{ \"outputs\": %u" : "%s%8u", json && i > 0 ? ",\n" : "", numbers[i]);
		for (m = 0; m < MODE_N; m++) {
			double us = bench(numbers[i], m);

			if (json)
				printf(", \"%s\": %.2f", mode_names[m], us);
			else
				printf("%13.2f", us);
		}
		printf(json ? " }" : "\n");
	}
	if (json)
		printf("\n] }\n");
	return 0;
}
