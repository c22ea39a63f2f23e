/* How loud something plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_METER_H
#define BLUEZ_COMBINE_METER_H

#include <pipewire/pipewire.h>
#include <spa/utils/list.h>

/** What a meter listens to */
enum meter_of {
	METER_SINK,			/**< what a sink is sent */
	METER_STREAM,			/**< what a stream plays */
};

/**
 * Listens to what a sink is sent, or a stream plays, as the meters of pavucontrol do: 25 peaks a second, on a link that
 * keeps nobody awake.
 */
struct meter {
	struct spa_list link;		/**< the owner's */
	char *target;			/**< its node.name */
	struct pw_stream *stream;
	struct spa_hook listener;
	float level;			/**< main loop: what is shown, linear */
	uint32_t peak;			/**< since it was last read: the bits of a float >= 0; atomic */
	bool wanted;			/**< the owner's, to find those that have gone */
};

/** NULL with errno on failure */
struct meter *meter_new(struct pw_core *core, const char *target, enum meter_of of);
void meter_destroy(struct meter *meter);

/** The level in dB of full scale, which falls by 20 dB a second at most, called every
 * \a seconds; below -60 it is -INFINITY. */
double meter_read_db(struct meter *meter, double seconds);

#endif /* BLUEZ_COMBINE_METER_H */
