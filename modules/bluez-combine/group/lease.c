/* A client's lease of a group: what is answered, and what it comes to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>

#include <spa/utils/string.h>

#include "group/group.h"
#include "group/lease.h"
#include "json.h"
#include "log.h"
#include "loop-time.h"
#include "names.h"

#define ANSWER_VERSION	1
#define ANSWER_LEN_MAX	(JSON_STRING_MAX + 256)

void group_lease_init(struct group_lease *l)
{
	*l = (struct group_lease) { .refusal.client = SPA_ID_INVALID, .ratelimit = METADATA_RATELIMIT };
	lease_init(&l->lease);
}

static void answer(struct group *group, const char *key, const char *json)
{
	struct pw_metadata *metadata = group->members.metadata.object;

	if (metadata)
		pw_metadata_set_property(metadata, 0, key, json ? "Spa:String:JSON" : NULL, json);
}

/* What this client has written stands there no longer: it has no lease any more, and sees it by that, too */
static void take_back(struct group *group, uint32_t client)
{
	struct pw_metadata *metadata = group->members.metadata.object;

	if (metadata)
		pw_metadata_set_property(metadata, client, BLUEZ_COMBINE_KEY_LEASE, NULL, NULL);
}

static void begin(struct spa_strbuf *b, char json[ANSWER_LEN_MAX], uint32_t client, uint32_t count)
{
	spa_strbuf_init(b, json, ANSWER_LEN_MAX);
	spa_strbuf_append(b, "{ \"version\": %d", ANSWER_VERSION);
	json_add_int(b, BLUEZ_COMBINE_LEASE_CLIENT, client);
	json_add_int(b, BLUEZ_COMBINE_LEASE_COUNT, count);
}

static void ended(struct group *group, const char *why)
{
	pw_log_info("the lease of the group %s has ended: %s", group->args->group, why);
	group->lease.unanswered = true;
}

static void complain(struct group_lease *l, struct pw_loop *loop)
{
	int missed = spa_ratelimit_test(&l->ratelimit, loop_now_ns(loop));

	if (missed > 0)
		pw_log_warn("lease: %d more were refused", missed);
	if (missed >= 0)
		pw_log_warn("lease of the client %u: %s", l->refusal.client, l->refusal.why);
}

static void tell_refused(struct group *group)
{
	struct group_lease *l = &group->lease;
	char json[ANSWER_LEN_MAX];
	struct spa_strbuf b;

	if (!l->refused)
		return;
	l->refused = false;
	if (l->refusal.client == SPA_ID_INVALID) {
		answer(group, BLUEZ_COMBINE_KEY_LEASE_REFUSED, NULL);
		return;
	}
	begin(&b, json, l->refusal.client, l->refusal.count);
	json_add_string(&b, BLUEZ_COMBINE_LEASE_REFUSED, l->refusal.why);
	spa_strbuf_append(&b, " }");
	answer(group, BLUEZ_COMBINE_KEY_LEASE_REFUSED, json);
}

void group_lease_written(struct group *group, uint32_t client, enum owner owner, const char *json)
{
	struct group_lease *l = &group->lease;
	uint32_t former = l->lease.client;

	/* There is one place for refusals: another client's is told before it may be taken by this */
	if (l->refusal.client != client)
		tell_refused(group);
	switch (lease_write(&l->lease, client, owner, json, loop_now_ns(group->main_loop), &l->refusal)) {
	case LEASE_TAKEN:
		l->unanswered = true;
		if (former != client)
			pw_log_info("the client %u has a lease of the group %s", client, group->args->group);
		if (former != client && former != SPA_ID_INVALID)
			take_back(group, former);
		break;
	case LEASE_ENDED:
		ended(group, "its client has cleared it, or is gone");
		break;
	case LEASE_REFUSED:
		complain(l, group->main_loop);
		l->refused = true;
		group_schedule_update(group);
		return;
	case LEASE_UNCHANGED:
		break;
	}
	/* It is in the right now, or not interested any more */
	if (l->refusal.client == client) {
		l->refusal.client = SPA_ID_INVALID;
		l->refused = true;
	}
	if (l->unanswered || l->refused)
		group_schedule_update(group);
}

void group_lease_detached(struct group *group, bool gone)
{
	struct group_lease *l = &group->lease;

	if (gone && lease_is_held(&l->lease)) {
		lease_clear(&l->lease);
		ended(group, "there is no metadata object any more");
	}
	l->unanswered |= lease_is_held(&l->lease);
	l->refused |= l->refusal.client != SPA_ID_INVALID;
	if (l->unanswered || l->refused)
		group_schedule_update(group);
}

int64_t group_lease_update(struct group *group, int64_t now_ns)
{
	struct group_lease *l = &group->lease;
	uint32_t client = l->lease.client;
	int64_t next_ns = INT64_MAX;

	if (lease_tick(&l->lease, now_ns, &next_ns)) {
		ended(group, "it was not renewed");
		take_back(group, client);
	}
	tell_refused(group);
	return next_ns;
}

void group_lease_taken(struct group *group, int64_t ready_ns)
{
	struct group_lease *l = &group->lease;
	char json[ANSWER_LEN_MAX];
	struct spa_strbuf b;

	if (!l->unanswered)
		return;
	l->unanswered = false;
	if (!lease_is_held(&l->lease)) {
		answer(group, BLUEZ_COMBINE_KEY_LEASE_TAKEN, NULL);
		return;
	}
	begin(&b, json, l->lease.client, l->lease.count);
	json_add_int(&b, BLUEZ_COMBINE_LEASE_READY, ready_ns);
	spa_strbuf_append(&b, " }");
	answer(group, BLUEZ_COMBINE_KEY_LEASE_TAKEN, json);
}

void group_lease_finish(struct group *group)
{
	if (lease_is_held(&group->lease.lease))
		answer(group, BLUEZ_COMBINE_KEY_LEASE_TAKEN, NULL);
	if (group->lease.refusal.client != SPA_ID_INVALID)
		answer(group, BLUEZ_COMBINE_KEY_LEASE_REFUSED, NULL);
	lease_clear(&group->lease.lease);
}
