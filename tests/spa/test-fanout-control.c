/* Test: what the process that hosts the fan-out node asks of it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>
#include <spa/utils/string.h>

#include "fanout/control.h"
#include "harness.h"
#include "names.h"
#include "player.h"

#define MSEC	SPA_NSEC_PER_MSEC
#define OUTPUTS	3
#define ROUNDS	40

static struct fanout_control *control(void)
{
	void *interface = NULL;

	check_int(spa_handle_get_interface(host.handle, FANOUT_TYPE_CONTROL, &interface), 0);
	return interface;
}

static int set(const struct fanout_output_target *targets, uint32_t n)
{
	return fanout_control_set_targets(control(), targets, n);
}

static int set_one(uint32_t output, struct fanout_target target)
{
	return set(&(struct fanout_output_target) { output, target }, 1);
}

/* The same in a Props object */
static void set_props(const struct fanout_output_target *targets, uint32_t n)
{
	static const char * const roles[] = { "stereo", "left", "right", "mono" };
	uint8_t buffer[4096];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f[2];
	char key[64];
	uint32_t i;

	spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b, &f[1]);
	for (i = 0; i < n; i++) {
		const struct fanout_target *t = &targets[i].target;

#define ADD(type, name, value)									\
		snprintf(key, sizeof(key), BLUEZ_COMBINE_OUTPUT_PREFIX "%u." name, targets[i].output);	\
		spa_pod_builder_string(&b, key);						\
		spa_pod_builder_ ## type(&b, value)
		ADD(long, BLUEZ_COMBINE_OUTPUT_DELAY, t->delay_ns);
		ADD(long, BLUEZ_COMBINE_OUTPUT_WAIT, t->wait_ns);
		ADD(double, BLUEZ_COMBINE_OUTPUT_GAIN, t->gain);
		ADD(string, BLUEZ_COMBINE_OUTPUT_ROLE, roles[t->role]);
		ADD(int, BLUEZ_COMBINE_OUTPUT_CODE, t->dither.code);
		ADD(int, BLUEZ_COMBINE_OUTPUT_SAMPLES, t->dither.samples);
		ADD(long, BLUEZ_COMBINE_OUTPUT_CHIP, t->dither.chip_ns);
	}
	spa_pod_builder_pop(&b, &f[1]);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0, spa_pod_builder_pop(&b, &f[0])), 0);
}

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
	return (uint32_t)((harness_noise(seed) + 1.0f) / 2.0f * n) % n;
}

/* A few of them, small and large steps, some of which wait, and some that are none */
static uint32_t random_targets(struct fanout_output_target *targets, uint32_t *seed)
{
	uint32_t i, n = random_below(seed, OUTPUTS + 1);

	for (i = 0; i < n; i++)
		targets[i] = (struct fanout_output_target) { i, {
			.delay_ns = 20 * MSEC + random_below(seed, 4) * 50 * MSEC +
				random_below(seed, 3) * MSEC / 4,
			.wait_ns = random_below(seed, 3) * 15 * MSEC,
			.dither = { random_below(seed, 4) * 21, 1 + random_below(seed, 4), 120 * MSEC },
			.gain = random_below(seed, 3) / 2.0,
			.role = random_below(seed, ROLE_N),
		} };
	return n;
}

static void play_random(bool props)
{
	struct fanout_output_target targets[OUTPUTS];
	uint32_t round, n, seed = 5;

	open_outputs(2, OUTPUTS);
	host_use_all(&host);
	for (round = 0; round < ROUNDS; round++) {
		n = random_targets(targets, &seed);
		if (props)
			set_props(targets, n);
		else
			check_int(set(targets, n), 0);
		play(round * QUANTUM, (round + 1) * QUANTUM);
	}
	host_close(&host);
}

static void what_it_sets_is_played_as_if_props_had_set_it(void)
{
	static float first[2 * OUTPUTS][LENGTH];
	uint32_t i;

	play_random(true);
	memcpy(first, played, sizeof(first));
	memset(played, 0, sizeof(first));
	play_random(false);
	for (i = 0; i < 2 * OUTPUTS; i++)
		check(memcmp(first[i], played[i], ROUNDS * QUANTUM * sizeof(float)) == 0);
}

