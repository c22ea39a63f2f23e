/* Scene policy: what WirePlumber does with whom, rule by rule */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenes/policy.h"
#include "stage/stack-files.h"

#define PATIENCE_MS	8000	/* for what has to come */
#define SETTLE_MS	300	/* and what has come has to stay, for so long at least */

void tale_expect(struct tale *t, const char *rule, bool (*holds)(struct stack *s, void *data), void *data)
{
	struct stack *s = &t->scene.stack;
	bool ok;
	int res;

	if (t->res < 0)
		return;
	res = stack_wait(s, holds, data, PATIENCE_MS, rule);
	if (res == 0)
		res = stack_pass(s, SETTLE_MS);
	ok = res == 0 && holds(s, data);
	if (res < 0 && res != -ETIMEDOUT)
		t->res = res;
	t->rules++;
	t->broken += !ok;
	if (t->options->json) {
		json_begin(t->json, NULL, '{');
		json_string(t->json, "rule", rule);
		json_bool(t->json, "ok", ok);
		json_end(t->json, '}');
	} else {
		printf("  %-6s %s\n", ok ? "ok" : "NOT OK", rule);
	}
	if (!ok) {
		g_autofree char *links = graph_describe_links(s->graph, NULL);
		fprintf(stderr, "default %s, links:\n%s\n", s->graph->default_sink ?
			s->graph->default_sink : "none", links);
	}
}

struct link_want {
	const char *out, *in, *not_in;
};

static bool is_linked(struct stack *s, void *data)
{
	const struct link_want *w = data;

	return (w->in == NULL || graph_linked(s->graph, w->out, w->in)) &&
		(w->not_in == NULL || !graph_linked(s->graph, w->out, w->not_in));
}

void tale_linked(struct tale *t, const char *rule, const char *out, const char *in, const char *not_in)
{
	struct link_want w = { out, in, not_in };

	tale_expect(t, rule, is_linked, &w);
}

static bool is_default(struct stack *s, void *data)
{
	return g_strcmp0(s->graph->default_sink, data) == 0;
}

void tale_default(struct tale *t, const char *rule, const char *name)
{
	tale_expect(t, rule, is_default, (void *)name);
}

static bool is_there(struct stack *s, void *data)
{
	return graph_find(s->graph, data) != NULL;
}

static bool is_not_there(struct stack *s, void *data)
{
	return graph_find(s->graph, data) == NULL;
}

void tale_there(struct tale *t, const char *rule, const char *name, bool there)
{
	tale_expect(t, rule, there ? is_there : is_not_there, (void *)name);
}

void tale_await(struct tale *t, const char *name, bool there)
{
	if (t->res == 0)
		t->res = stack_wait(&t->scene.stack, there ? is_there : is_not_there, (void *)name,
				PATIENCE_MS, name);
}

void tale_pass(struct tale *t, double seconds)
{
	if (t->res == 0)
		t->res = scene_pass(&t->scene, seconds);
}

static bool has_ended(struct stack *s, void *data)
{
	return process_ended(data);
}

void tale_run_program(struct tale *t, const char *const *argv)
{
	struct process *p;

	if (t->res < 0)
		return;
	if ((p = stack_spawn(&t->scene.stack, argv[0], argv)) == NULL)
		t->res = -EIO;
	else
		t->res = stack_wait(&t->scene.stack, has_ended, p, PATIENCE_MS, argv[0]);
}

void tale_set(struct tale *t, const char *setting, const char *value)
{
	g_autofree char *key = g_strdup_printf("bluez-combine.%s", setting);
	const char *argv[] = { "wpctl", "settings", key, value, NULL };

	tale_run_program(t, argv);
}

void tale_member(struct tale *t, int speaker, const char *json)
{
	g_autofree char *key = g_strdup_printf("member.%s", t->scene.speakers[speaker].address);

	graph_set_metadata(t->scene.stack.graph, true, 0, key, json ? "Spa:String:JSON" : NULL, json);
}

void tale_move(struct tale *t, const char *stream, const char *target)
{
	struct graph *g = t->scene.stack.graph;
	struct graph_node *n = graph_find(g, stream), *to = NULL;

	if (t->res < 0)
		return;
	if (target != NULL && target[0] != '-')
		to = graph_find(g, target);
	if (n == NULL || (to == NULL && target != NULL && target[0] != '-')) {
		fprintf(stderr, "room: no node %s or no node %s\n", stream, target);
		t->res = -ENOENT;
		return;
	}
	/* as pavucontrol does */
	graph_set_metadata(g, false, n->id, "target.object", target ? "Spa:Id" : NULL,
			to ? graph_node_get(to, PW_KEY_OBJECT_SERIAL) : target);
}

