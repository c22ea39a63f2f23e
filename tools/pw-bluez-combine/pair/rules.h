/* The pair command: who may pair, connect and be trusted */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_PAIR_RULES_H
#define BLUEZ_COMBINE_PAIR_RULES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure. While an adapter can be found, whoever is near can try to pair, under any name. So a
 * device is let in only if the user means this one: by its address, by choosing it, or by saying
 * yes to it. A name says who it claims to be, and is asked about, unless the device was paired
 * before: then its key has proved that it is the same one.
 */

/** What is known of a device when something is to be decided about it */
struct pair_facts {
	bool echo;			/**< a source of music is wanted, not a speaker */
	bool can_ask;			/**< somebody is at a terminal */
	bool chosen;			/**< it is the one that was chosen; */
	bool other_chosen;		/**< another one is */
	bool refused;			/**< the user has said no to it */
	bool by_address, by_name;	/**< how the user has named the one that is meant */
	bool address_fits, name_fits;	/**< to this device */
	bool was_paired, was_trusted;	/**< before the command began */
	bool has_profile;		/**< the service of the one that is wanted: source, or sink */
	bool has_other;			/**< the opposite one */
	bool has_input;			/**< that of a keyboard or a mouse */
	bool has_audio;			/**< its transport is there */
};

enum pair_verdict {
	PAIR_YES,
	PAIR_ASK,
	PAIR_NO_OTHER,			/**< another one was chosen */
	PAIR_NO_REFUSED,		/**< the user has said so */
	PAIR_NO_STRANGER,		/**< it is not meant */
	PAIR_NO_NAME,			/**< its name alone does not say that it is */
	PAIR_NO_NUMBER,			/**< there is nobody to compare a number */
	PAIR_NO_PIN,			/**< it wants one that is to be typed here */
	PAIR_NO_SERVICE,		/**< it wants more than audio */
	PAIR_NO_PROFILE,		/**< it is none of those that are wanted */
	PAIR_NO_AUDIO,			/**< it says so, and nothing comes */
	PAIR_NO_INPUT,			/**< it could type, and there is nobody to ask */
};

/** A speaker that was found: is it the one to pair with? */
enum pair_verdict pair_may_be_found(const struct pair_facts *f);
/** Who begins by itself: may it pair, and connect with services of audio? */
enum pair_verdict pair_may_come(const struct pair_facts *f);
/** The same where both sides show a number */
enum pair_verdict pair_may_compare(const struct pair_facts *f);
/** May it get that service? */
enum pair_verdict pair_may_use(const struct pair_facts *f, const char *uuid);
/** Does it get the PIN of what has no keys? */
enum pair_verdict pair_may_have_pin(const struct pair_facts *f);
/** May it connect by itself from now on? */
enum pair_verdict pair_may_be_trusted(const struct pair_facts *f);
/** Where nobody can be asked: is it one that the name may stand for? */
bool pair_may_be_named(const struct pair_facts *f);

enum pair_undo {
	PAIR_KEEP,
	PAIR_UNTRUST,
	PAIR_FORGET,			/**< the pairing with it */
};

/** What is to be undone of a device at the end; \a done: the command has done what it is for. */
enum pair_undo pair_undo(const struct pair_facts *f, bool done);

/** How an adapter is */
struct pair_mode {
	bool discoverable, pairable;
	uint32_t discoverable_sec, pairable_sec;	/**< limits, 0: none */
};

/** What a command has changed of it */
struct pair_change {
	struct pair_mode was;
	uint32_t limit_sec;		/**< both limits, since then */
	bool discoverable;		/**< that and its limit, too */
};

/** What is to be written, so that an adapter is as it was */
struct pair_mend {
	bool discoverable, pairable, discoverable_sec, pairable_sec;
};

/** Of a change whose command was killed; what somebody else has changed since then stays. */
struct pair_mend pair_mend(const struct pair_change *change, const struct pair_mode *is);

#endif /* BLUEZ_COMBINE_PAIR_RULES_H */
