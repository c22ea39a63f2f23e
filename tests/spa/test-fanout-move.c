/* Test: delays of the fan-out node that change */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include <spa/node/utils.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>

#include "harness.h"
#include "names.h"
#include "player.h"

#define MSEC	SPA_NSEC_PER_MSEC

struct move {
	int64_t delay_ns;
	int64_t wait_ns;
};

/* All of them in one Props object, from output 0 */
static void move(const struct move *moves, uint32_t n)
{
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame f[2];
	char key[64];
	uint32_t i;

	spa_pod_builder_push_object(&b, &f[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b, &f[1]);
	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "output.%u.delay.nsec", i);
		spa_pod_builder_string(&b, key);
		spa_pod_builder_long(&b, moves[i].delay_ns);
		snprintf(key, sizeof(key), "output.%u.wait.nsec", i);
		spa_pod_builder_string(&b, key);
		spa_pod_builder_long(&b, moves[i].wait_ns);
	}
	spa_pod_builder_pop(&b, &f[1]);
	check_int(spa_node_set_param(host.node, SPA_PARAM_Props, 0,
				spa_pod_builder_pop(&b, &f[0])), 0);
}

/* Speakers of 90, 60 and 0 ms: with delays of 10, 40 and 100 ms all sound at 100. They move to
 * 130: what changes is heard at the same time if each begins its latency earlier */
static void a_group_that_waits_moves_at_one_time(void)
{
	static const int64_t latency_ms[] = { 90, 60, 0 };
	struct move moves[3];
	uint32_t o, at, heard, delay;

	open_outputs(1, 3);
	for (o = 0; o < 3; o++)
		set_delay(o, (100 - latency_ms[o]) * MSEC);
	host_use_all(&host);
	play(0, 20480);
	for (o = 0; o < 3; o++)
		moves[o] = (struct move) { (130 - latency_ms[o]) * MSEC, (90 - latency_ms[o]) * MSEC };
	move(moves, 3);
	play(20480, LENGTH);

	heard = 20480 + 90 * 48;
	for (o = 0; o < 3; o++) {
		/* time 0 of the room is the sink's: this output is heard its latency later */
		at = heard - latency_ms[o] * 48;
		delay = (100 - latency_ms[o]) * 48;
		check_exact(o, source[0], delay, 8000, at);
		check(played[o][at + 10] != source[0][at + 10 - delay]);
		check_exact(o, source[0], delay + 30 * 48, at + FADE, LENGTH);
	}
	/* and they are together in all of the crossfade, too */
	for (at = heard; at < heard + FADE; at++)
		for (o = 1; o < 3; o++)
			check(played[o][at - latency_ms[o] * 48] == played[0][at - latency_ms[0] * 48]);
	host_close(&host);
}

static void a_gain_does_not_wait_and_does_not_hurry_a_delay(void)
{
	open_outputs(1, 1);
	set_delay(0, 10 * MSEC);
	host_use_all(&host);
	play(0, 10240);
	move(&(struct move) { 50 * MSEC, 200 * MSEC }, 1);
	/* before the data loop has seen the delay */
	check_int(host_set_double(&host, "output.0.gain", 0.5), 0);
	play(10240, 15360);
	check_int(host_set_double(&host, "output.0.gain", 1.0), 0);
	play(15360, LENGTH);
	check_exact(0, source[0], 480, 15360 + FADE, 10240 + 9600);
	check(played[0][10240 + FADE] == source[0][10240 + FADE - 480] * 0.5f);
	check(memcmp(played[0] + 10240 + 9600, source[0] + 10240 + 9600 - 480, FADE * 4) != 0);
	check_exact(0, source[0], 2400, 10240 + 9600 + FADE, LENGTH);
	host_close(&host);
}

/* The last second of 5: a slew of 0.1 ms takes 2.5 */
static void play_a_slew(uint32_t seconds)
{
	uint32_t i;

	for (i = 0; i < seconds; i++)
		play(0, LENGTH);
}

static void a_small_change_slews_and_a_speed_of_0_crossfades(void)
{
	const int64_t sample_ns = SPA_NSEC_PER_SEC / 48000;

	open_outputs(1, 1);
	set_delay(0, 480 * sample_ns);
	host_use_all(&host);
	play(0, LENGTH);
	set_delay(0, 485 * sample_ns);
	play(0, LENGTH);
	/* after 1 s it is still on its way */
	check(memcmp(played[0] + 40000, source[0] + 40000 - 485, 8000 * sizeof(float)) != 0);
	check(memcmp(played[0] + 40000, source[0] + 40000 - 480, 8000 * sizeof(float)) != 0);
	play_a_slew(4);
	check_exact(0, source[0], 485, 1000, LENGTH);

	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_SLEW, 0), 0);
	set_delay(0, 480 * sample_ns);
	play(0, LENGTH);
	check_exact(0, source[0], 480, FADE, LENGTH);

	/* and again slews, also what is set together with the speed */
	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_SLEW, 500), 0);
	set_delay(0, 485 * sample_ns);
	play(0, LENGTH);
	check(memcmp(played[0] + 40000, source[0] + 40000 - 485, 8000 * sizeof(float)) != 0);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	run(a_group_that_waits_moves_at_one_time);
	run(a_gain_does_not_wait_and_does_not_hurry_a_delay);
	run(a_small_change_slews_and_a_speed_of_0_crossfades);
	return harness_finish();
}
