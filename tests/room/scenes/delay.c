/* Scene delay-step: a speaker's latency changes while all play */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "listen/report-delay.h"
#include "stage/scene.h"

/*
 * A real speaker that reports another delay has another one: it has enlarged its buffer, by playing
 * what it has later, or skipped. So what it does and what it says change together here, and the
 * speaker's own timeline has two steps: its own, which is none of ours, and the opposite one of the
 * delay that follows it. A report that changes by itself is wrong, before or after; following it
 * puts the speaker wrong by as much, and nothing else can be done by somebody who cannot hear.
 *
 * The headroom is larger than the largest step, so that the group does not move for it. What a
 * speaker does that is slower than that is the affair of the scene `headroom`.
 */
#define HEADROOM	"60"
#define WITHIN_MS	1.0	/* of the others, */
#define WITHIN_S	3.0	/* so soon */
/*
 * What is below 1 ms is slewed, by an acceleration of 100 ppm in a second: s = a (t / 2)^2, 4.5 s for
 * 0.5 ms. It is within 1 ms all the time.
 */
#define SLEW_BELOW_MS	1.0
#define SLEW_S		5.5	/* and until it is believed and heard */
#define MORE_S		0.8	/* two more windows after that */
#define EDGE_S		0.03	/* a block of the measurement may show the next step so early */
#define LEAD_S		3.0	/* before the first step */
/* The others go by whole samples, and the measurement has an error of its own */
#define SKEW_MS		0.025
#define OWN_STEPS	2	/* the speaker's own, and what follows it */

#define BEFORE_S	0.5	/* the picture begins so long before the largest step */

/* As long as any choice of so many steps takes */
#define SECONDS(steps)	(LEAD_S + (steps) * (WITHIN_S + MORE_S) + 2.0 * (SLEW_S - WITHIN_S))

static const double sizes[] = { 0.5, 2.0, 4.0, 8.0, 15.0, 40.0 };

/** What was done in this run */
static struct step {
	int64_t t_ns;
	double size_ms;		/**< > 0: the speaker is later from now on */
} steps[2 * G_N_ELEMENTS(sizes) + 1];
static int n_steps;
static char names[3][32], changed_name[32];

static double settled_s(double size_ms)
{
	return fabs(size_ms) < SLEW_BELOW_MS ? SLEW_S : WITHIN_S;
}

static int step(struct scene *sc, const char *name, double latency_ms, double size_ms)
{
	int res;

	steps[n_steps++] = (struct step) { stack_now(&sc->stack), size_ms };
	res = scene_set(sc, name, "{'latency.msec': <%.3f>, 'report.msec': <%.3f>}", latency_ms, latency_ms);
	return res < 0 ? res : scene_pass(sc, settled_s(size_ms) + MORE_S);
}

/* Each run another speaker: the fastest, the one between, the slowest. All steps begin at its
 * usual latency. The short form has each size once, the long one each for each of them. */
static int play_steps(struct scene *sc)
{
	int changed = (int)((sc->seed + 2) % 3), every = sc->options->brief ? 3 : 1, res;
	double latency;

	n_steps = 0;
	sc->seconds = SECONDS(2.0 * G_N_ELEMENTS(sizes) / every);
	if ((res = scene_play_all(sc, LEAD_S)) < 0)
		return res;
	sc->excused = sc->speakers[changed].name;
	latency = scene_fixed_latency(changed);
	for (size_t i = changed % every; i < G_N_ELEMENTS(sizes) && res == 0; i += every)
		if ((res = step(sc, sc->excused, latency + sizes[i], sizes[i])) == 0)
			res = step(sc, sc->excused, latency, -sizes[i]);
	steps[n_steps].t_ns = stack_now(&sc->stack);
	for (int i = 0; i < 3; i++)
		g_strlcpy(names[i], sc->speakers[i].name, sizeof(names[i]));
	g_strlcpy(changed_name, sc->excused, sizeof(changed_name));
	return res;
}

/* A line for each step */
static void tell_step(const struct scene *sc, const struct step *s, double sync_ms, double skew_ms,
		const struct span_events *own)
{
	if (!sc->options->json)
		printf("  %s %+6.1f ms: together after %.0f ms, then %.3f ms apart; its own: %d repeats, "
			"%d skips, %d gaps\n", sc->excused, s->size_ms, sync_ms, skew_ms, own->repeats,
			own->skips, own->gaps);
}

