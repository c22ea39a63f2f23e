/* Scene drivers: others who want another quantum, another rate, or to drive */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/scene.h"
#include "stage/stack-files.h"

#define BEFORE_S	2.0
#define SETTLE_S	1.0	/* what a change itself costs is over by then, and told */
#define SKEW_MS		0.5
#define QUANTUM		1024.0	/* what the group asks for */
#define RATE		48000.0

/* What somebody forces upon all costs a silence: each sink lets go of its speaker, and what was on the way is lost */
#define SILENCE_MS	450.0

enum driver_kind {
	CARD,			/**< an application plays to a sound card, and another one to that and to us */
	SPEAKER,		/**< an application plays to one of the speakers before the music begins */
	PACKETS,		/**< a speaker has longer packets than a cycle, and all pause once */
	CLIENT,			/**< that plays to the sink forces something from its start */
	CLIENT_LATER,		/**< or when it already plays */
	SETTING,		/**< of the whole daemon, which nobody can refuse */
};

/* Each run another one. */
static const struct driver_plan {
	const char *name;
	enum driver_kind kind;
	const char *what;		/**< properties of the client, or the name of the setting */
	const char *value;		/**< of the setting */
	double quantum, rate;		/**< what the graph then runs with, 0: what the group wants */
} plans[] = {
	{ "case_card_of_another", CARD, "", NULL, 0.0, 0.0 },
	{ "case_speaker_of_another", SPEAKER, "", NULL, 0.0, 0.0 },
	{ "case_longer_packets", PACKETS, NULL, NULL, 0.0, 0.0 },
	{ "case_client_forces_small_quantum", CLIENT, ", node.force-quantum = 256", NULL, 0.0, 0.0 },
	{ "case_client_forces_large_quantum", CLIENT, ", node.force-quantum = 4096", NULL, 0.0, 0.0 },
	{ "case_client_forces_rate", CLIENT, ", node.force-rate = 44100", NULL, 0.0, 0.0 },
	{ "case_client_forces_quantum_later", CLIENT_LATER, ", player.quantum = 256", NULL, 0.0, 0.0 },
	{ "case_setting_forces_small_quantum", SETTING, "clock.force-quantum", "256", 256.0, 0.0 },
	{ "case_setting_forces_large_quantum", SETTING, "clock.force-quantum", "4096", 4096.0, 0.0 },
	{ "case_setting_forces_rate", SETTING, "clock.force-rate", "44100", 0.0, 44100.0 },
};

#define PLANS	((int)G_N_ELEMENTS(plans))

/* s since the epoch */
static double changed, ended;
static double quantum_before, quantum_after;

static const struct driver_plan *find_plan(const struct scene *sc)
{
	return &plans[(sc->seed - sc->options->seed) % G_N_ELEMENTS(plans)];
}

static bool ours(const struct scene *sc)
{
	return sc->stack.options.system != STACK_PEER;
}

static double status(const struct scene *sc, const char *field)
{
	return graph_combine_number(sc->stack.graph, "status", field);
}

/* A client for which the graph waits in every cycle */
static struct process *start_player(struct scene *sc, const char *name, const char *target, const char *more)
{
	g_autofree char *props = g_strdup_printf("{ media.type = Audio, media.category = Playback, "
			"node.name = \"%s\", target.object = \"%s\" %s }", name, target, more);
	const char *argv[] = { ROOM_BUILD_DIR "/tests/room/player", props, NULL };

	return stack_spawn(&sc->stack, name, argv);
}

static bool has_ended(struct stack *s, void *data)
{
	return process_ended(data);
}

/* A program that is to do something and to end */
static int run(struct scene *sc, const char *const *argv)
{
	struct process *p = stack_spawn(&sc->stack, argv[0], argv);

	return p == NULL ? -EIO : stack_wait(&sc->stack, has_ended, p, SCENE_PATIENCE_MS, argv[0]);
}

static int set(struct scene *sc, const char *key, const char *value)
{
	const char *argv[] = { "pw-metadata", "-n", "settings", "0", key, value, NULL };

	return run(sc, argv);
}

static int link_to(struct scene *sc, const char *out, const char *in)
{
	static const char *const channels[] = { "FL", "FR" };
	int res = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(channels) && res == 0; i++) {
		g_autofree char *from = g_strdup_printf("%s:output_%s", out, channels[i]);
		g_autofree char *to = g_strdup_printf("%s:playback_%s", in, channels[i]);
		const char *argv[] = { "pw-link", from, to, NULL };

		res = run(sc, argv);
	}
	return res;
}

static bool is_linked(struct stack *s, void *data)
{
	return graph_count_links(s->graph, data, true) >= 2;
}

