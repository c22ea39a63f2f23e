/* Test: the fan-out node in a data loop of its own */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdatomic.h>
#include <string.h>

#include <spa/node/utils.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
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
static atomic_uint n_cycles, n_wrong, n_taken, n_apart;
static atomic_bool compare;		/* whether outputs 0 and 1 play the same */

static void run_cycle(void *data)
{
	static uint32_t seed = 1;
	const float *samples, *first = NULL;
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
		if (i == 0)
			first = samples;
		if (atomic_load(&compare)) {
			if (i == 2 && memcmp(samples, first, sizeof(input[0])) != 0)
				atomic_fetch_add(&n_apart, 1);
			continue;
		}
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

static void add_move(struct spa_pod_builder *b, uint32_t output, uint32_t round)
{
	char key[64];

	snprintf(key, sizeof(key), "output.%u.delay.nsec", output);
	spa_pod_builder_string(b, key);
	/* some slew, some crossfade */
	spa_pod_builder_long(b, 5000000 + round % 7 * 100000 + round % 3 * 2000000);
	snprintf(key, sizeof(key), "output.%u.wait.nsec", output);
	spa_pod_builder_string(b, key);
	spa_pod_builder_long(b, round % 5 * 3000000);
	snprintf(key, sizeof(key), "output.%u.gain", output);
	spa_pod_builder_string(b, key);
	spa_pod_builder_double(b, 1.0 - round % 4 / 8.0);
}

static void what_is_set_at_once_arrives_in_one_cycle(void)
{
	uint8_t buffer[1024];
	struct spa_pod_builder b;
	struct spa_pod_frame f[2];
	uint32_t round;

	memset(used, 0, sizeof(used));
	atomic_store(&n_cycles, 0);
	host.data_loop = cycles_start(run_cycle, NULL);
	check_int(host_open(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, "2", NULL), 0);
	host_use_all(&host);
	use_output(1, true);
	use_output(0, true);
	/* they did not fade in at the same time */
	cycles_wait(2 * FADE_CYCLES);
	atomic_store(&compare, true);

	for (round = 0; round < 3000; round++) {
		b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
		spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
		spa_pod_builder_prop(&b, SPA_PROP_params, 0);
		spa_pod_builder_push_struct(&b, &f[1]);
		add_move(&b, 0, round);
		add_move(&b, 1, round);
		spa_pod_builder_pop(&b, &f[1]);
		check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0,
					spa_pod_builder_pop(&b, &f[0])), 0);
		if (round % 10 == 0)
			cycles_wait(round / 10 % 20);
	}
	atomic_store(&compare, false);
	use_output(0, false);
	use_output(1, false);
	cycles_stop();

	note("%u cycles, %u of them with outputs apart", atomic_load(&n_cycles), atomic_load(&n_apart));
	check_int(atomic_load(&n_apart), 0);
	check(atomic_load(&n_cycles) > 1000);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	run(outputs_join_and_leave_while_the_loop_runs);
	run(what_is_set_at_once_arrives_in_one_cycle);
	return harness_finish();
}