static void what_it_sets_is_read_back_from_props(void)
{
	const char *role = NULL;
	int64_t delay = -1;
	uint32_t before;
	double gain = -1;

	open_outputs(2, 2);
	before = host.n_node_infos;
	check_int(set_one(1, (struct fanout_target) { .delay_ns = 7 * MSEC, .gain = 0.25, .role = ROLE_MONO }), 0);
	check_int(host.n_node_infos, before + 1);
	check_int(spa_pod_get_long(host_get(&host, "output.1.delay.nsec"), &delay), 0);
	check_int(delay, 7 * MSEC);
	check_int(spa_pod_get_double(host_get(&host, "output.1.gain"), &gain), 0);
	check(gain == 0.25);
	check_int(spa_pod_get_string(host_get(&host, "output.1.role"), &role), 0);
	check(spa_streq(role, "mono"));
	/* the same again is no news */
	check_int(set_one(1, (struct fanout_target) { .delay_ns = 7 * MSEC, .gain = 0.25, .role = ROLE_MONO }), 0);
	check_int(host.n_node_infos, before + 1);
	host_close(&host);
}

/* A quarter of a millisecond slews for 3.9 s, and the quickest of all for 0.7; a crossfade takes 30 ms */
static void a_small_change_that_is_to_be_there_at_once_crossfades(void)
{
	struct fanout_output_target targets[] = {
		{ 0, { .delay_ns = 20 * MSEC, .gain = 1.0 } },
		{ 1, { .delay_ns = 20 * MSEC, .gain = 1.0 } },
	};
	uint32_t delay = 960 + 12, placed = 8 * QUANTUM + FADE;

	open_outputs(1, 2);
	check_int(set(targets, 2), 0);
	host_use_all(&host);
	play(0, 8 * QUANTUM);
	targets[0].target.delay_ns = targets[1].target.delay_ns = delay * SPA_NSEC_PER_SEC / 48000;
	targets[1].target.at_once = true;
	check_int(set(targets, 2), 0);
	/* What comes before the node has seen it does not make it slow */
	targets[1].target.at_once = false;
	targets[1].target.gain = 0.5;
	check_int(set(targets, 2), 0);
	play(8 * QUANTUM, 12 * QUANTUM);
	targets[1].target.gain = 1.0;
	check_int(set(targets, 2), 0);
	play(12 * QUANTUM, 16 * QUANTUM);
	check(memcmp(played[0] + placed, source[0] + placed - delay, 4 * QUANTUM) != 0);
	check_exact(1, source[0], delay, 12 * QUANTUM + FADE, 16 * QUANTUM);
	host_close(&host);
}

/* Each by a code of its own, in the same chips; with nothing of it left when it has ended */
static void outputs_go_to_and_fro_by_their_codes(void)
{
	static const uint32_t codes[2][6] = { { 1, 0, 0, 1, 0, 0 }, { 1, 0, 1, 0, 0, 1 } };
	const uint32_t chip = 5 * QUANTUM, move = chip * 4 / 5;
	struct fanout_output_target targets[] = {
		{ 0, { .delay_ns = 20 * MSEC, .gain = 1.0, .dither = { 3, 1, chip * SPA_NSEC_PER_SEC / 48000 } } },
		{ 1, { .delay_ns = 20 * MSEC, .gain = 1.0, .dither = { 5, 4, chip * SPA_NSEC_PER_SEC / 48000 } } },
		{ 2, { .delay_ns = 20 * MSEC, .gain = 1.0, .dither = { 0, 4, chip * SPA_NSEC_PER_SEC / 48000 } } },
	};
	uint32_t k, from, end = 6 * chip, ended = end + 9600;

	open_outputs(1, 3);
	check_int(set(targets, 3), 0);
	host_use_all(&host);
	play(0, end);
	for (k = 0; k < 6; k++) {
		from = k * chip + move;
		check_exact(0, source[0], 960 + codes[0][k], from, (k + 1) * chip);
		check_exact(1, source[0], 960 + 4 * codes[1][k], from, (k + 1) * chip);
	}
	check_exact(2, source[0], 960, FADE, end);
	targets[0].target.dither.code = 0;
	targets[1].target.dither.samples = 0;
	check_int(set(targets, 2), 0);
	play(end, LENGTH);
	/* The way back is as slow as any: 0.2 s */
	for (k = 0; k < 2; k++)
		check_exact(k, source[0], 960, ended, LENGTH);
	check(memcmp(played[1] + ended - 1000, source[0] + ended - 1000 - 960, 900 * sizeof(float)) != 0);
	host_close(&host);
}

