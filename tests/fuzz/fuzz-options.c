/* Fuzz target: what a device or a microphone of the room is told to be */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is a byte for the kind of thing, and a dictionary as D-Bus sends it. */

#include <math.h>

#include "fuzz.h"
#include "world/microphone.h"
#include "world/options.h"

#define MICROPHONE	4	/* a bit of the byte; the two below say which use of it */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static void check_options(const struct options *o)
{
	fuzz_check(o->speaker_config.model < SPEAKER_N_MODELS);
	fuzz_check(o->speaker_config.start < SPEAKER_N_STARTS);
	fuzz_check(o->speaker_config.latency_ms >= 0.0 && o->speaker_config.latency_ms <= 5000.0);
	fuzz_check(fabs(o->speaker_config.ppm) <= 5000.0);
	fuzz_check(o->speaker_config.decay_ms >= 0.0 && o->speaker_config.decay_s >= 1.0);
	fuzz_check(o->speaker_config.cabinet.limiter_db <= 0.0 && o->speaker_config.cabinet.dynamic_db >= 0.0);
	fuzz_check(o->mtu >= 48 && o->mtu <= LINK_MTU_MAX);
	fuzz_check(o->link_config.queue_packets >= 1 && o->link_config.queue_packets <= LINK_QUEUE_MAX);
	fuzz_check(o->link_config.loss >= 0.0 && o->link_config.loss <= 1.0);
	fuzz_check(o->rate_44100 || o->rate_48000);
	fuzz_check(o->name == NULL || strchr(o->name, '/') == NULL);
}

static void try_device(GVariant *dict, uint32_t kind)
{
	static const enum option_use uses[] = { OPTIONS_SPEAKER, OPTIONS_ECHO,
		OPTIONS_SPEAKER | OPTIONS_SET, OPTIONS_ECHO | OPTIONS_SET };
	enum option_use use = uses[kind % G_N_ELEMENTS(uses)];
	g_autoptr(GError) error = NULL;
	struct options options;

	options_init(&options, use, 1);
	fuzz_check(options_read(&options, dict, use, &error) == (error == NULL));
	check_options(&options);
	options_finish(&options);
}

static void try_microphone(GVariant *dict, uint32_t kind)
{
	static const enum microphone_use uses[] = { MICROPHONE_NEW, MICROPHONE_SET, MICROPHONE_PATH };
	g_autoptr(GError) error = NULL;
	struct microphone_options options;

	microphone_options_init(&options, 1);
	fuzz_check(microphone_options_read(&options, dict, uses[kind % G_N_ELEMENTS(uses)], &error) == (error == NULL));
	fuzz_check(options.path.distance_m >= 0.0 && options.path.distance_m <= 50.0);
	fuzz_check(fabs(options.path.walk_m) <= 10.0 && options.path.walk_s >= 1.0);
	fuzz_check(options.pickup.rate >= 8000 && options.pickup.latency_ms >= 16.0);
	fuzz_check(options.move_ms >= 0.0);
	microphone_options_finish(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint32_t kind = fuzz_u8(&in);
	GVariant *dict;
	GBytes *bytes;

	bytes = g_bytes_new(in.data, in.size);
	dict = g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE));
	if (kind & MICROPHONE)
		try_microphone(dict, kind & 3);
	else
		try_device(dict, kind);
	g_variant_unref(dict);
	g_bytes_unref(bytes);
	return 0;
}
