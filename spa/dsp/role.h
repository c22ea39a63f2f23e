/* Roles: which channels an output plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ROLE_H
#define BLUEZ_COMBINE_ROLE_H

#include <stdint.h>

#define ROLE_CHANNELS_MAX	8

enum role {
	ROLE_STEREO,			/**< every channel on its own port */
	ROLE_LEFT,			/**< FL (or the first channel) on all ports */
	ROLE_RIGHT,			/**< FR (or the second channel) on all ports */
	ROLE_MONO,			/**< mean of FL and FR (or of all) on all ports */
	ROLE_N,
};

/** What each port of an output plays: a weighted sum of the input channels. */
struct role_map {
	uint32_t n_channels;
	int32_t direct[ROLE_CHANNELS_MAX];	/**< the one channel this port copies, or -1: a sum */
	float weight[ROLE_CHANNELS_MAX][ROLE_CHANNELS_MAX];	/**< [port][input channel], sum <= 1 */
};

/** \a position: SPA_AUDIO_CHANNEL_* of each channel */
void role_map_init(struct role_map *map, enum role role, const uint32_t *position, uint32_t n_channels);

const char *role_name(enum role role);
/** \return the role, or -EINVAL when there is none of this name */
int role_from_name(const char *name);

#endif /* BLUEZ_COMBINE_ROLE_H */