static int begin(struct scene *sc, const struct driver_plan *plan, struct process **p)
{
	const char *sink = stack_sink(&sc->stack);
	bool card = plan->kind == CARD;
	char *name = card ? "both" : "player";
	int res;

	if (plan->kind == SETTING)
		return set(sc, plan->what, plan->value);
	if ((*p = start_player(sc, name, card ? ANALOGUE_SINK : sink, plan->what)) == NULL)
		return -EIO;
	if ((res = stack_wait(&sc->stack, is_linked, name, SCENE_PATIENCE_MS, "links of the client")) < 0)
		return res;
	if (plan->kind == CLIENT_LATER) {
		if ((res = scene_pass(sc, 1.0)) < 0)
			return res;
		process_signal(*p, SIGUSR1);
	}
	return card ? link_to(sc, name, sink) : 0;
}

static int end(struct scene *sc, const struct driver_plan *plan, struct process *p)
{
	if (plan->kind == SETTING)
		return set(sc, plan->what, "0");
	process_signal(p, SIGTERM);
	return stack_wait(&sc->stack, has_ended, p, SCENE_PATIENCE_MS, "the client to end");
}

/* What runs, and what the group wants if that is something else; 0: it is not */
static void check_status(struct scene *sc, const char *field, double forced, double own)
{
	g_autofree char *field_wanted = g_strconcat(field, ".wanted", NULL);
	double is = status(sc, field), wanted = status(sc, field_wanted);

	if (!ours(sc))
		return;
	if (!(is == (forced > 0.0 ? forced : own)))
		scene_fault(sc, "the status says %s %g", field, is);
	if (forced > 0.0 && !(wanted == own))
		scene_fault(sc, "the status says %s %g and not %g", field_wanted, wanted, own);
	if (!(forced > 0.0) && !isnan(wanted))
		scene_fault(sc, "the status says %s though nothing is forced", field_wanted);
}

static int play_forced(struct scene *sc, const struct driver_plan *plan)
{
	struct process *p = NULL;
	int res;

	if ((res = begin(sc, plan, &p)) < 0)
		return res;
	changed = stack_now(&sc->stack) / 1e9;
	if ((res = scene_pass(sc, sc->seconds / 2.0)) < 0)
		return res;
	check_status(sc, "quantum", plan->quantum, QUANTUM);
	check_status(sc, "rate", plan->rate, RATE);
	if ((res = end(sc, plan, p)) < 0)
		return res;
	ended = stack_now(&sc->stack) / 1e9;
	if ((res = scene_pass(sc, sc->seconds / 2.0)) < 0)
		return res;
	check_status(sc, "quantum", 0.0, QUANTUM);
	check_status(sc, "rate", 0.0, RATE);
	return 0;
}

/* Nobody knows how long a packet is before one has been sent; so it is the next start that fits */
static int play_packets(struct scene *sc)
{
	int res;

	changed = sc->mark_ns / 1e9;
	quantum_before = status(sc, "quantum");
	if ((res = scene_pass(sc, sc->seconds / 2.0)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, false)) < 0)
		return res;
	ended = stack_now(&sc->stack) / 1e9;
	if ((res = scene_pass(sc, 2.0)) < 0 || (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = scene_pass(sc, sc->seconds / 2.0)) < 0)
		return res;
	quantum_after = status(sc, "quantum");
	return 0;
}

/* It is driven by itself then, and sends its packets when it pleases */
static int play_speaker(struct scene *sc, struct process **p)
{
	g_autofree char *sink = g_strdup_printf("bluez_output.%s.1", sc->speakers[0].address);
	int res;

	g_strdelimit(sink, ":", '_');
	if ((*p = start_player(sc, "player", sink, "")) == NULL)
		return -EIO;
	if ((res = stack_wait(&sc->stack, is_linked, "player", SCENE_PATIENCE_MS, "links of the client")) < 0)
		return res;
	/* Not a whole number of cycles of anybody */
	return scene_pass(sc, BEFORE_S + 0.0077);
}

static int play_shared(struct scene *sc, const struct driver_plan *plan, struct process *p)
{
	int res;

	changed = sc->mark_ns / 1e9;
	if ((res = scene_pass(sc, sc->seconds / 2.0)) < 0 || (res = end(sc, plan, p)) < 0)
		return res;
	ended = stack_now(&sc->stack) / 1e9;
	return scene_pass(sc, sc->seconds / 2.0);
}

