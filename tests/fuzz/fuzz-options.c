/* Fuzz target: what a device of the room is told to be */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* The input is a byte for the kind of device, and a dictionary as D-Bus sends it. */

#include <math.h>

#include "fuzz.h"
#include "world/options.h"

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
	fuzz_check(o->mtu >= 48 && o->mtu <= LINK_MTU_MAX);
	fuzz_check(o->link_config.queue_packets >= 1 && o->link_config.queue_packets <= LINK_QUEUE_MAX);
	fuzz_check(o->link_config.loss >= 0.0 && o->link_config.loss <= 1.0);
	fuzz_check(o->rate_44100 || o->rate_48000);
	fuzz_check(o->name == NULL || strchr(o->name, '/') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum option_use uses[] = { OPTIONS_SPEAKER, OPTIONS_ECHO,
		OPTIONS_SPEAKER | OPTIONS_SET, OPTIONS_ECHO | OPTIONS_SET };
	struct fuzz_input in = { data, size };
	enum option_use use = uses[fuzz_u8(&in) % G_N_ELEMENTS(uses)];
	g_autoptr(GError) error = NULL;
	struct options options;
	GVariant *dict;
	GBytes *bytes;

	bytes = g_bytes_new(in.data, in.size);
	dict = g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE));
	options_init(&options, use, 1);
	fuzz_check(options_read(&options, dict, use, &error) == (error == NULL));
	check_options(&options);
	options_finish(&options);
	g_variant_unref(dict);
	g_bytes_unref(bytes);
	return 0;
}