static void check_refused(uint32_t output, struct fanout_target target, const char *says)
{
	const struct fanout_output_target targets[] = {
		{ 0, { .delay_ns = 5 * MSEC, .gain = 0.5 } },
		{ output, target },
	};
	int64_t delay = -1;

	host.error[0] = '\0';
	check_int(set(targets, 2), -EINVAL);
	note("%s", host.error);
	check(strstr(host.error, says) != NULL);
	check_int(spa_pod_get_long(host_get(&host, "output.0.delay.nsec"), &delay), 0);
	check_int(delay, 0);
}

static void what_is_beyond_its_bounds_is_refused_and_nothing_of_it_is_done(void)
{
	const int64_t longest = 4000 * MSEC;

	open_outputs(2, 2);
	check_refused(2, (struct fanout_target) { .gain = 1.0 }, "there is no output 2");
	check_refused(UINT32_MAX, (struct fanout_target) { .gain = 1.0 }, "there is no output 4294967295");
	check_refused(1, (struct fanout_target) { .delay_ns = -1 }, "a delay of -1 ns: not from 0 to 4000000000");
	check_refused(1, (struct fanout_target) { .delay_ns = longest + 1 }, "a delay of 4000000001 ns");
	check_refused(1, (struct fanout_target) { .delay_ns = INT64_MIN }, "a delay of -");
	check_refused(1, (struct fanout_target) { .wait_ns = -1 }, "a wait of -1 ns: not from 0 to 10000000000");
	check_refused(1, (struct fanout_target) { .wait_ns = 10001 * MSEC }, "a wait of 10001000000 ns");
	check_refused(1, (struct fanout_target) { .dither.code = 64 }, "a code of 64: not from 0 to 63");
	check_refused(1, (struct fanout_target) { .dither.samples = 5 }, "a dither of 5 samples: not from 0 to 4");
	check_refused(1, (struct fanout_target) { .dither.chip_ns = -1 }, "a chip of -1 ns: not from 0 to 10000000000");
	check_refused(1, (struct fanout_target) { .dither.chip_ns = 10001 * MSEC }, "a chip of 10001000000 ns");
	check_refused(1, (struct fanout_target) { .gain = 1.01 }, "a gain of 1.01: not from 0.0 to 1.0");
	check_refused(1, (struct fanout_target) { .gain = -0.01 }, "a gain of -0.01");
	check_refused(1, (struct fanout_target) { .gain = NAN }, "a gain of");
	check_refused(1, (struct fanout_target) { .role = ROLE_N }, "a role of 4: not from 0 to 3");
	check_int(set_one(1, (struct fanout_target) { .delay_ns = longest, .gain = 1.0 }), 0);
	check_int(set(NULL, 0), 0);
	check_int(set(NULL, 1), -EINVAL);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	run(what_it_sets_is_played_as_if_props_had_set_it);
	run(what_it_sets_is_read_back_from_props);
	run(a_small_change_that_is_to_be_there_at_once_crossfades);
	run(outputs_go_to_and_fro_by_their_codes);
	run(what_is_beyond_its_bounds_is_refused_and_nothing_of_it_is_done);
	return harness_finish();
}
