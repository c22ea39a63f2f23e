/* Test: the fan-out node in a data loop of its own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include <pipewire/pipewire.h>

#include "harness.h"
#include "host.h"
#include "names.h"

#define IN	SPA_DIRECTION_INPUT
#define OUT	SPA_DIRECTION_OUTPUT

#define QUANTUM		256
#define FADE_CYCLES	8	/* 30 ms and a bit */
#define PERIOD_NS	(50 * SPA_NSEC_PER_USEC)

static struct host host;
static struct pw_data_loop *loop;

/* data loop */
static bool used[HOST_PORTS_MAX];
static float block[2][QUANTUM];
static atomic_uint n_cycles, n_wrong, n_taken;

static void on_timer(void *data, uint64_t expirations)
{
	static uint32_t seed = 1;
	const float *samples;
	uint32_t c, i;

	for (c = 0; c < 2; c++) {
		for (i = 0; i < QUANTUM; i++)
			block[c][i] = harness_noise(&seed);
		host_feed(&host, c, block[c], QUANTUM);
	}
	host_process(&host);
	for (i = 0; i < HOST_PORTS_MAX; i++) {
		if (!used[i] || (samples = host_take(&host, i, NULL)) == NULL)
			continue;
		atomic_fetch_add(&n_taken, 1);
		if (i < 2 && atomic_load(&n_cycles) > FADE_CYCLES &&
		    memcmp(samples, block[i], sizeof(block[i])) != 0)
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
	pw_data_loop_invoke(loop, do_use, 0, &output, sizeof(output), true, use ? &host : NULL);
}

static void wait_cycles(uint32_t n)
{
	uint32_t until = atomic_load(&n_cycles) + n;

	while ((int32_t)(atomic_load(&n_cycles) - until) < 0)
		sched_yield();
}

static int do_start(struct spa_loop *l, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	struct timespec interval = { .tv_nsec = PERIOD_NS };
	struct spa_source **timer = user_data;

	return pw_loop_update_timer(pw_data_loop_get_loop(loop), *timer, &interval, &interval, false);
}

static int do_stop(struct spa_loop *l, bool async, uint32_t seq,
		const void *data, size_t size, void *user_data)
{
	struct spa_source **timer = user_data;

	pw_loop_destroy_source(pw_data_loop_get_loop(loop), *timer);
	return 0;
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
	wait_cycles(round % 5);
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
	struct spa_source *timer;
	uint32_t round;

	loop = pw_data_loop_new(NULL);
	host.data_loop = pw_data_loop_get_loop(loop)->loop;
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	host_use_all(&host);
	used[0] = used[1] = true;
	timer = pw_loop_add_timer(pw_data_loop_get_loop(loop), on_timer, NULL);
	check_int(pw_data_loop_start(loop), 0);
	pw_data_loop_invoke(loop, do_start, 0, NULL, 0, true, &timer);

	for (round = 0; round < 300; round++) {
		check_int(spa_node_set_io(host.node, SPA_IO_Position, &position[round & 1],
					sizeof(position[0])), 0);
		join_and_leave(round);
	}
	check_int(spa_node_set_io(host.node, SPA_IO_Position, NULL, 0), 0);
	pw_data_loop_invoke(loop, do_stop, 0, NULL, 0, true, &timer);
	pw_data_loop_stop(loop);

	note("%u cycles, %u blocks taken", atomic_load(&n_cycles), atomic_load(&n_taken));
	check_int(atomic_load(&n_wrong), 0);
	check(atomic_load(&n_taken) > atomic_load(&n_cycles) * 2);
	host_close(&host);
	pw_data_loop_destroy(loop);
}

int main(int argc, char *argv[])
{
	pw_init(&argc, &argv);
	host_load(argc > 1 ? argv[1] : "");
	run(outputs_join_and_leave_while_the_loop_runs);
	pw_deinit();
	return harness_finish();
}
