/* Roles: which channels an output plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/param/audio/raw.h>
#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "dsp/role.h"

static const char * const role_names[ROLE_N] = {
	[ROLE_STEREO] = "stereo",
	[ROLE_LEFT] = "left",
	[ROLE_RIGHT] = "right",
	[ROLE_MONO] = "mono",
};

static int find_position(const uint32_t *position, uint32_t n_channels, uint32_t wanted)
{
	uint32_t i;

	for (i = 0; i < n_channels; i++)
		if (position[i] == wanted)
			return i;
	return -1;
}

static void port_init(struct role_map *map, uint32_t port, enum role role,
		int left, int right)
{
	uint32_t i;

	map->direct[port] = -1;
	switch (role) {
	case ROLE_LEFT:
		map->direct[port] = left >= 0 ? left : 0;
		break;
	case ROLE_RIGHT:
		map->direct[port] = right >= 0 ? right : (int32_t)SPA_MIN(1u, map->n_channels - 1);
		break;
	case ROLE_MONO:
		if (map->n_channels == 1) {
			map->direct[port] = 0;
		} else if (left >= 0 && right >= 0) {
			map->weight[port][left] = map->weight[port][right] = 0.5f;
		} else {
			for (i = 0; i < map->n_channels; i++)
				map->weight[port][i] = 1.0f / map->n_channels;
		}
		break;
	default:
		map->direct[port] = port;
		break;
	}
	if (map->direct[port] >= 0)
		map->weight[port][map->direct[port]] = 1.0f;
}

void role_map_init(struct role_map *map, enum role role, const uint32_t *position, uint32_t n_channels)
{
	int left = find_position(position, n_channels, SPA_AUDIO_CHANNEL_FL);
	int right = find_position(position, n_channels, SPA_AUDIO_CHANNEL_FR);
	uint32_t port;

	spa_assert(n_channels > 0 && n_channels <= ROLE_CHANNELS_MAX);

	spa_zero(*map);
	map->n_channels = n_channels;
	for (port = 0; port < n_channels; port++)
		port_init(map, port, role, left, right);
}

const char *role_name(enum role role)
{
	return role < ROLE_N ? role_names[role] : NULL;
}

int role_from_name(const char *name)
{
	int i;

	for (i = 0; i < ROLE_N; i++)
		if (spa_streq(name, role_names[i]))
			return i;
	return -EINVAL;
}
