/* A microphone in the room */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_MICROPHONE_H
#define ROOM_MICROPHONE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "world/heard.h"
#include "world/path.h"
#include "world/pickup.h"

/** What it is like; the way to each speaker can be another one */
struct microphone_options {
	char *description;		/**< NULL: the name */
	struct path_config path;
	double distance_spread_m;	/**< each speaker is up to so much nearer or farther */
	double noise_db;		/**< of the room, dBFS; -200: none */
	double talk_db;			/**< somebody talks, dBFS while a syllable lasts; -200: nobody */
	struct pickup_config pickup;
	double move_ms;			/**< how long a change of distance takes */
	bool plugged;			/**< it is there */
	uint32_t seed;
};

enum microphone_use {
	MICROPHONE_NEW = 1 << 0,
	MICROPHONE_SET = 1 << 1,	/**< of one that is there */
	MICROPHONE_PATH = 1 << 2,	/**< of its way to one speaker */
};

void microphone_options_init(struct microphone_options *options, uint32_t seed);
void microphone_options_finish(struct microphone_options *options);
/** On an error the options are as they were before. */
bool microphone_options_read(struct microphone_options *options, GVariant *dict, enum microphone_use use,
			     GError **error);

/** Its ears: everything up to the membrane. All functions with the radio's lock held. */
struct microphone;

struct microphone *microphone_new(const struct microphone_options *options, int64_t now_ns);
void microphone_destroy(struct microphone *microphone);
/** Hear one more speaker. Returns its number, from 0 on, or -ENOMEM. */
int microphone_add_speaker(struct microphone *microphone, const struct path_config *config);
struct path *microphone_path(struct microphone *microphone, int speaker);
void microphone_configure(struct microphone *microphone, const struct microphone_options *options);
/** Nothing more sounds before \a known_ns: hear it. */
void microphone_advance(struct microphone *microphone, int64_t known_ns);
/** What it has heard; any thread, as long as the microphone is there */
const struct heard *microphone_heard(const struct microphone *microphone);

#endif /* ROOM_MICROPHONE_H */
