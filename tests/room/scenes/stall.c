/* Scene stall: a part of the system stands still while music plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/logs.h"
#include "stage/scene.h"

#define BEFORE_S	4.0
#define AFTER_S		10.0	/* when the speakers have to be together again */
#define SKEW_MS		0.5	/* and by how much they may be apart then */
#define SILENCE_MS	300.0	/* nobody may be silent for longer than the stall and this */
#define SLEEP_S		300.0
#define AWAY_MS		3000	/* until those that have lost the machine have found it again */
#define RETURN_MS	4000.0	/* and from then on to their sound */
#define GIVEN_UP_MS	6000.0	/* bluetoothd waits so long for a speaker that does not answer */
#define SLOW_S		20.0	/* until such a speaker is back */

enum victim {
	WIREPLUMBER	= 1 << 0,
	PIPEWIRE	= 1 << 1,
	SOURCE		= 1 << 2,	/* the Echo's radio: it sends nothing, and then what has piled up */
	PLAYER		= 1 << 3,	/* another client, which plays silence into the same sink */
	MACHINE		= 1 << 4,	/* it sleeps, and all its devices lose it */
};

/* Each run another one; the short form is the first few. */
static const struct stall_plan {
	unsigned victims;
	int ms;
} plans[] = {
	{ WIREPLUMBER, 60 },
	{ WIREPLUMBER, 400 },
	{ PIPEWIRE, 150 },
	{ SOURCE, 150 },
	{ PLAYER, 150 },
	{ WIREPLUMBER | PIPEWIRE, 400 },
	{ WIREPLUMBER | PIPEWIRE | MACHINE, AWAY_MS },
	{ WIREPLUMBER, 150 },
	{ WIREPLUMBER, 20 },
	{ PIPEWIRE, 20 },
	{ PIPEWIRE, 60 },
	{ PIPEWIRE, 400 },
	{ SOURCE, 20 },
	{ SOURCE, 60 },
	{ SOURCE, 400 },
	{ PLAYER, 20 },
	{ PLAYER, 60 },
	{ PLAYER, 400 },
	{ WIREPLUMBER | PIPEWIRE, 60 },
	{ WIREPLUMBER | PIPEWIRE, 4000 },
};

/* What may still be made up for: where the limit of that is, and what it costs on both sides */
static const struct stall_plan lengths[] = {
	{ WIREPLUMBER, 50 },
	{ WIREPLUMBER, 80 },
	{ WIREPLUMBER, 20 },
	{ WIREPLUMBER, 30 },
	{ WIREPLUMBER, 40 },
	{ WIREPLUMBER, 60 },
	{ WIREPLUMBER, 70 },
	{ WIREPLUMBER, 90 },
	{ WIREPLUMBER, 100 },
	{ WIREPLUMBER, 120 },
};

/* One speaker needs long to let go of its stream: as long as bluetoothd waits, or as real ones do */
static const struct stall_plan slow_plan = { WIREPLUMBER, 150 };

static const struct slow {
	int speaker;
	double ms;
} slow[] = {
	{ 0, GIVEN_UP_MS },
	{ 1, 800.0 },
	{ 4, GIVEN_UP_MS },
};

static bool of_slow(const struct scene *sc)
{
	return strcmp(sc->type->name, "stall-slow-release") == 0;
}

static bool of_lengths(const struct scene *sc)
{
	return strcmp(sc->type->name, "stall-length") == 0;
}

static const struct stall_plan *find_plan(const struct scene *sc)
{
	uint64_t run = sc->seed - sc->options->seed;

	if (of_slow(sc))
		return &slow_plan;
	return of_lengths(sc) ? &lengths[run % G_N_ELEMENTS(lengths)] : &plans[run % G_N_ELEMENTS(plans)];
}

/*
 * Both kinds: those that play every sample at its place by the RTP time, and those that
 * count samples. A packet takes its time on the air, so what has piled up does not go
 * through at once, and for more than the controller and the socket hold there is no room.
 */
