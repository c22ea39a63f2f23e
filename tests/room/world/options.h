/* What a device of the room is like */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_OPTIONS_H
#define ROOM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "world/echo.h"
#include "world/link.h"
#include "world/speaker.h"

enum acquire_behaviour {
	ACQUIRE_OK,
	ACQUIRE_FAIL,		/**< answers with an error */
	ACQUIRE_NEVER,		/**< never answers */
	ACQUIRE_N_BEHAVIOURS,
};

struct options {
	char *name;
	char *adapter;
	char *vendor;		/**< "bluetooth:0171"; "" for none */
	char *wav;		/**< what an Echo plays, or NULL */
	bool speaker, source;	/**< the roles */
	bool handsfree;		/**< it has a microphone, for calls */
	bool rate_44100, rate_48000;	/**< that a speaker offers, */
	uint32_t bitpool;	/**< and the most that it takes, in bits of a block */
	double report_ms;	/**< what the speaker says its latency is; below 0: nothing */
	uint32_t mtu;		/**< in bytes */
	int32_t volume;		/**< 0-127; -1: the device has no absolute volume */
	uint32_t seed;
	int32_t acquire;	/**< enum acquire_behaviour */
	double acquire_ms;	/**< after which it is known */
	double release_ms;	/**< after which a Release is answered */
	bool paired;		/**< with the adapter, from the beginning, */
	bool trusted;		/**< and trusted */
	bool audio;		/**< the services of its roles are among those that it has */
	bool input;		/**< and that of a keyboard */
	bool no_pairing_mode;	/**< not paired, and cannot be found */
	int32_t pairing;	/**< enum pair_kind */
	double pair_ms, discover_ms;	/**< how long these take */
	double connect_ms;	/**< after pairing, by itself */
	char *pair_error, *connect_error;	/**< how these fail; "": they don't */
	int32_t model, start, kind, rates;	/**< of the configurations below, as the table needs them */
	struct speaker_config speaker_config;
	struct link_config link_config;
	struct echo_config echo_config;
};

enum option_use {
	OPTIONS_SPEAKER = 1 << 0,
	OPTIONS_ECHO = 1 << 1,
	OPTIONS_SET = 1 << 2,	/**< of a device that is there already */
};

void options_init(struct options *options, enum option_use use, uint32_t seed);
void options_finish(struct options *options);
void options_copy(struct options *to, const struct options *from);

/**
 * Read a dictionary. On an error the options are as they were before.
 * \param dict a{sv}
 * \param error tells key, value and what is allowed
 */
bool options_read(struct options *options, GVariant *dict, enum option_use use, GError **error);

#endif /* ROOM_OPTIONS_H */