void tale_configure(struct tale *t, const char *sink)
{
	g_autofree char *json = sink ? g_strdup_printf("{ \"name\": \"%s\" }", sink) : NULL;

	graph_set_metadata(t->scene.stack.graph, false, 0, "default.configured.audio.sink",
			json ? "Spa:String:JSON" : NULL, json);
}

void tale_connect(struct tale *t, const char *name, bool connect)
{
	if (t->res == 0)
		t->res = connect ? scene_connect(&t->scene, name) : scene_disconnect(&t->scene, name);
}

void tale_echo(struct tale *t, bool play)
{
	if (t->res == 0)
		t->res = scene_echo(&t->scene, SCENE_ECHO, play);
	tale_await(t, ECHO_STREAM, play);
}

void tale_pause(struct tale *t)
{
	tale_echo(t, false);
	tale_pass(t, 0.3);
	tale_echo(t, true);
}

static bool echo_is_known(struct stack *s, void *data)
{
	return stack_find_event(s, SCENE_ECHO, "configured", 0) != NULL;
}

static bool has_speakers(struct stack *s, void *data)
{
	return graph_count(s->graph, "bluez_output.AA*") >= *(int *)data;
}

void tale_begin(struct tale *t, int speakers, const char *echo_options)
{
	struct scene *sc = &t->scene;

	/* the first Echo ever: from then on the default does not go to a speaker that connects */
	if (t->res == 0)
		t->res = scene_add_echo(sc, SCENE_ECHO, "%s", echo_options);
	tale_connect(t, SCENE_ECHO, true);
	if (t->res == 0)
		t->res = stack_wait(&sc->stack, echo_is_known, NULL, PATIENCE_MS, "the Echo");
	tale_pass(t, SETTLE_MS / 1000.0);
	for (int i = 0; i < speakers && t->res == 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%d", i + 1);
		if ((t->res = scene_add_fixed(sc, name, 100.0 + 50.0 * i)) == 0)
			t->res = scene_connect(sc, name);
		/* one after the other: it may matter who came first */
		if (t->res == 0)
			t->res = stack_wait(&sc->stack, has_speakers, &(int) { i + 1 }, PATIENCE_MS, name);
	}
}

/* Returns the verdict of one story. */
static int run_story(const struct scene_type *type, const struct scene_options *o,
		     const struct story *story, struct json *j)
{
	struct stack_options so = story->stack;
	struct tale t = { .options = o, .json = j };
	g_autofree char *label = g_strdup_printf("%s-%s", type->name, story->name);

	if (!story->stock)
		so.system = STACK_POLICY;
	so.own_clock = o->own_clock;
	so.seed = o->seed;
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "story", story->name);
		json_begin(j, "rules", '[');
	} else {
		printf("%s: %s\n", story->name, story->text);
	}
	if (story->before != NULL)
		story->before();
	t.res = scene_open(&t.scene, type, o, &so, label);
	if (t.res == 0)
		story->tell(&t);
	if (story->after != NULL)
		story->after();
	if ((t.res < 0 && t.res != -EINTR) || t.broken > 0)
		stack_print_logs(&t.scene.stack);
	scene_close(&t.scene);
	if (o->json) {
		json_end(j, ']');
		json_bool(j, "ok", t.res == 0 && t.broken == 0);
		json_end(j, '}');
	}
	fflush(stdout);
	return t.res < 0 ? SCENE_COULD_NOT_RUN : t.broken > 0 ? SCENE_NOT_WELL : SCENE_WELL;
}

int tale_run(const struct scene_type *type, const struct scene_options *o, struct json *j,
	     const struct story *stories, size_t n)
{
	int worst = SCENE_WELL;

	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
		json_begin(j, "stories", '[');
	}
	for (size_t i = 0; i < n && worst != SCENE_COULD_NOT_RUN; i++) {
		int res = run_story(type, o, &stories[i], j);
		worst = SPA_MAX(worst, res);
	}
	if (o->json) {
		json_end(j, ']');
		json_bool(j, "ok", worst == SCENE_WELL);
		json_end(j, '}');
	} else {
		printf("verdict: %s\n", scene_verdict_names[worst]);
	}
	return worst;
}
