/* What a microphone of the room is like */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "world/microphone.h"
#include "world/option.h"

#define FIELD(f)	offsetof(struct microphone_options, f)
#define ALL		(MICROPHONE_NEW | MICROPHONE_SET)
#define WAY		(ALL | MICROPHONE_PATH)

static const struct option microphone_options[] = {
	{ "description", 's', FIELD(description), 1, 64, MICROPHONE_NEW },
	{ "seed", 'u', FIELD(seed), 0, UINT32_MAX, MICROPHONE_NEW },
	{ "plugged", 'b', FIELD(plugged), 0, 0, ALL },
	/* the way from a speaker */
	{ "distance.m", 'd', FIELD(path.distance_m), 0, 50, WAY },
	{ "distance.spread.m", 'd', FIELD(distance_spread_m), 0, 25, MICROPHONE_NEW },
	{ "move.msec", 'd', FIELD(move_ms), 0, 60000, WAY },
	{ "walk.m", 'd', FIELD(path.walk_m), -10, 10, WAY },
	{ "walk.sec", 'd', FIELD(path.walk_s), 1, 600, WAY },
	{ "path.db", 'd', FIELD(path.gain_db), -100, 40, WAY },
	{ "t60.sec", 'd', FIELD(path.t60_s), 0, 2, WAY },
	{ "reverb.db", 'd', FIELD(path.reverb_db), -60, 20, WAY },
	{ "reflection.db", 'd', FIELD(path.reflection_db), -100, 20, WAY },
	{ "response", 'u', FIELD(path.seed), 0, UINT32_MAX, MICROPHONE_PATH },
	/* what else there is to hear */
	{ "noise.db", 'd', FIELD(noise_db), -200, 0, ALL },
	{ "talk.db", 'd', FIELD(talk_db), -200, 0, ALL },
	/* the microphone itself */
	{ "rate", 'u', FIELD(pickup.rate), 8000, 192000, MICROPHONE_NEW },
	{ "ppm", 'd', FIELD(pickup.ppm), -1000, 1000, MICROPHONE_NEW },
	{ "latency.msec", 'd', FIELD(pickup.latency_ms), 16, 500, MICROPHONE_NEW },
	{ "gain.db", 'd', FIELD(pickup.gain_db), -100, 60, ALL },
	{ "self-noise.db", 'd', FIELD(pickup.noise_db), -200, 0, ALL },
	{ "agc", 'd', FIELD(pickup.agc), 0, 1, ALL },
	{ "agc.db", 'd', FIELD(pickup.agc_db), -100, 0, ALL },
	{ "clip.db", 'd', FIELD(pickup.clip_db), -100, 0, ALL },
	{ "pop.db", 'd', FIELD(pickup.pop_db), -200, 0, ALL },
	{ "mute", 'b', FIELD(pickup.mute), 0, 0, ALL },
};
static const struct option_table table = { microphone_options, G_N_ELEMENTS(microphone_options) };

void microphone_options_init(struct microphone_options *o, uint32_t seed)
{
	*o = (struct microphone_options) {
		.path = { .distance_m = 1.0, .walk_s = 10.0, .reverb_db = -3.0, .reflection_db = -100.0 },
		.noise_db = -80.0,
		.talk_db = -200.0,
		.pickup = { .rate = 48000, .latency_ms = 20.0, .noise_db = -200.0, .agc_db = -30.0,
			.pop_db = -200.0 },
		.plugged = true,
		.seed = seed,
	};
}

void microphone_options_finish(struct microphone_options *o)
{
	g_free(o->description);
	o->description = NULL;
}

bool microphone_options_read(struct microphone_options *o, GVariant *dict, enum microphone_use use, GError **error)
{
	struct microphone_options new = *o;

	new.description = g_strdup(o->description);
	if (!option_read(&table, &new, dict, use, error)) {
		microphone_options_finish(&new);
		return false;
	}
	microphone_options_finish(o);
	*o = new;
	return true;
}