static int play_drivers(struct scene *sc)
{
	const struct driver_plan *plan = find_plan(sc);
	struct process *p = NULL;
	int res;

	if ((res = scene_add_fixed_speakers(sc)) < 0 || (res = scene_add_usual_echo(sc)) < 0 ||
	    (plan->kind == PACKETS && (res = scene_add_speaker(sc, "s4-long", "{'latency.msec': <100.0>, "
			"'report.msec': <100.0>, 'start': <'first'>, 'mtu': <uint16 1005>, "
			"'rates': <'44100'>}")) < 0) ||
	    (res = scene_connect_speakers(sc)) < 0)
		return res;
	if (plan->kind == CARD) {
		if (start_player(sc, "application", ANALOGUE_SINK, ", node.latency = 256/48000") == NULL)
			return -EIO;
		if ((res = scene_pass(sc, BEFORE_S)) < 0)
			return res;
	}
	if (plan->kind == SPEAKER && (res = play_speaker(sc, &p)) < 0)
		return res;
	/* The one that is played to already begins to play nothing anew */
	if ((res = scene_start_echo(sc, sc->n_speakers - (plan->kind == SPEAKER))) < 0 ||
	    (res = scene_pass(sc, BEFORE_S)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	if (plan->kind == SPEAKER)
		return play_shared(sc, plan, p);
	return plan->kind == PACKETS ? play_packets(sc) : play_forced(sc, plan);
}

struct cycle {
	double samples;
	char driver[64];
};

/* What a player had at a time, s since the epoch */
static struct cycle find_cycle(const struct scene *sc, const char *player, double t)
{
	g_autofree char *log = g_strdup_printf("%s.log", player);
	g_autofree char *path = g_build_filename(sc->stack.out, log, NULL), *text = NULL;
	struct cycle c = { .samples = NAN };
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return c;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l != NULL; l++) {
		uint64_t nsec;
		uint32_t samples;
		char driver[64];

		if (sscanf(*l, "cycle %" SCNu64 " %u %*u %63s", &nsec, &samples, driver) != 3 ||
		    ((int64_t)nsec - sc->stack.epoch_ns) / 1e9 > t)
			continue;
		c.samples = samples;
		memcpy(c.driver, driver, sizeof(driver));
	}
	return c;
}

static void judge_card(struct scene *sc)
{
	double playing = sc->mark_ns / 1e9, edge = 0.1;
	struct cycle before = find_cycle(sc, "application", playing - BEFORE_S - 2.0);
	struct cycle group = find_cycle(sc, "application", changed - edge);
	struct cycle both = find_cycle(sc, "application", ended - edge);
	struct cycle after = find_cycle(sc, "application", INFINITY);
	struct cycle other = find_cycle(sc, "both", ended - edge);

	scene_figure(sc, "application_alone_samples", before.samples, NAN);
	scene_figure(sc, "application_while_group_plays_samples", group.samples, before.samples);
	scene_figure(sc, "application_joined_to_group_samples", both.samples, NAN);
	scene_figure(sc, "application_afterwards_samples", after.samples, before.samples);
	if (!ours(sc))
		return;
	if (strcmp(other.driver, stack_sink(&sc->stack)) != 0)
		scene_fault(sc, "who plays to both is driven by %s", other.driver);
	if (!(other.samples == QUANTUM))
		scene_fault(sc, "and in cycles of %g samples", other.samples);
}

static void judge_drivers(struct scene *sc, struct measure *m)
{
	const struct driver_plan *plan = find_plan(sc);
	bool packets = plan->kind == PACKETS, lasts = plan->kind == SETTING || plan->kind == CLIENT_LATER;
	int steps = 0, gaps = 0;
	double largest = 0.0, end_s = INFINITY;

	for (int i = 0; i < m->n_speakers; i++) {
		struct span_events e = span_events(&m->speakers[i], sc->mark_ns / 1e9, INFINITY);

		steps += e.repeats + e.skips;
		gaps += e.gaps + e.absences;
		largest = fmax(largest, fmax(isnan(e.largest_gap) ? 0.0 : e.largest_gap,
				isnan(e.largest_step) ? 0.0 : e.largest_step));
		end_s = fmin(end_s, (double)m->speakers[i].signal.last / MEASURE_RATE - SCENE_EDGE_S);
	}
	scene_figure(sc, plan->name, (double)(plan - plans), NAN);
	scene_figure(sc, "skew_while_ms", span_spread(m, changed + SETTLE_S, ended), SKEW_MS);
	scene_figure(sc, "skew_after_ms", span_spread(m, ended + SETTLE_S + (packets ? 2.0 : 0.0), end_s), SKEW_MS);
	/* A pause, or what can't be refused, is heard, but not for long */
	scene_figure(sc, "gaps_of_changes", gaps, packets || lasts ? NAN : 0.0);
	scene_figure(sc, "steps_of_changes", steps, packets || lasts ? NAN : 0.0);
	scene_figure(sc, "largest_of_those_ms", largest, packets ? NAN : lasts ? SILENCE_MS : 0.0);
	if (plan->kind == CARD)
		judge_card(sc);
	if (packets && ours(sc)) {
		scene_figure(sc, "quantum_before_samples", quantum_before, NAN);
		if (!(quantum_after == 2.0 * QUANTUM))
			scene_fault(sc, "the next start has a quantum of %g", quantum_after);
	}
}

const struct scene_type scenes_drivers[] = {
	{ .name = "drivers", .text = "other clients force a quantum or a rate, or join a sound card to the group",
	  .runs = PLANS, .speakers = 3, .seconds = 12.0,
	  .brief_runs = PLANS, .brief_seconds = 4.0,
	  .stack = { .analogue = true }, .play = play_drivers, .judge = judge_drivers },
	{ 0 },
};
