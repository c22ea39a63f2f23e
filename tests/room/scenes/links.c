/* Scene links: nobody else's sound moves */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stage/scene.h"
#include "stage/stack-files.h"

/*
 * Another program plays all the while. What it is linked to, and which sink is
 * the default, is looked at in each phase of the Bluetooth devices' coming and
 * going: with our package, and on the stock system.
 */
#define SETTLE_S	1.0	/* what is not to happen has no event to wait for */

enum phase { ALONE, SPEAKERS, ECHO, PAUSED, N_PHASES };
static const char *const phase_names[] = { "alone", "speakers connected", "Echo plays", "Echo gone" };

struct snapshot {
	char *default_sink, *links;
};

/* What is expected of our package in each phase. Which of two equal speakers the stock
 * system chooses is chance, so what is compared with it has one. */
enum expect {
	AS_STOCK,	/**< as the stock system does in that phase */
	AS_ALONE,	/**< nothing moves when Bluetooth devices come */
	AS_CONNECTED,	/**< as stock until the Echo comes, then nothing moves */
};
static const char *const expect_names[] = { "as stock", "as alone", "the Echo moves nothing" };

static const struct variant {
	const char *name;
	bool analogue;
	const char *configured;
	int speakers;
	bool echo_first;	/**< an Echo is connected before the speakers */
	enum phase player;	/**< in which the other program starts: it ends where no sink is */
	enum expect expect;
} variants[] = {
	{ "a sound card, nothing configured", true, NULL, 2, true, ALONE, AS_ALONE },
	{ "the same, the first Echo ever after a speaker", true, NULL, 1, false, ALONE, AS_CONNECTED },
	{ "a sound card, configured", true, ANALOGUE_SINK, 2, false, ALONE, AS_ALONE },
	{ "a sound card, a speaker configured", true, "bluez_output.AA_BB_CC_00_00_01.1", 1,
	  true, ALONE, AS_STOCK },
	{ "a speaker only", false, NULL, 1, false, SPEAKERS, AS_STOCK },
	{ "no sink but ours", false, NULL, 0, false, ECHO, AS_STOCK },
};

/* Not what comes from the Echo, from us, or goes to a monitor */
static bool is_other(const struct graph_node *out, const struct graph_node *in)
{
	const char *name = graph_node_get(out, PW_KEY_NODE_NAME);

	return name != NULL && g_str_equal(name, "pw-play");
}

static int look(struct scene *sc, const struct variant *v, enum phase phase, struct snapshot *s)
{
	int res = 0;

	/* no target: it goes where any program's sound goes */
	if (phase == v->player)
		res = scene_play_noise(sc, "");
	if (res < 0 || (res = scene_pass(sc, SETTLE_S)) < 0)
		return res;
	s += phase;
	s->default_sink = g_strdup(sc->stack.graph->default_sink ? sc->stack.graph->default_sink : "none");
	s->links = graph_describe_links(sc->stack.graph, is_other);
	return 0;
}

static bool echo_is_gone(struct stack *s, void *data)
{
	return graph_find(s->graph, "bluez_input.*") == NULL;
}

static bool echo_is_there(struct stack *s, void *data)
{
	return graph_find(s->graph, "bluez_input.*") != NULL;
}

static bool echo_is_known(struct stack *s, void *data)
{
	return stack_find_event(s, SCENE_ECHO, "configured", 0) != NULL;
}

static int connect_echo(struct scene *sc)
{
	int res;

	if ((res = scene_add_usual_echo(sc)) < 0 || (res = scene_connect(sc, SCENE_ECHO)) < 0 ||
	    (res = stack_wait(&sc->stack, echo_is_known, NULL, SCENE_PATIENCE_MS, "the Echo")) < 0)
		return res;
	return scene_pass(sc, SETTLE_S);
}

static int go_through(struct scene *sc, const struct variant *v, struct snapshot *phases)
{
	int res;

	if ((res = look(sc, v, ALONE, phases)) < 0 ||
	    (v->echo_first && (res = connect_echo(sc)) < 0))
		return res;
	for (int i = 0; i < v->speakers && res == 0; i++) {
		char name[16];
		snprintf(name, sizeof(name), "s%d", i + 1);
		res = scene_add_fixed(sc, name, 100.0 + 50.0 * i);
	}
	if (res < 0 || (res = scene_connect_speakers(sc)) < 0 ||
	    (res = look(sc, v, SPEAKERS, phases)) < 0 ||
	    (!v->echo_first && (res = connect_echo(sc)) < 0) ||
	    (res = scene_echo(sc, SCENE_ECHO, true)) < 0 ||
	    (res = stack_wait(&sc->stack, echo_is_there, NULL, SCENE_PATIENCE_MS, "stream of the Echo")) < 0)
		return res;
	if (sc->stack.options.system == STACK_POLICY && v->speakers > 0 &&
	    (res = scene_await_playing(sc, v->speakers, 0)) < 0)
		return res;
	if ((res = look(sc, v, ECHO, phases)) < 0 ||
	    (res = scene_echo(sc, SCENE_ECHO, false)) < 0 ||
	    (res = stack_wait(&sc->stack, echo_is_gone, NULL, SCENE_PATIENCE_MS, "end of the Echo's stream")) < 0)
		return res;
	return look(sc, v, PAUSED, phases);
}

