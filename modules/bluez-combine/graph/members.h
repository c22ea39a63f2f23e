/* Who is a member of a group */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_MEMBERS_H
#define BLUEZ_COMBINE_MEMBERS_H

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

#include "args.h"
#include "member/config.h"
#include "member/identity.h"
#include "member/kind.h"
#include "member/member.h"
#include "graph/links.h"
#include "graph/metadata.h"
#include "graph/owners.h"
#include "timing/report.h"

struct members;

/** A sink in the graph that may become a member: a node that we watch. */
struct speaker {
	struct spa_list link;		/**< members.speakers */
	struct members *members;
	uint32_t id;			/**< of the node */
	struct pw_proxy *proxy;
	struct spa_hook proxy_listener;
	struct spa_hook object_listener;
	enum owner owner;		/**< whose it is; is_bluetooth: of a Bluetooth monitor's, */
	bool is_bluetooth;		/**< unless it lingers */
	char *serial;			/**< object.serial: what it alone has */
	struct pw_properties *props;	/**< of the node; NULL until they have come */
	struct identity identity;	/**< as it was then; empty: it is nobody, and never a member */
	uint32_t rate;			/**< the only one that it takes, 0: not known, or several */

	int64_t offset_ns;		/**< latency offset that the user gave it: part of what it reports */

	bool wanted;			/**< as a member: a rule or the metadata says so */
	struct member_config config;	/**< what it then plays */
	struct pw_properties *rule_props;	/**< what the rule adds to its stream */
	void *user_data;		/**< the owner's, for a member */
	struct member member;		/**< what it does; but for its node's state the owner's */
	struct report report;		/**< the owner's: what its reports of its latency mean */
	uint32_t former;		/**< the owner's: the node of the output that it had last */
	bool told;			/**< the owner's: the log says that it fails, */
	bool told_kept;			/**< and that it can't be started anew */
};

struct members_events {
	/** The speaker became a member. Read props, config and rule_props; its identity stays what it is. */
	void (*added)(void *data, struct speaker *speaker);
	/** The config of a member changed, or whether the graph runs its node. */
	void (*changed)(void *data, struct speaker *speaker);
	/** The node of a member had an error: its transport, most likely. */
	void (*failed)(void *data, struct speaker *speaker);
	/** It is no longer a member, or gone. */
	void (*removed)(void *data, struct speaker *speaker);
	/** A link from a node, of whomever, came or went. The global id. */
	void (*linked)(void *data, uint32_t node);
	/** A status of this address stands in the metadata, perhaps of a former run, or anybody's. */
	void (*told)(void *data, const char *address);
	/** What was found of the speaker with this address stands in the metadata, JSON; NULL: no longer. address NULL: of no speaker any more. */
	void (*calibrated)(void *data, const char *address, const char *json);
	/** A client has written a lease, JSON, or so it is said; NULL: it is cleared, or the client is gone. */
	void (*lease)(void *data, uint32_t client, enum owner owner, const char *json);
	/** There is another metadata object than before: nothing of ours is in it. */
	void (*attached)(void *data);
	/** There is none any more. */
	void (*detached)(void *data);
};

struct members {
	const struct args *args;
	const struct members_events *events;
	void *data;

	struct owners owners;		/**< of all that is in the graph */
	struct spa_list speakers;	/**< struct speaker.link */
	struct links links;		/**< of the whole graph */
	struct spa_list entries;	/**< struct member_entry.link: the metadata's wishes */
	uint32_t n_entries;
	struct spa_ratelimit ratelimit;	/**< of errors in those */
	bool active;			/**< rules and wishes are acted on */

	struct pw_context *context;
	struct pw_registry *registry;	/**< the owner's */
	struct metadata_object metadata;	/**< the group's */
};

/** Start without acting on anything. Main loop, like all of this. */
void members_init(struct members *members, struct pw_context *context, struct pw_core *core,
		struct pw_registry *registry, const struct args *args,
		const struct members_events *events, void *data);

/** Is there a speaker with this address that takes part? */
bool members_want(const struct members *members, const char *address);

/** Remove all members, with their events, and forget everything. */
void members_finish(struct members *members);

/** Pass on what the registry says. */
void members_global(struct members *members, uint32_t id, const char *type,
		const struct spa_dict *props);
void members_global_remove(struct members *members, uint32_t id);

/** Make the group's metadata object if there is none. Returns 0 or -errno. */
int members_ensure_metadata(struct members *members);

/** Everything that was there at the start is known now: begin to act. */
void members_activate(struct members *members);

/** The address of a Bluetooth speaker; the node's name for any other sink. Never NULL for a member. */
const char *speaker_address(const struct speaker *speaker);

/** The node's name. Never NULL for a member. */
const char *speaker_name(const struct speaker *speaker);

const struct kind *speaker_kind(const struct speaker *speaker);

/** Have its node let go of the device, unless another than that node plays to it. */
void speaker_suspend(struct speaker *speaker, uint32_t except);

/** The same, whoever plays to it: it starts anew at once, and others are interrupted. */
void speaker_restart(struct speaker *speaker);

#endif /* BLUEZ_COMBINE_MEMBERS_H */