static int add_speakers(struct scene *sc)
{
	static const struct {
		const char *name, *model;
		double latency;
		uint32_t mtu;	/* with stall-length: sockets have room for more or less sound */
	} speakers[] = {
		{ "s1-fixed-50", "fixed", 50.0, 672 },
		{ "s2-fixed-220", "fixed", 220.0, 895 },
		{ "s3-rebuffer-50", "rebuffer", 50.0, 1005 },
		{ "s4-rebuffer-220", "rebuffer", 220.0, 672 },
		{ "s5-pi-150", "pi", 150.0, 895 },
	};
	int res = 0;

	for (int i = 0; i < (int)G_N_ELEMENTS(speakers) && i < sc->n_wanted && res == 0; i++)
		res = scene_add_speaker(sc, speakers[i].name, "{'model': <'%s'>, 'start': <'%s'>, "
				"'latency.msec': <%.1f>, 'report.msec': <%.1f>, 'service.msec': <4.0>, "
				"'queue.packets': <uint32 8>, 'mtu': <uint32 %u>}", speakers[i].model,
				sc->options->level ? "level" : "first",
				speakers[i].latency, speakers[i].latency,
				of_lengths(sc) ? speakers[i].mtu : 672);
	return res;
}

static int make_slow(struct scene *sc)
{
	const struct slow *s = &slow[(sc->seed - sc->options->seed) % G_N_ELEMENTS(slow)];

	sc->excused = sc->speakers[s->speaker % sc->n_speakers].name;
	return scene_set(sc, sc->excused, "{'release.msec': <%.0f>}", s->ms);
}

/* The graph waits for it in every cycle as for the Echo, but it is a process of its own. */
static int start_player(struct scene *sc, struct process **player)
{
	g_autofree char *props = g_strdup_printf("{ media.type = Audio, media.category = Playback, "
			"node.name = player, target.object = \"%s\" }", stack_sink(&sc->stack));
	const char *argv[] = { ROOM_BUILD_DIR "/tests/room/player", props, NULL };

	*player = stack_spawn(&sc->stack, "player", argv);
	return *player != NULL ? 0 : -EIO;
}

static int stop_all(struct scene *sc, unsigned victims, const struct process *player, bool stopped)
{
	const struct process *who[] = { &sc->stack.wireplumber, &sc->stack.pipewire, NULL, player };
	int res = 0;

	for (int i = 0; i < (int)G_N_ELEMENTS(who) && res == 0; i++)
		if (victims & (1u << i))
			res = scene_stop(sc, who[i], stopped);
	return res;
}

/* CLOCK_MONOTONIC stands while a machine sleeps. What goes on meanwhile is the devices: they
 * have played what they had, and looked for somebody else. */
static int fall_asleep(struct scene *sc)
{
	int res = scene_disconnect(sc, SCENE_ECHO);

	for (int i = 0; i < sc->n_speakers && res == 0; i++)
		res = scene_disconnect(sc, sc->speakers[i].name);
	if (sc->stack.clock.shm != NULL)
		clock_shm_sleep(sc->stack.clock.shm, (int64_t)(SLEEP_S * 1e9));
	return res;
}

static int wake_up(struct scene *sc)
{
	int res;

	if ((res = scene_pass(sc, AWAY_MS / 1000.0)) < 0 || (res = scene_connect_all(sc)) < 0 ||
	    (res = scene_connect(sc, SCENE_ECHO)) < 0)
		return res;
	return scene_echo(sc, SCENE_ECHO, true);
}

/* All that were stopped go on, whatever happened in between. */
static int stall_processes(struct scene *sc, const struct stall_plan *plan, const struct process *player)
{
	int res = stop_all(sc, plan->victims, player, true), ended;

	if (res == 0)
		res = plan->victims & MACHINE ? fall_asleep(sc) : scene_pass(sc, plan->ms / 1000.0);
	ended = stop_all(sc, plan->victims, player, false);
	return res < 0 ? res : ended < 0 ? ended : plan->victims & MACHINE ? wake_up(sc) : 0;
}

static int stall_echo(struct scene *sc, const struct stall_plan *plan)
{
	int res = scene_stall(sc, SCENE_ECHO, plan->ms);

	return res < 0 ? res : scene_pass(sc, plan->ms / 1000.0);
}

