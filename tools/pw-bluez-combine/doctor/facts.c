/* The doctor command: what is known */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "doctor/doctor.h"

static void node_free(void *data)
{
	struct fact_node *n = data;

	g_free(n->name);
	g_free(n->description);
	g_free(n->class);
	g_free(n->api);
	g_free(n->address);
	g_free(n->profile);
	g_free(n->link_group);
	g_free(n);
}

static void card_free(void *data)
{
	struct fact_card *c = data;

	g_free(c->address);
	g_free(c->profile);
	g_free(c);
}

static void speaker_free(void *data)
{
	struct fact_speaker *s = data;

	g_free(s->name);
	g_free(s->address);
	g_free(s->model);
	g_free(s->basis);
	g_free(s->stale);
	g_free(s->codec);
	g_free(s);
}

static void microphone_free(void *data)
{
	struct fact_microphone *m = data;

	g_free(m->name);
	g_free(m);
}

static void source_free(void *data)
{
	struct fact_source *s = data;

	g_free(s->address);
	g_free(s->why);
	g_free(s);
}

static void setting_free(void *data)
{
	struct fact_setting *s = data;

	g_free(s->name);
	g_free(s->is);
	g_free(s->allowed);
	g_free(s->using);
	g_free(s);
}

static void adapter_free(void *data)
{
	struct fact_adapter *a = data;

	g_free(a->name);
	g_free(a->address);
	g_free(a);
}

static void device_free(void *data)
{
	struct fact_device *d = data;

	g_free(d->name);
	g_free(d->address);
	g_free(d->adapter);
	g_free(d);
}

void facts_init(struct facts *f)
{
	*f = (struct facts) { 0 };
	f->nodes = g_ptr_array_new_with_free_func(node_free);
	f->links = g_ptr_array_new_with_free_func(g_free);
	f->cards = g_ptr_array_new_with_free_func(card_free);
	f->sources = g_ptr_array_new_with_free_func(source_free);
	f->settings = g_ptr_array_new_with_free_func(setting_free);
	f->speakers = g_ptr_array_new_with_free_func(speaker_free);
	f->microphones = g_ptr_array_new_with_free_func(microphone_free);
	f->adapters = g_ptr_array_new_with_free_func(adapter_free);
	f->devices = g_ptr_array_new_with_free_func(device_free);
	f->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	f->corrected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	f->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void daemon_finish(struct fact_daemon *d)
{
	g_free(d->version);
	g_strfreev(d->env);
}

void facts_finish(struct facts *f)
{
	struct fact_file *files[] = { &f->module, &f->plugin, &f->conf, &f->scripts, &f->bluez_plugin };
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(files); i++)
		g_free(files[i]->path);
	daemon_finish(&f->daemon);
	daemon_finish(&f->manager);
	g_ptr_array_unref(f->nodes);
	g_ptr_array_unref(f->links);
	g_ptr_array_unref(f->cards);
	g_ptr_array_unref(f->sources);
	g_ptr_array_unref(f->settings);
	g_ptr_array_unref(f->speakers);
	g_ptr_array_unref(f->microphones);
	g_ptr_array_unref(f->adapters);
	g_ptr_array_unref(f->devices);
	g_hash_table_unref(f->members);
	g_hash_table_unref(f->corrected);
	g_hash_table_unref(f->taken);
	g_free(f->sink);
	g_free(f->default_sink);
	g_free(f->bluez_version);
	g_free(f->bluez_version_from);
	g_free(f->roles);
	g_free(f->roles_file);
	g_free(f->disabled_file);
}

int version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		char *end_a, *end_b;
		long x = strtol(a, &end_a, 10), y = strtol(b, &end_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		/* 1.4.2-1 and 1.4.2: what a distribution adds says nothing */
		a = *end_a == '.' ? end_a + 1 : "";
		b = *end_b == '.' ? end_b + 1 : "";
	}
	return 0;
}
