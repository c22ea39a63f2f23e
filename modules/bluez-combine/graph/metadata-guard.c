/* Bounds for what others write into our metadata */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "log.h"
#include "loop-time.h"
#include "graph/metadata-guard.h"
#include "names.h"

/* More than this do not wait for the main loop's next turn */
#define EXCESS_MAX	64u

struct guard_key {
	struct spa_list link;
	uint32_t subject;
	char *key;
};

static const uint32_t keys_max[METADATA_KINDS] = {
	[METADATA_MEMBER] = METADATA_MEMBER_MAX,
	[METADATA_STATUS] = METADATA_STATUS_MAX,
	[METADATA_CALIBRATION] = METADATA_CALIBRATION_MAX,
	[METADATA_OTHER] = METADATA_OTHER_MAX,
};

static enum metadata_kind kind_of(const char *key)
{
	static const char * const words[METADATA_OTHER] = { "member", "status", "calibration" };
	size_t len = strcspn(key, ".");

	for (int i = 0; i < METADATA_OTHER; i++)
		if (strlen(words[i]) == len && spa_strstartswith(key, words[i]))
			return i;
	return METADATA_OTHER;
}

static struct guard_key *add_key(struct spa_list *list, uint32_t subject, const char *key)
{
	struct guard_key *k = calloc(1, sizeof(*k));

	if (k == NULL || (k->key = strdup(key)) == NULL) {
		free(k);
		return NULL;
	}
	k->subject = subject;
	spa_list_append(list, &k->link);
	return k;
}

static void free_key(struct guard_key *k)
{
	spa_list_remove(&k->link);
	free(k->key);
	free(k);
}

static void clear_keys(struct spa_list *list)
{
	struct guard_key *k;
	spa_list_consume(k, list, link)
		free_key(k);
}

static struct guard_key *find_key(struct metadata_guard *guard, const char *key)
{
	struct guard_key *k;
	spa_list_for_each(k, &guard->keys, link)
		if (spa_streq(k->key, key))
			return k;
	return NULL;
}

static bool may_stay(struct metadata_guard *guard, uint32_t subject, const char *key, const char *value)
{
	enum metadata_kind kind = kind_of(key);

	if (strlen(key) > METADATA_KEY_LEN_MAX || strlen(value) > METADATA_VALUE_LEN_MAX)
		return false;
	/* Of each client: there are not that many */
	if (subject != 0)
		return (spa_streq(key, BLUEZ_COMBINE_KEY_LEASE) || spa_streq(key, BLUEZ_COMBINE_KEY_TRACK)) &&
			guard->events->is_client(guard->data, subject);
	if (find_key(guard, key))
		return true;
	if (guard->n_keys[kind] >= keys_max[kind] && !guard->events->in_use(guard->data, key))
		return false;
	if (add_key(&guard->keys, subject, key))
		guard->n_keys[kind]++;
	return true;
}

static void take_out_oldest(struct metadata_guard *guard)
{
	struct guard_key *k = spa_list_first(&guard->excess, struct guard_key, link);
	int missed = spa_ratelimit_test(&guard->ratelimit, loop_now_ns(guard->loop));

	if (missed > 0)
		pw_log_warn("metadata: %d more keys were taken out", missed);
	if (missed >= 0)
		pw_log_warn("metadata: %u '%.64s' is taken out: allowed are %u keys 'member.', %u 'status.', "
				"%u 'calibration.' and %u others of subject 0, of %u bytes with values of %u, and one "
				"'lease' and 'track' of a client that is there", k->subject, k->key, METADATA_MEMBER_MAX,
				METADATA_STATUS_MAX, METADATA_CALIBRATION_MAX, METADATA_OTHER_MAX,
				METADATA_KEY_LEN_MAX, METADATA_VALUE_LEN_MAX);
	spa_list_remove(&k->link);
	guard->n_excess--;
	pw_metadata_set_property(guard->metadata, k->subject, k->key, NULL, NULL);
	spa_list_init(&k->link);
	free_key(k);
}

static int on_property(void *data, uint32_t subject, const char *key,
		const char *type, const char *value)
{
	struct metadata_guard *guard = data;
	struct guard_key *k;

	if (key == NULL) {
		if (subject == 0) {
			clear_keys(&guard->keys);
			spa_zero(guard->n_keys);
		}
	} else if (value == NULL) {
		if (subject == 0 && (k = find_key(guard, key)) != NULL) {
			free_key(k);
			guard->n_keys[kind_of(key)]--;
		}
	} else if (!may_stay(guard, subject, key, value)) {
		/* Not this one from here: others have yet to hear of what has been set */
		if (guard->n_excess >= EXCESS_MAX)
			take_out_oldest(guard);
		if (add_key(&guard->excess, subject, key))
			guard->n_excess++;
		pw_loop_signal_event(guard->loop, guard->event);
	}
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_property,
};

static void on_event(void *data, uint64_t count)
{
	struct metadata_guard *guard = data;

	while (guard->n_excess > 0)
		take_out_oldest(guard);
}

int metadata_guard_init(struct metadata_guard *guard, struct pw_loop *loop, struct pw_metadata *metadata,
		const struct metadata_guard_events *events, void *data)
{
	spa_zero(*guard);
	if ((guard->event = pw_loop_add_event(loop, on_event, guard)) == NULL)
		return -errno;
	guard->loop = loop;
	guard->metadata = metadata;
	guard->events = events;
	guard->data = data;
	guard->ratelimit = METADATA_RATELIMIT;
	spa_list_init(&guard->keys);
	spa_list_init(&guard->excess);
	pw_metadata_add_listener(metadata, &guard->listener, &metadata_events, guard);
	return 0;
}

void metadata_guard_finish(struct metadata_guard *guard)
{
	if (guard->metadata == NULL)
		return;
	spa_hook_remove(&guard->listener);
	pw_loop_destroy_source(guard->loop, guard->event);
	clear_keys(&guard->keys);
	clear_keys(&guard->excess);
	spa_zero(*guard);
}

void metadata_guard_gone(struct metadata_guard *guard, uint32_t id)
{
	if (guard->metadata && id != 0)
		pw_metadata_set_property(guard->metadata, id, NULL, NULL, NULL);
}
