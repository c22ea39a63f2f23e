/* Scene relink: an output loses its speaker and gets it again */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "listen/measure-span.h"
#include "stage/scene.h"

/*
 * Somebody takes the links of one of three speakers away, as a hand in Helvum does, and makes them
 * again. The speaker is gone at once, which is what was asked for. It comes back in the middle
 * of the music: at its place, and faded in.
 */
#define AWAY_S		2.0	/* less than what WirePlumber suspends a speaker after */
#define BEGIN_S		0.005	/* of a fade of 30 ms: a twelfth of full scale */
#define BEGIN_DB	-12.0	/* below what follows; the codec blurs it by 3 ms */
#define SYNC_AFTER_S	1.0
#define SYNC_MS		0.025

static bool is_linked(struct stack *s, void *data)
{
	return graph_count_links(s->graph, data, false) > 0;
}

static bool is_unlinked(struct stack *s, void *data)
{
	return !is_linked(s, data);
}

/* The node.name of a speaker's sink, with a * for what PipeWire numbers; to be freed */
static char *sink_name(const struct scene_speaker *speaker)
{
	char *name = g_strdup_printf("bluez_output.%s*", speaker->address);

	return g_strdelimit(name, ":", '_');
}

/* Links into a node, taken away; what has to be done to have them again is in \a cut */
static int cut_links(struct graph *g, const char *sink, GArray *cut)
{
	const struct graph_node *n = graph_find(g, sink);
	struct graph_link *l;

	spa_list_for_each(l, &g->links, link) {
		if (n == NULL || l->in_node != n->id)
			continue;
		g_array_append_val(cut, *l);
		pw_registry_destroy(g->registry, l->id);
	}
	return cut->len > 0 ? 0 : -ENOENT;
}

static int make_link(struct graph *g, const struct graph_link *l)
{
	struct pw_properties *props = pw_properties_new(PW_KEY_OBJECT_LINGER, "true", NULL);
	struct pw_proxy *proxy;

	pw_properties_setf(props, PW_KEY_LINK_OUTPUT_NODE, "%u", l->out_node);
	pw_properties_setf(props, PW_KEY_LINK_OUTPUT_PORT, "%u", l->out_port);
	pw_properties_setf(props, PW_KEY_LINK_INPUT_NODE, "%u", l->in_node);
	pw_properties_setf(props, PW_KEY_LINK_INPUT_PORT, "%u", l->in_port);
	proxy = pw_core_create_object(g->core, "link-factory", PW_TYPE_INTERFACE_Link,
			PW_VERSION_LINK, &props->dict, 0);
	pw_properties_free(props);
	if (proxy == NULL)
		return -errno;
	pw_proxy_destroy(proxy);
	return 0;
}

/* Each run another one */
static int play_relink(struct scene *sc)
{
	const struct scene_speaker *speaker = &sc->speakers[sc->seed % 3];
	g_autoptr(GArray) cut = g_array_new(false, false, sizeof(struct graph_link));
	struct graph *g = sc->stack.graph;
	g_autofree char *sink = NULL;
	int res;

	if ((res = scene_play_all(sc, sc->seconds / 2.0)) < 0)
		return res;
	sc->excused = speaker->name;
	sink = sink_name(speaker);
	if ((res = cut_links(g, sink, cut)) < 0 ||
	    (res = stack_wait(&sc->stack, is_unlinked, sink, SCENE_PATIENCE_MS,
			      "the end of the links")) < 0 ||
	    (res = scene_pass(sc, AWAY_S)) < 0)
		return res;
	sc->mark_ns = stack_now(&sc->stack);
	for (guint i = 0; i < cut->len && res == 0; i++)
		res = make_link(g, &g_array_index(cut, struct graph_link, i));
	if (res < 0 || (res = stack_wait(&sc->stack, is_linked, sink, SCENE_PATIENCE_MS,
					 "new links")) < 0)
		return res;
	return scene_pass(sc, sc->seconds / 2.0);
}

/* When it is heard again, in samples; -1: never */
static int64_t find_return(const struct signal *s, int64_t from)
{
	for (size_t i = 0; i < s->n_silences; i++)
		if (s->silences[i].end >= from)
			return s->silences[i].end;
	return -1;
}

static double level_db(const struct signal *s, int64_t from, double seconds)
{
	int64_t n = (int64_t)(seconds * MEASURE_RATE);

	return 10.0 * log10(signal_energy(s, from, from + n) / n);
}

static void judge_relink(struct scene *sc, struct measure *m)
{
	int i = span_find_speaker(m, sc->excused);
	const struct measure_speaker *s = &m->speakers[i];
	int64_t back;
	double t;

	if (i < 0)
		return;
	back = find_return(&s->signal, sc->mark_ns * MEASURE_RATE / SPA_NSEC_PER_SEC);
	if (back < 0) {
		scene_fault(sc, "%s was not away", sc->excused);
		return;
	}
	t = (double)back / MEASURE_RATE;
	scene_figure(sc, "back_after_ms", t * 1000.0 - sc->mark_ns / 1e6, NAN);
	scene_figure(sc, "begins_with_db", level_db(&s->signal, back, BEGIN_S) -
			level_db(&s->signal, back + MEASURE_RATE / 10, 0.5), BEGIN_DB);
	scene_figure(sc, "skew_after_ms", span_spread(m, t + SYNC_AFTER_S,
			(double)s->signal.last / MEASURE_RATE - SCENE_EDGE_S), SYNC_MS);
}

const struct scene_type scenes_relink[] = {
	{ .name = "relink", .text = "the links of a speaker are taken away and made again while all play",
	  .runs = 3, .speakers = 3, .seconds = 10.0, .brief_runs = 1,
	  .bounds = { .median = 0.3, .worst = 1.0, .whole = true },
	  .no_peer = true, .play = play_relink, .judge = judge_relink },
	{ 0 },
};
