/* Whose an object is */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include <pipewire/pipewire.h>
#include <spa/utils/string.h>

#include "graph/owners.h"

struct client {
	struct spa_list link;		/**< owners.clients */
	uint32_t id;
	uint32_t pid;			/**< of its process, as the kernel says; SPA_ID_INVALID if it does not */
	enum owner owner;
};

struct device {
	struct spa_list link;		/**< owners.devices */
	uint32_t id;
	uint32_t client;		/**< SPA_ID_INVALID: the daemon */
};

static const struct client *find_client(const struct owners *owners, uint32_t id)
{
	const struct client *c;

	spa_list_for_each(c, &owners->clients, link)
		if (c->id == id)
			return c;
	return NULL;
}

void owners_init(struct owners *owners)
{
	spa_list_init(&owners->clients);
	spa_list_init(&owners->devices);
}

void owners_finish(struct owners *owners)
{
	struct client *c;
	struct device *d;

	spa_list_consume(c, &owners->clients, link) {
		spa_list_remove(&c->link);
		free(c);
	}
	spa_list_consume(d, &owners->devices, link) {
		spa_list_remove(&d->link);
		free(d);
	}
}

/* SPA_ID_INVALID if there is none, or it is no number */
static uint32_t get_id(const struct spa_dict *props, const char *key)
{
	uint32_t id;

	return spa_atou32(spa_dict_lookup(props, key), &id, 10) ? id : SPA_ID_INVALID;
}

/* pipewire.access and pipewire.sec.* are the daemon's word. A client may say of itself that it is to
 * have less, as pipewire-pulse does for those that it speaks for. */
static enum owner client_rights(const struct spa_dict *props)
{
	const char *access = spa_dict_lookup(props, PW_KEY_ACCESS);
	const char *asked = spa_dict_lookup(props, PW_KEY_CLIENT_ACCESS);

	if (spa_dict_lookup(props, "pipewire.sec.flatpak") ||
	    (asked && !spa_streq(asked, "unrestricted") && !spa_streq(asked, "allowed")))
		return OWNER_RESTRICTED;
	if (spa_streq(access, "unrestricted"))
		return OWNER_UNRESTRICTED;
	return spa_streq(access, "default") ? OWNER_ORDINARY : OWNER_RESTRICTED;
}

static void add_client(struct owners *owners, uint32_t id, const struct spa_dict *props)
{
	struct client *c = calloc(1, sizeof(*c));

	/* Without memory it is one that is not known */
	if (c == NULL)
		return;
	c->id = id;
	c->pid = get_id(props, PW_KEY_SEC_PID);
	c->owner = client_rights(props);
	spa_list_append(&owners->clients, &c->link);
}

static void add_device(struct owners *owners, uint32_t id, const struct spa_dict *props)
{
	enum owner owner = owners_find(owners, props);
	struct device *d;

	if (!spa_streq(spa_dict_lookup(props, PW_KEY_DEVICE_API), "bluez5") ||
	    (owner != OWNER_UNRESTRICTED && owner != OWNER_DAEMON))
		return;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return;
	d->id = id;
	d->client = get_id(props, PW_KEY_CLIENT_ID);
	spa_list_append(&owners->devices, &d->link);
}

void owners_global(struct owners *owners, uint32_t id, const char *type, const struct spa_dict *props)
{
	if (props == NULL)
		return;
	if (spa_streq(type, PW_TYPE_INTERFACE_Client))
		add_client(owners, id, props);
	else if (spa_streq(type, PW_TYPE_INTERFACE_Device))
		add_device(owners, id, props);
}

void owners_global_remove(struct owners *owners, uint32_t id)
{
	struct client *c;
	struct device *d;

	spa_list_for_each(c, &owners->clients, link) {
		if (c->id == id) {
			spa_list_remove(&c->link);
			free(c);
			return;
		}
	}
	spa_list_for_each(d, &owners->devices, link) {
		if (d->id == id) {
			spa_list_remove(&d->link);
			free(d);
			return;
		}
	}
}

enum owner owners_client(const struct owners *owners, uint32_t id, bool *there)
{
	const struct client *c = find_client(owners, id);

	if (there)
		*there = c != NULL;
	return c ? c->owner : OWNER_RESTRICTED;
}

enum owner owners_find(const struct owners *owners, const struct spa_dict *props)
{
	if (spa_dict_lookup(props, PW_KEY_CLIENT_ID) == NULL)
		return OWNER_DAEMON;
	return owners_client(owners, get_id(props, PW_KEY_CLIENT_ID), NULL);
}

/* A session manager has several connections: what it makes of a set of speakers has another
 * client than their devices */
static bool are_one(const struct owners *owners, uint32_t client, uint32_t other)
{
	const struct client *a = find_client(owners, client), *b = find_client(owners, other);

	if (client == other)
		return true;
	return a && b && a->owner == b->owner && a->pid == b->pid && a->pid != SPA_ID_INVALID;
}

bool owners_is_bluetooth(const struct owners *owners, const struct spa_dict *props)
{
	uint32_t id = get_id(props, PW_KEY_DEVICE_ID);
	const struct device *d;

	spa_list_for_each(d, &owners->devices, link)
		if (d->id == id)
			return are_one(owners, d->client, get_id(props, PW_KEY_CLIENT_ID));
	return false;
}
