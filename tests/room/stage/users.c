/* What users do with a mixer */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "stage/graph-device.h"
#include "stage/scene.h"

static bool has_ended(struct stack *s, void *data)
{
	return process_ended(data);
}

int scene_await_end(struct scene *sc, struct process *p)
{
	return stack_wait(&sc->stack, has_ended, p, SCENE_PATIENCE_MS, "the end of a program");
}

int scene_wpctl(struct scene *sc, const char *command, const char *node, const char *value)
{
	struct graph_node *n = graph_find(sc->stack.graph, node);
	g_autofree char *id = g_strdup_printf("%u", n ? n->id : 0);
	const char *argv[] = { "wpctl", command, id, value, NULL };
	struct process *p;

	if (n == NULL) {
		fprintf(stderr, "room: there is no node %s\n", node);
		return -ENOENT;
	}
	if ((p = stack_spawn(&sc->stack, argv[0], argv)) == NULL)
		return -EIO;
	return scene_await_end(sc, p);
}

int scene_set_volume(struct scene *sc, const char *node, double volume)
{
	char value[G_ASCII_DTOSTR_BUF_SIZE];

	return scene_wpctl(sc, "set-volume", node, g_ascii_formatd(value, sizeof(value), "%.2f", volume));
}

static bool have_route(struct stack *s, void *data)
{
	struct graph_device *d = graph_find_device(s->graph, data);

	return d != NULL && d->has_route;
}

int scene_set_offset(struct scene *sc, const char *address, double ms)
{
	int res = stack_wait(&sc->stack, have_route, (void *)address, SCENE_PATIENCE_MS, "a route");

	return res < 0 ? res : graph_device_set_offset(graph_find_device(sc->stack.graph, address),
			llrint(ms * SPA_NSEC_PER_MSEC));
}
