/* Scene two-echos: two of them play at once, and one leaves */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/*
 * One Echo plays, a second one joins in, then the first one leaves. The music of the
 * second has to go on as if nothing had been, in all speakers, and in sync.
 */
#define SECOND	"Echo-Garden"
/* Of both: PipeWire plays a stream that has begun up to 0.5 % too fast or too slow until as much of it is
 * buffered as it wants, and what is stretched cannot be compared. */
#define BOTH_S	12.0
#define END_MS	30.0	/* the last packet may not have been played when the recording ends */
#define BEFORE_S 1.0	/* what counts begins so long before the first one leaves */

static bool both_are_linked(struct stack *s, void *data)
{
	return graph_count(s->graph, "bluez_input.*") == 2 &&
		graph_linked(s->graph, "bluez_input.EC_00_00_00_00_A4.*", "bluez_combine.default") &&
		graph_linked(s->graph, "bluez_input.EC_00_00_00_00_A2.*", "bluez_combine.default");
}

static bool one_has_left(struct stack *s, void *data)
{
	return graph_count(s->graph, "bluez_input.*") == 1;
}

static int play_two_echos(struct scene *sc)
{
	int64_t now;
	int res;

	if ((res = scene_play_all(sc, 1.0)) < 0 ||
	    (res = scene_add_echo(sc, SECOND, "'ppm': <-40.0>, 'jitter.msec': <3.0>")) < 0 ||
	    (res = scene_connect(sc, SECOND)) < 0 || (res = scene_echo(sc, SECOND, true)) < 0 ||
	    (res = stack_wait(&sc->stack, both_are_linked, NULL, SCENE_PATIENCE_MS,
			      "both Echos at the sink")) < 0 ||
	    (res = scene_pass(sc, BOTH_S)) < 0)
		return res;
	now = stack_now(&sc->stack);
	if ((res = scene_disconnect(sc, SCENE_ECHO)) < 0 ||
	    (res = stack_wait(&sc->stack, one_has_left, NULL, SCENE_PATIENCE_MS,
			      "the end of the first Echo's stream")) < 0)
		return res;
	sc->mark_ns = now;
	return scene_pass(sc, sc->seconds);
}

/* The speakers against the music of the second one, from \a from on; to be finished in any case */
static int measure_second(struct scene *sc, struct measure *m, double from)
{
	g_autofree char *music = g_build_filename(sc->out, "echo-" SECOND ".wav", NULL);
	const struct measure_options options = { .from = from };
	int res;

	measure_init(m, &options);
	if ((res = measure_add_dir(m, sc->out, NULL)) < 0 || (res = measure_set_source(m, music, true)) < 0)
		return res;
	/* what is before is not its music alone */
	for (int i = 0; i < m->n_speakers; i++)
		m->speakers[i].signal.first = SPA_MAX(m->speakers[i].signal.first,
				(int64_t)(from * MEASURE_RATE));
	return measure_run(m);
}

static void judge_two_echos(struct scene *sc, struct measure *all)
{
	double from = sc->mark_ns / 1e9 - BEFORE_S, silence = 0.0, followed = 0.0;
	int gaps = 0, steps = 0;
	struct measure m;

	if (measure_second(sc, &m, from) < 0)
		scene_fault(sc, "the second Echo cannot be measured");
	for (int i = 0; i < m.n_speakers; i++) {
		const struct measure_speaker *s = &m.speakers[i];
		double to = (double)s->signal.last / MEASURE_RATE - SCENE_EDGE_S;
		struct span_events e = span_events(s, from, to);

		gaps += e.gaps + e.absences;
		steps += e.repeats + e.skips;
		silence = fmax(silence, span_silence(&all->speakers[i].signal, from));
		if (s->track.n_points == 0)
			scene_fault(sc, "%s does not play the second Echo", s->signal.name);
		else
			followed = fmax(followed, (double)s->track.points[0].pos / MEASURE_RATE - from);
	}
	measure_finish(&m);
	scene_figure(sc, "gaps_of_the_other", gaps, 0.0);
	scene_figure(sc, "steps_of_the_other", steps, 0.0);
	scene_figure(sc, "silence_ms", silence, END_MS);
	/* it has to be known before the first one leaves, or nothing was seen of that */
	scene_figure(sc, "followed_after_s", followed, BEFORE_S);
}

const struct scene_type scenes_echos[] = {
	{ .name = "two-echos", .text = "two Echos play at once, and one leaves: the other's music goes on",
	  .runs = 3, .speakers = 3, .seconds = 10.0, .brief_runs = 1, .brief_seconds = 4.0,
	  .bounds = { .median = 0.3, .worst = 1.0, .whole = true },
	  .no_peer = true, .play = play_two_echos, .judge = judge_two_echos },
	{ 0 },
};