/* What the speakers that do not change have all the time, and the one that does now and then */
static double own_latency(const struct measure_speaker *s, double t)
{
	double ms = NAN;
	int i;

	for (i = 0; i < 3; i++)
		if (strcmp(s->signal.name, names[i]) == 0)
			ms = scene_fixed_latency(i);
	if (strcmp(s->signal.name, changed_name) != 0)
		return ms;
	for (i = 0; i < n_steps; i++)
		if (t >= steps[i].t_ns / 1e9)
			ms += steps[i].size_ms;
	return ms;
}

/* The largest step up, and down again: beside the other system's, if that was before this one */
static void draw(struct scene *sc, const struct measure *m)
{
	static struct delay_picture picture;
	static uint64_t seed;
	bool peer = sc->stack.options.system == STACK_PEER;
	double zero = steps[n_steps - 2].t_ns / 1e9;
	g_autofree char *file = g_strdup_printf("delay-step-%s.png", sc->excused);
	g_autofree char *png = g_build_filename(sc->options->keep, file, NULL);
	g_autofree char *data = g_build_filename(sc->out, "delay.dat", NULL);
	g_autofree char *title = g_strdup_printf("The latency of %s rises by %.0f ms, and falls again %.1f s later",
			sc->excused, steps[n_steps - 2].size_ms, WITHIN_S + MORE_S);
	int res;

	if (!peer || seed != sc->seed) {
		delay_picture_finish(&picture);
		delay_picture_init(&picture, png, title);
		seed = sc->seed;
	}
	res = delay_picture_add(&picture, peer ? "combine-stream, latency-compensate" : "bluez-combine", data,
			m, zero - BEFORE_S, steps[n_steps].t_ns / 1e9, zero, own_latency);
	if (res < 0 || (res = delay_picture_draw(&picture)) < 0)
		fprintf(stderr, "room: cannot draw %s: %s\n", png, strerror(-res));
	if (peer)
		delay_picture_finish(&picture);
}

static void judge_steps(struct scene *sc, struct measure *m)
{
	int changed = span_find_speaker(m, sc->excused), other = changed == 0 ? 1 : 0;
	double sync = 0.0, skew = 0.0;
	int own = 0, late = 0, others = 0;

	for (int i = 0; i < n_steps && changed >= 0; i++) {
		double from = steps[i].t_ns / 1e9, to = steps[i + 1].t_ns / 1e9 - EDGE_S;
		const struct measure_speaker *s = &m->speakers[changed];
		double together = span_together(s, &m->speakers[other], from, to, WITHIN_MS);
		double apart = span_spread(m, from + settled_s(steps[i].size_ms), to);
		struct span_events e = span_events(s, from, to);
		struct span_events after = span_events(s, from + WITHIN_S, to);

		tell_step(sc, &steps[i], (together - from) * 1000.0, apart, &e);
		/* a NAN stays one */
		sync = together - from > sync || isnan(together) ? together - from : sync;
		skew = apart > skew || isnan(apart) ? apart : skew;
		own = MAX(own, e.repeats + e.skips);
		late += after.repeats + after.skips + after.gaps + after.absences;
		others += span_others(m, changed, from, to);
	}
	scene_figure(sc, "within_1ms_after_s", sync, WITHIN_S);
	scene_figure(sc, "skew_after_ms", skew, sc->options->own_clock ? SKEW_MS : NAN);
	scene_figure(sc, "steps_of_changed", own, OWN_STEPS);
	scene_figure(sc, "changed_after_3s", late, 0.0);
	scene_figure(sc, "noticed_by_others", others, 0.0);
	if (sc->options->keep != NULL && changed >= 0)
		draw(sc, m);
}

const struct scene_type scenes_delay[] = {
	{ .name = "delay-step", .text = "a speaker's latency and its report step, in each run another's",
	  .runs = 3, .speakers = 3, 
	  .seconds = SECONDS(12), .brief_seconds = SECONDS(4),
	  .bounds = { .median = 0.3, .whole = true }, .play = play_steps, .judge = judge_steps,
	  .stack = {
		.module_args = "combine.headroom.msec = " HEADROOM,
		.wireplumber_conf = "wireplumber.settings = { bluez-combine.headroom.msec = " HEADROOM " }\n",
	  } },
	{ 0 },
};
