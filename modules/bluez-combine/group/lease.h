/* A client's lease of a group: what is answered, and what it comes to */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_GROUP_LEASE_H
#define BLUEZ_COMBINE_GROUP_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/utils/ratelimit.h>

#include "member/lease.h"

struct group;

struct group_lease {
	struct lease lease;
	struct lease_refusal refusal;	/**< the last one, of a client that may still be there */
	bool unanswered;		/**< it is to be told what stands, or that it has ended, */
	bool refused;			/**< and who was refused */
	int64_t dithered_until_ns;	/**< some delay is on its way back from a dither until then */
	struct spa_ratelimit ratelimit;	/**< of refusals in the log */
};

/** Main loop, like all of this. */
void group_lease_init(struct group_lease *lease);

/** As members_events.lease. It is acted on with the next update. */
void group_lease_written(struct group *group, uint32_t client, enum owner owner, const char *json);

/** There is another metadata object, without what was answered; \a gone: there is none, and so nobody can have a lease. */
void group_lease_detached(struct group *group, bool gone);

/** What has ended, and who was refused. Returns when to call it again at the latest, or INT64_MAX. */
int64_t group_lease_update(struct group *group, int64_t now_ns);

/** The fan-out has it. \a ready_ns: how long it takes from now until all is in place. */
void group_lease_taken(struct group *group, int64_t ready_ns);

/** The group ends: nothing of it is left. */
void group_lease_finish(struct group *group);

#endif /* BLUEZ_COMBINE_GROUP_LEASE_H */
