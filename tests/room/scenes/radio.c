/* Scene radio: one speaker is hard to reach */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "stage/scene.h"

/*
 * The speaker itself is told of, and not judged: what the radio loses is lost, and nobody on
 * this side of it knows. But nothing of it may be heard in the others.
 */
#define LOSS		0.01
#define STALL_MS	200.0
#define LONG_STALL_MS	1200.0	/* of a full socket bluez5 takes notice twice a second at most */
/* Until the bitpool is below 49, with which nine frames fit into a packet of this MTU, and not eight */
#define LONGER_STALL_MS	3000.0
#define LARGE_MTU	1005
#define SMALL_MTU	672
#define OTHERS_MS	0.3
#define SERVICE_MS	4.0	/* that a packet is on the air, and that nobody reports: so much is it late */
#define MOVED_MS	0.1

static const struct radio_plan {
	const char *name, *model;
	double stall_ms;	/* its radio serves nobody for so long; 0: packets are lost */
	int mtu;
} plans[] = {
	{ "s3-fixed", "fixed", 0.0, SMALL_MTU },
	{ "s3-rebuffer", "rebuffer", STALL_MS, SMALL_MTU },
	{ "s3-fixed", "fixed", LONG_STALL_MS, SMALL_MTU },
	{ "s3-fixed", "fixed", LONGER_STALL_MS, LARGE_MTU },
	{ "s3-rebuffer", "rebuffer", 0.0, SMALL_MTU },
	{ "s3-fixed", "fixed", STALL_MS, SMALL_MTU },
	{ "s3-pi", "pi", 0.0, SMALL_MTU },
	{ "s3-pi", "pi", STALL_MS, SMALL_MTU },
};

static const struct radio_plan *find_plan(const struct scene *sc)
{
	return &plans[(sc->seed - sc->options->seed) % G_N_ELEMENTS(plans)];
}

static int play_radio(struct scene *sc)
{
	const struct radio_plan *plan = find_plan(sc);
	int res;

	if ((res = scene_add_fixed(sc, "s1-50ms", 50.0)) < 0 ||
	    (res = scene_add_fixed(sc, "s2-220ms", 220.0)) < 0 ||
	    (res = scene_add_speaker(sc, plan->name, "{'model': <'%s'>, 'latency.msec': <150.0>, "
			"'report.msec': <150.0>, 'start': <'%s'>, 'service.msec': <%.1f>, 'mtu': <%d>}", plan->model,
			sc->options->level ? "level" : "first", SERVICE_MS, plan->mtu)) < 0 ||
	    (res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = scene_start_echo(sc, sc->n_speakers)) < 0 || (res = scene_pass(sc, 3.0)) < 0)
		return res;
	sc->excused = plan->name;
	sc->mark_ns = stack_now(&sc->stack);
	res = plan->stall_ms > 0.0 ? scene_stall(sc, plan->name, plan->stall_ms) :
		scene_set(sc, plan->name, "{'loss': <%g>}", LOSS);
	return res < 0 ? res : scene_pass(sc, sc->seconds);
}

static int count_events(const struct scene *sc, const char *device, const char *event)
{
	int n = 0;

	for (guint i = 0; i < sc->stack.events->len; i++) {
		const struct stack_event *e = sc->stack.events->pdata[i];

		n += e->t_ns >= sc->mark_ns && strcmp(e->device, device) == 0 &&
			strcmp(e->event, event) == 0;
	}
	return n;
}

/* A full socket drops what it gets, and has the bitpool lowered; once it is empty again that is raised. */
static void judge_bitpool(struct scene *sc, const char *device, bool lowered)
{
	int first = 0, lowest = 0, last = 0;

	for (guint i = 0; i < sc->stack.events->len; i++) {
		const struct stack_event *e = sc->stack.events->pdata[i];

		if (e->bitpool == 0 || strcmp(e->device, device) != 0)
			continue;
		last = e->bitpool;
		first = first > 0 ? first : last;
		lowest = lowest > 0 ? MIN(lowest, last) : last;
	}
	scene_figure(sc, "its_lowest_bitpool", lowest, lowered ? first - 1 : NAN);
	scene_figure(sc, "its_bitpool_in_the_end", last, NAN);
	/* It rises by one a second: from below 49 the short form does not see the end of that */
	if (last != first && find_plan(sc)->mtu != LARGE_MTU)
		scene_fault(sc, "the bitpool of %s is %d in the end and not %d", device, last, first);
}

static void judge_radio(struct scene *sc, struct measure *m)
{
	const struct radio_plan *plan = find_plan(sc);
	double others = NAN, last = NAN;

	for (int i = 0; i < m->n_speakers; i++) {
		const struct measure_speaker *s = &m->speakers[i];
		bool itself = strcmp(s->signal.name, plan->name) == 0;

		for (int w = 0; w < m->n_windows; w++) {
			if (isnan(s->skew[w]) || m->window_time[w] < sc->mark_ns / 1e9 ||
			    m->window_time[w] > (double)s->signal.last / MEASURE_RATE - 2.0 * SCENE_EDGE_S)
				continue;
			if (itself)
				last = s->skew[w];
			else
				others = fmax(others, fabs(s->skew[w]));
		}
		if (!itself)
			continue;
		scene_figure(sc, plan->stall_ms > 0.0 ? "case_radio_stalled_ms" : "case_packets_lost",
			plan->stall_ms > 0.0 ? plan->stall_ms : count_events(sc, plan->name, "lost"), NAN);
		scene_figure(sc, "its_gaps", s->gaps, NAN);
		scene_figure(sc, "its_repeats_and_skips", s->repeats + s->skips, NAN);
		scene_figure(sc, "its_largest_gap_ms", s->largest_gap, NAN);
		scene_figure(sc, "its_skew_in_the_end_ms", last, NAN);
		/* One that places samples by their time stays where it is, however long its packets become */
		if (plan->mtu == LARGE_MTU)
			scene_figure(sc, "it_moved_by_ms", fabs(last - SERVICE_MS), MOVED_MS);
	}
	if (plan->stall_ms > 0.0) {
		scene_figure(sc, "holes_where_the_socket_was_full", count_events(sc, plan->name, "missing"), NAN);
		judge_bitpool(sc, plan->name, plan->stall_ms >= LONG_STALL_MS);
	}
	scene_figure(sc, "skew_of_others_ms", others, OTHERS_MS);
}

const struct scene_type scenes_radio[] = {
	{ .name = "radio", .text = "one speaker loses packets, or its radio stands still for 200 ms",
	  .runs = G_N_ELEMENTS(plans), .speakers = 3, .seconds = 20.0, .brief_runs = 4,
	  .brief_seconds = 8.0, .bounds = { .whole = true },
	  .play = play_radio, .judge = judge_radio },
	{ 0 },
};
