/* Scenes in which a daemon is restarted while music plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "stage/logs.h"
#include "stage/scene.h"

/*
 * Nobody touches anything: the music is to be back in all speakers, together. systemd starts the
 * daemons again, speakers and Echos connect by themselves to a bluetoothd that is back, and
 * the Echo goes on. Each run another daemon. A daemon that is told to end says farewell, one that
 * crashes does not: every other turn.
 */
#define BACK_BOUND_MS	5000.0	/* from the last device being back to the last speaker's sound */
#define SYNC_BOUND_MS	0.5
#define SYNC_AFTER_S	3.0

/* Where there is no policy the user says where the Echo goes, and that it goes nowhere else:
 * a speaker that it has started while our sink was away would keep the phase of that. */
#define ECHO_TO_SINK \
	"monitor.bluez.rules = [ {\n" \
	"  matches = [ { node.name = \"~bluez_input.*\" } ]\n" \
	"  actions = { update-props = {\n" \
	"    target.object = \"bluez_combine.default\"\n" \
	"    node.dont-fallback = true node.linger = true\n" \
	"  } }\n" \
	"} ]\n"

static const char *const daemon_names[] = { "pipewire", "wireplumber", "bluetoothd" };

static enum stack_daemon choose(const struct scene *sc)
{
	/* pw-cli ends with the daemon that it is connected to */
	if (sc->stack.options.system == STACK_CLI)
		return sc->seed % 2 ? STACK_WIREPLUMBER : STACK_BLUETOOTHD;
	return (enum stack_daemon)((sc->seed + 2) % 3);
}

static bool are_configured(struct stack *s, void *data)
{
	const struct scene *sc = data;

	for (int i = 0; i < sc->n_speakers; i++)
		if (stack_find_event(s, sc->speakers[i].name, "configured", sc->mark_ns) == NULL)
			return false;
	return stack_find_event(s, SCENE_ECHO, "configured", sc->mark_ns) != NULL;
}

static int come_back(struct scene *sc, enum stack_daemon daemon)
{
	int res = 0;

	if (daemon == STACK_BLUETOOTHD && (res = scene_connect_all(sc)) == 0 &&
	    (res = scene_connect(sc, SCENE_ECHO)) == 0)
		res = scene_echo(sc, SCENE_ECHO, true);
	if (res < 0 || (res = stack_wait(&sc->stack, are_configured, sc, SCENE_PATIENCE_MS,
			"all devices to be back")) < 0)
		return res;
	return scene_await_playing(sc, sc->n_speakers, sc->mark_ns);
}

static int play_restart(struct scene *sc)
{
	enum stack_daemon daemon = choose(sc);
	int signal_number = (sc->seed - 1) / 3 % 2 ? SIGKILL : SIGTERM, res;

	if (!sc->options->json)
		printf("%s is restarted\n", daemon_names[daemon]);
	if ((res = scene_play_echo(sc)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if ((res = stack_restart(&sc->stack, daemon, signal_number)) < 0 ||
	    (res = come_back(sc, daemon)) < 0)
		return res;
	return scene_pass(sc, SYNC_AFTER_S + sc->seconds);
}

/* s: when it was heard again; NAN: never */
static double back_at(const struct signal *s, double from)
{
	for (size_t k = 0; k < s->n_silences; k++)
		if ((double)s->silences[k].begin / MEASURE_RATE < from + 1.0 &&
		    (double)s->silences[k].end / MEASURE_RATE > from)
			return (double)s->silences[k].end / MEASURE_RATE;
	return NAN;
}

static int64_t devices_back(const struct scene *sc)
{
	const struct stack_event *e = stack_find_event(&sc->stack, NULL, "configured", sc->mark_ns);

	return e ? e->t_ns : sc->mark_ns;
}

static void judge_restart(struct scene *sc, struct measure *m)
{
	double from = sc->mark_ns / 1e9, last = from, worst = 0.0;

	for (int i = 0; i < m->n_speakers; i++) {
		double back = back_at(&m->speakers[i].signal, from);

		if (isnan(back))
			scene_fault(sc, "%s was not interrupted, or is silent since", m->speakers[i].signal.name);
		else
			last = fmax(last, back);
	}
	for (int i = 0; i < m->n_speakers; i++)
		/* the first one's is 0: it is the reference */
		worst = fmax(worst, scene_worst_skew(m, i, last + SYNC_AFTER_S));
	scene_figure(sc, "silent_ms", (last - from) * 1000.0, NAN);
	scene_figure(sc, "back_ms", (last - devices_back(sc) / 1e9) * 1000.0, BACK_BOUND_MS);
	scene_figure(sc, "back_skew_ms", worst, SYNC_BOUND_MS);
	scene_figure_logs(sc, 4, 2);
}

#define RESTART	.speakers = 3, .seconds = 6.0, .brief_seconds = 3.0, \
	.bounds = { .median = 0.3 }, .play = play_restart, .judge = judge_restart

const struct scene_type scenes_restart[] = {
	{ .name = "restart", .text = "pipewire, wireplumber, bluetoothd restart: the music comes back by itself",
	  .runs = 6, .brief_runs = 3, RESTART },
	{ .name = "restart-module", .text = "the same with the module in the daemon, without the policy",
	  .runs = 6, .brief_runs = 3, .no_peer = true, RESTART,
	  .stack = { .system = STACK_MODULE, .wireplumber_conf = ECHO_TO_SINK }, .fixed_system = true },
	{ .name = "restart-own", .text = "the same with the module in a process of its own (pipewire -c)",
	  .runs = 6, .brief_runs = 3, .no_peer = true, RESTART,
	  .stack = { .system = STACK_OWN, .wireplumber_conf = ECHO_TO_SINK }, .fixed_system = true },
	{ .name = "restart-cli", .text = "the same with the module in pw-cli, but for pipewire: pw-cli ends with it",
	  .runs = 4, .brief_runs = 2, .no_peer = true, RESTART,
	  .stack = { .system = STACK_CLI, .wireplumber_conf = ECHO_TO_SINK }, .fixed_system = true },
	{ 0 },
};