static int run_variant(const struct scene_type *type, const struct scene_options *o, int number,
		       enum stack_system system, struct snapshot *phases)
{
	const struct variant *v = &variants[number];
	struct stack_options so = {
		.system = system, .analogue = v->analogue, .configured = v->configured,
		.own_clock = o->own_clock, .seed = o->seed,
	};
	g_autofree char *label = g_strdup_printf("links-%d-%s", number + 1,
			system == STACK_POLICY ? "policy" : "stock");
	struct scene sc;
	int res = scene_open(&sc, type, o, &so, label);

	if (res == 0)
		res = go_through(&sc, v, phases);
	if (res < 0 && res != -EINTR)
		stack_print_logs(&sc.stack);
	scene_close(&sc);
	return res;
}

static bool same(const struct snapshot *a, const struct snapshot *b)
{
	return g_strcmp0(a->default_sink, b->default_sink) == 0 && g_strcmp0(a->links, b->links) == 0;
}

static void clear(struct snapshot *phases)
{
	for (int p = 0; p < N_PHASES; p++) {
		g_free(phases[p].default_sink);
		g_free(phases[p].links);
		phases[p] = (struct snapshot) { 0 };
	}
}

static void json_phases(struct json *j, const char *key, const struct snapshot *phases)
{
	json_begin(j, key, '{');
	for (int p = 0; p < N_PHASES; p++) {
		json_begin(j, phase_names[p], '{');
		json_string(j, "default_sink", phases[p].default_sink);
		json_string(j, "links", phases[p].links);
		json_end(j, '}');
	}
	json_end(j, '}');
}

static void tell(const struct snapshot *stock, const struct snapshot *own, const bool *good)
{
	for (int p = 0; p < N_PHASES; p++) {
		g_autofree char *links = g_strdelimit(g_strdup(own[p].links), "\n", ';');
		printf("  %-18s stock: %s; ours: %s%s\n", phase_names[p], stock[p].default_sink,
			own[p].default_sink, good[p] ? "" : ": NOT OK");
		printf("  %-18s ours: %s\n", "", links[0] ? links : "no links");
		if (!same(&stock[p], &own[p])) {
			g_autofree char *text = g_strdelimit(g_strdup(stock[p].links), "\n", ';');
			printf("  %-18s stock: %s\n", "", text[0] ? text : "no links");
		}
	}
}

static const struct snapshot *expected(enum expect expect, enum phase phase,
				       const struct snapshot *own, const struct snapshot *stock)
{
	switch (expect) {
	case AS_ALONE: return &own[ALONE];
	case AS_CONNECTED: return phase > SPEAKERS ? &own[SPEAKERS] : &stock[phase];
	default: return &stock[phase];
	}
}

/* 0 well, 1 not, negative could not run */
static int compare_variant(const struct scene_type *type, const struct scene_options *o,
			   int number, struct json *j)
{
	struct snapshot stock[N_PHASES] = { 0 }, own[N_PHASES] = { 0 };
	const struct variant *v = &variants[number];
	bool good[N_PHASES], all = true;
	int res = run_variant(type, o, number, STACK_STOCK, stock);

	if (res == 0)
		res = run_variant(type, o, number, STACK_POLICY, own);
	for (int p = 0; p < N_PHASES && res == 0; p++) {
		good[p] = same(&own[p], expected(v->expect, p, own, stock));
		all &= good[p];
	}
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "variant", v->name);
		json_string(j, "expected", expect_names[v->expect]);
		json_phases(j, "stock", stock);
		json_phases(j, "policy", own);
		json_bool(j, "ok", res == 0 && all);
		json_end(j, '}');
	} else {
		printf("%s: %s\n", v->name, res < 0 ? "failed" : all ? "ok" : "NOT OK");
		if (res == 0)
			tell(stock, own, good);
	}
	clear(stock);
	clear(own);
	return res < 0 ? res : !all;
}

static int run_links(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	int worst = 0;

	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
		json_begin(j, "variants", '[');
	}
	for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
		int res = compare_variant(type, o, (int)i, j);

		fflush(stdout);
		if (res == -EINTR)
			return 2;
		worst = res < 0 ? 2 : res > worst ? res : worst;
	}
	if (o->json) {
		json_end(j, ']');
		json_bool(j, "ok", worst == 0);
		json_end(j, '}');
	} else {
		printf("verdict: %s\n", scene_verdict_names[worst]);
	}
	return worst;
}

const struct scene_type scenes_links[] = {
	{ .name = "links", .text = "nobody else's stream moves, and the default sink stays",
	  .seconds = 60.0, .whole = run_links,
	  .real = "WirePlumber's own timers decide when it links what" },
	{ 0 },
};
