/* A metadata object of PipeWire, as a client sees it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/extensions/metadata.h>
#include <spa/utils/string.h>

#include "client/metadata.h"
#include "names.h"

struct metadata *metadata_new(uint32_t id, const char *name)
{
	struct metadata *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->id = id;
	spa_list_init(&m->entries);
	spa_list_init(&m->others);
	if ((m->name = strdup(name)) == NULL) {
		free(m);
		return NULL;
	}
	return m;
}

static void entry_free(struct metadata_entry *e)
{
	spa_list_remove(&e->link);
	free(e->key);
	free(e->value);
	free(e);
}

static void clear(struct spa_list *entries)
{
	struct metadata_entry *e;

	spa_list_consume(e, entries, link)
		entry_free(e);
}

void metadata_destroy(struct metadata *m)
{
	if (m->proxy) {
		spa_hook_remove(&m->listener);
		pw_proxy_destroy(m->proxy);
	}
	clear(&m->entries);
	clear(&m->others);
	free(m->name);
	free(m);
}

/* The first whose key is not less */
static struct metadata_entry *find(const struct metadata *m, const char *key)
{
	struct metadata_entry *e;

	spa_list_for_each(e, &m->entries, link)
		if (strcmp(e->key, key) >= 0)
			return e;
	return NULL;
}

static void insert(struct spa_list *before, uint32_t subject, const char *key, const char *value)
{
	struct metadata_entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return;
	e->subject = subject;
	e->key = strdup(key);
	e->value = strdup(value);
	spa_list_append(before, &e->link);
	if (e->key == NULL || e->value == NULL)
		entry_free(e);
}

void metadata_put(struct metadata *m, const char *key, const char *value)
{
	struct metadata_entry *e;

	if (key == NULL) {
		clear(&m->entries);
		return;
	}
	if ((e = find(m, key)) != NULL && spa_streq(e->key, key)) {
		entry_free(e);
		e = find(m, key);
	}
	if (value)
		insert(e ? &e->link : &m->entries, 0, key, value);
}

static struct metadata_entry *find_other(const struct metadata *m, uint32_t subject)
{
	struct metadata_entry *e;

	spa_list_for_each(e, &m->others, link)
		if (e->subject == subject)
			return e;
	return NULL;
}

/* \a key NULL: all of this subject are gone */
static bool put_other(struct metadata *m, uint32_t subject, const char *key, const char *value)
{
	struct metadata_entry *e;

	if (key && !spa_streq(key, BLUEZ_COMBINE_KEY_TRACK))
		return false;
	if ((e = find_other(m, subject)) != NULL)
		entry_free(e);
	if (key && value)
		insert(&m->others, subject, key, value);
	return true;
}

const char *metadata_get_track(const struct metadata *m, uint32_t subject)
{
	const struct metadata_entry *e = find_other(m, subject);

	return e ? e->value : NULL;
}

const char *metadata_get(const struct metadata *m, const char *key)
{
	const struct metadata_entry *e = find(m, key);

	return e && spa_streq(e->key, key) ? e->value : NULL;
}

static int on_property(void *data, uint32_t subject, const char *key, const char *type, const char *value)
{
	struct metadata *m = data;

	if (subject == 0)
		metadata_put(m, key, value);
	else if (!put_other(m, subject, key, value))
		return 0;
	m->changed(m->data);
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_property,
};

int metadata_bind(struct metadata *m, struct pw_registry *registry, void (*changed)(void *data), void *data)
{
	m->changed = changed;
	m->data = data;
	m->proxy = pw_registry_bind(registry, m->id, PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, 0);
	if (m->proxy == NULL)
		return -errno;
	pw_proxy_add_object_listener(m->proxy, &m->listener, &metadata_events, m);
	return 0;
}

int metadata_set_of(struct metadata *m, uint32_t subject, const char *key, const char *value)
{
	if (m->proxy == NULL)
		return -ENOENT;
	return pw_metadata_set_property((struct pw_metadata *)m->proxy, subject, key,
			value ? "Spa:String:JSON" : NULL, value);
}

int metadata_set(struct metadata *m, const char *key, const char *value)
{
	return metadata_set_of(m, 0, key, value);
}