static int play_stall(struct scene *sc)
{
	const struct stall_plan *plan = find_plan(sc);
	struct process *player = NULL;
	int res;

	if ((res = add_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0 ||
	    (res = scene_connect_speakers(sc)) < 0 || (res = scene_start_echo(sc, sc->n_speakers)) < 0 ||
	    (of_slow(sc) && (res = make_slow(sc)) < 0) ||
	    ((plan->victims & PLAYER) && (res = start_player(sc, &player)) < 0) ||
	    (res = scene_pass(sc, BEFORE_S)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	res = plan->victims & SOURCE ? stall_echo(sc, plan) : stall_processes(sc, plan, player);
	return res < 0 ? res : scene_pass(sc, sc->seconds);
}

/* Of all speakers to one another, from some time on */
static double worst_spread(const struct measure *m, double from)
{
	double worst = NAN, half = m->options.window / 2.0, to = INFINITY;

	for (int i = 0; i < m->n_speakers; i++)
		to = fmin(to, (double)m->speakers[i].signal.last / MEASURE_RATE - SCENE_EDGE_S);
	for (int w = 0; w < m->n_windows; w++)
		if (m->window_time[w] - half >= from && m->window_time[w] + half <= to &&
		    m->heard[w] == m->n_speakers && !isnan(m->spread[w]))
			worst = fmax(worst, m->spread[w]);
	return worst;
}

static const char *case_of(const struct stall_plan *plan)
{
	switch (plan->victims) {
	case SOURCE: return "source_stopped_ms";
	case PLAYER: return "player_stopped_ms";
	case PIPEWIRE: return "pipewire_stopped_ms";
	case WIREPLUMBER: return "wireplumber_stopped_ms";
	case WIREPLUMBER | PIPEWIRE: return "both_stopped_ms";
	default: return "devices_away_after_sleep_ms";
	}
}

static void judge_stall(struct scene *sc, struct measure *m)
{
	const struct stall_plan *plan = find_plan(sc);
	double from = sc->mark_ns / 1e9, silence = 0.0;

	for (int i = 0; i < m->n_speakers; i++)
		if (g_strcmp0(m->speakers[i].signal.name, sc->excused) != 0)
			silence = fmax(silence, span_silence(&m->speakers[i].signal, from));
	scene_figure(sc, case_of(plan), plan->ms, NAN);
	scene_figure(sc, of_slow(sc) ? "skew_20s_after_ms" : "skew_10s_after_ms", worst_spread(m, from + plan->ms / 1000.0 +
			(of_slow(sc) ? SLOW_S : AFTER_S)), SKEW_MS);
	scene_figure(sc, "longest_silence_ms", silence,
			plan->ms + (plan->victims & MACHINE ? RETURN_MS : SILENCE_MS));
	/* That they are started anew; nobody else plays to any of them */
	if (of_slow(sc))
		scene_figure(sc, "log_ours", scene_log_lines(sc).ours, 1.0);
}

const struct scene_type scenes_stall[] = {
	{ .name = "stall", .text = "wireplumber, pipewire or the Echo stands still for 20 to 4000 ms",
	  .runs = G_N_ELEMENTS(plans), .speakers = 5, .seconds = AFTER_S + 4.0,
	  .brief_runs = 7, .brief_seconds = AFTER_S + 1.5,
	  .play = play_stall, .judge = judge_stall },
	{ .name = "stall-length", .text = "wireplumber stands still for 20 to 120 ms, sockets of three sizes",
	  .runs = G_N_ELEMENTS(lengths), .speakers = 5, .seconds = AFTER_S + 4.0,
	  .brief_runs = 2, .brief_seconds = AFTER_S + 1.5,
	  .play = play_stall, .judge = judge_stall },
	{ .name = "stall-slow-release", .text = "wireplumber stands still for 150 ms, and one speaker is slow to let go of its stream",
	  .runs = G_N_ELEMENTS(slow), .speakers = 5, .seconds = SLOW_S + 4.0,
	  .brief_runs = 1, .brief_seconds = SLOW_S + 1.5,
	  .play = play_stall, .judge = judge_stall },
	{ 0 },
};
