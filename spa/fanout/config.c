/* Fan-out node: the properties it is created with */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <spa/param/audio/raw-types.h>
#include <spa/utils/json.h>
#include <spa/utils/keys.h>
#include <spa/utils/string.h>

#include "fanout/config.h"
#include "names.h"

#define KEY_CHANNELS	"audio.channels"
#define KEY_POSITION	"audio.position"
#define KEY_RATE	"audio.rate"

#define RATE_DEFAULT	48000

static const uint32_t default_positions[ROLE_CHANNELS_MAX][ROLE_CHANNELS_MAX] = {
	{ SPA_AUDIO_CHANNEL_MONO },
	{ SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR },
	{ SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR, SPA_AUDIO_CHANNEL_LFE },
	{ SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR, SPA_AUDIO_CHANNEL_RL, SPA_AUDIO_CHANNEL_RR },
	{ SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR, SPA_AUDIO_CHANNEL_FC, SPA_AUDIO_CHANNEL_RL,
		SPA_AUDIO_CHANNEL_RR },
	{ SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR, SPA_AUDIO_CHANNEL_FC, SPA_AUDIO_CHANNEL_LFE,
		SPA_AUDIO_CHANNEL_RL, SPA_AUDIO_CHANNEL_RR },
	{ SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR, SPA_AUDIO_CHANNEL_FC, SPA_AUDIO_CHANNEL_LFE,
		SPA_AUDIO_CHANNEL_RC, SPA_AUDIO_CHANNEL_SL, SPA_AUDIO_CHANNEL_SR },
	{ SPA_AUDIO_CHANNEL_FL, SPA_AUDIO_CHANNEL_FR, SPA_AUDIO_CHANNEL_FC, SPA_AUDIO_CHANNEL_LFE,
		SPA_AUDIO_CHANNEL_RL, SPA_AUDIO_CHANNEL_RR, SPA_AUDIO_CHANNEL_SL,
		SPA_AUDIO_CHANNEL_SR },
};

static int parse_number(const struct spa_dict *info, const char *key, uint32_t min, uint32_t max,
		uint32_t *value, struct fanout_error *error)
{
	const char *str = info ? spa_dict_lookup(info, key) : NULL;
	uint32_t v;

	if (str == NULL)
		return 0;
	/* strtoull() takes a sign as well, and wraps around */
	if (strspn(str, "0123456789") != strlen(str) || !spa_atou32(str, &v, 10) || v < min || v > max) {
		snprintf(error->text, sizeof(error->text), "%s = '%s': not a number from %u to %u",
				key, str, min, max);
		return -EINVAL;
	}
	*value = v;
	return 1;
}

static int parse_position(const char *str, uint32_t *position, struct fanout_error *error)
{
	struct spa_json iter;
	char name[64];
	uint32_t n = 0, i;

	if (spa_json_begin_array_relax(&iter, str, strlen(str)) < 0)
		goto error;

	while (spa_json_get_string(&iter, name, sizeof(name)) > 0) {
		uint32_t channel = spa_type_audio_channel_from_short_name(name);

		if (n == ROLE_CHANNELS_MAX || channel == SPA_AUDIO_CHANNEL_UNKNOWN)
			goto error;
		/* names of ports have to differ */
		for (i = 0; i < n; i++)
			if (position[i] == channel)
				goto error;
		position[n++] = channel;
	}
	if (n > 0)
		return n;
error:
	snprintf(error->text, sizeof(error->text),
			KEY_POSITION " = '%s': not a list of 1 to %u different channels, "
			"as [ FL FR ]", str, ROLE_CHANNELS_MAX);
	return -EINVAL;
}

static int parse_channels(struct fanout_args *args, const struct spa_dict *info,
		struct fanout_error *error)
{
	const char *position = info ? spa_dict_lookup(info, KEY_POSITION) : NULL;
	int n_channels, n_position;

	if ((n_channels = parse_number(info, KEY_CHANNELS, 1, ROLE_CHANNELS_MAX,
					&args->n_channels, error)) < 0)
		return n_channels;
	if (position == NULL) {
		memcpy(args->position, default_positions[args->n_channels - 1],
				sizeof(args->position));
		return 0;
	}
	if ((n_position = parse_position(position, args->position, error)) < 0)
		return n_position;
	if (n_channels > 0 && (uint32_t)n_position != args->n_channels) {
		snprintf(error->text, sizeof(error->text),
				KEY_POSITION " = '%s': %d channels, but " KEY_CHANNELS " = %u",
				position, n_position, args->n_channels);
		return -EINVAL;
	}
	args->n_channels = n_position;
	return 0;
}

int fanout_args_parse(struct fanout_args *args, const struct spa_dict *info,
		struct fanout_error *error)
{
	int res;

	*args = (struct fanout_args) {
		.n_channels = 2,
		.rate = RATE_DEFAULT,
		.history_msec = FANOUT_HISTORY_MSEC_DEFAULT,
		.slew_ppm = FANOUT_SLEW_PPM_DEFAULT,
	};

	if ((res = parse_channels(args, info, error)) < 0)
		return res;
	if ((res = parse_number(info, KEY_RATE, FANOUT_RATE_MIN, FANOUT_RATE_MAX,
					&args->rate, error)) < 0)
		return res;
	if ((res = parse_number(info, BLUEZ_COMBINE_FANOUT_OUTPUTS, 0, FANOUT_OUTPUTS_MAX,
					&args->n_outputs, error)) < 0)
		return res;
	if ((res = parse_number(info, BLUEZ_COMBINE_FANOUT_HISTORY, 1, FANOUT_HISTORY_MSEC_MAX,
					&args->history_msec, error)) < 0)
		return res;
	if ((res = parse_number(info, BLUEZ_COMBINE_FANOUT_SLEW, 0, FANOUT_SLEW_PPM_MAX,
					&args->slew_ppm, error)) < 0)
		return res;
	return 0;
}
