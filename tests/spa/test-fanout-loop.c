/* Test: the fan-out node in a data loop of its own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdatomic.h>
#include <string.h>

#include <spa/support/loop.h>

#include "cycles.h"
#include "harness.h"
#include "host.h"
#include "names.h"

#define IN	SPA_DIRECTION_INPUT
#define OUT	SPA_DIRECTION_OUTPUT

#define QUANTUM		256
#define FADE_CYCLES	8	/* 30 ms and a bit */

static struct host host;

/* data loop */
static bool used[HOST_PORTS_MAX];
static float input[2][QUANTUM];
static atomic_uint n_cycles, n_wrong, n_taken;

static void run_cycle(void *data)
{
	static uint32_t seed = 1;
	const float *samples;
	uint32_t c, i;

	if (!used[0])
		return;
	for (c = 0; c < 2; c++) {
		for (i = 0; i < QUANTUM; i++)
			input[c][i] = harness_noise(&seed);
		host_feed(&host, c, input[c], QUANTUM);
	}
	host_process(&host);
	for (i = 0; i < HOST_PORTS_MAX; i++) {
		if (!used[i] || (samples = host_take(&host, i, NULL)) == NULL)
			continue;
		atomic_fetch_add(&n_taken, 1);
		if (i < 2 && atomic_load(&n_cycles) > FADE_CYCLES &&
		    memcmp(samples, input[i], sizeof(input[i])) != 0)
			atomic_fetch_add(&n_wrong, 1);
	}
	atomic_fetch_add(&n_cycles, 1);
}

static int do_use(struct spa_loop *l, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	const uint32_t *output = data;

	used[*output * 2] = used[*output * 2 + 1] = user_data != NULL;
	return 0;
}

static void use_output(uint32_t output, bool use)
{
	spa_loop_invoke(host.data_loop, do_use, 0, &output, sizeof(output), true, use ? &host : NULL);
}

static void join_and_leave(uint32_t round)
{
	uint32_t n = 1 + round % 8, i;
	char key[64];

	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, 1 + n), 0);
	for (i = 1; i <= n; i++) {
		host_use_port(&host, OUT, i * 2, 1, QUANTUM);
		host_use_port(&host, OUT, i * 2 + 1, 2, QUANTUM);
		use_output(i, true);
		snprintf(key, sizeof(key), "output.%u.delay.nsec", i);
		check_int(host_set_int(&host, key, round * 10000), 0);
		snprintf(key, sizeof(key), "output.%u.gain", i);
		check_int(host_set_double(&host, key, (round % 4) / 4.0), 0);
		snprintf(key, sizeof(key), "output.%u.role", i);
		check_int(host_set_string(&host, key, round & 1 ? "mono" : "left"), 0);
	}
	cycles_wait(round % 5);
	for (i = 1; i <= n; i++) {
		use_output(i, false);
		if (round & 2)
			check_int(spa_node_remove_port(host.node, OUT, i * 2), 0);
	}
	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, 1), 0);
}

static void outputs_join_and_leave_while_the_loop_runs(void)
{
	struct spa_io_position position[2] = {
		{ .clock = { .duration = QUANTUM, .rate = { 1, 48000 } } },
		{ .clock = { .duration = QUANTUM, .rate = { 1, 48000 } } },
	};
	uint32_t round;

	host.data_loop = cycles_start(run_cycle, NULL);
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	host_use_all(&host);
	use_output(0, true);

	for (round = 0; round < 300; round++) {
		check_int(spa_node_set_io(host.node, SPA_IO_Position, &position[round & 1],
					sizeof(position[0])), 0);
		join_and_leave(round);
	}
	check_int(spa_node_set_io(host.node, SPA_IO_Position, NULL, 0), 0);
	cycles_stop();

	note("%u cycles, %u blocks taken", atomic_load(&n_cycles), atomic_load(&n_taken));
	check_int(atomic_load(&n_wrong), 0);
	check(atomic_load(&n_taken) > atomic_load(&n_cycles) * 2);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	run(outputs_join_and_leave_while_the_loop_runs);
	return harness_finish();
}
