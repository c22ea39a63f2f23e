/* What a device of the room is like */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stddef.h>
#include <string.h>

#include "world/option.h"
#include "world/options.h"

#define BOTH	(OPTIONS_SPEAKER | OPTIONS_ECHO)
#define ALL	(BOTH | OPTIONS_SET)

/* SBC's own limits */
#define BITPOOL_MIN	2
#define BITPOOL_MAX	250

#define FIELD(f)	offsetof(struct options, f)

static const char * const acquire_names[] = { "ok", "fail", "never" };
static const char * const pairing_names[] = { "just-works", "confirm", "pin", "unasked" };
static const char * const rate_names[] = { "44100,48000", "48000,44100", "44100", "48000" };

static const struct option device_options[] = {
	{ "name", 'n', FIELD(name), 1, 64, BOTH },
	{ "adapter", 's', FIELD(adapter), 1, 16, BOTH },
	{ "vendor", 's', FIELD(vendor), 0, 32, BOTH },
	{ "wav", 's', FIELD(wav), 1, 4096, BOTH },
	{ "seed", 'u', FIELD(seed), 0, UINT32_MAX, BOTH },
	{ "mtu", 'u', FIELD(mtu), 48, LINK_MTU_MAX, BOTH },
	{ "volume", 'i', FIELD(volume), 0, 127, ALL },
	{ "acquire", 'e', FIELD(acquire), 0, 0, ALL, acquire_names, G_N_ELEMENTS(acquire_names) },
	{ "acquire.msec", 'd', FIELD(acquire_ms), 0, 60000, ALL },
	{ "release.msec", 'd', FIELD(release_ms), 0, 60000, ALL },
	{ "paired", 'b', FIELD(paired), 0, 0, BOTH },
	{ "trusted", 'b', FIELD(trusted), 0, 0, BOTH },
	{ "audio", 'b', FIELD(audio), 0, 0, BOTH },
	{ "input", 'b', FIELD(input), 0, 0, BOTH },
	{ "hidden", 'b', FIELD(no_pairing_mode), 0, 0, ALL },
	{ "pairing", 'e', FIELD(pairing), 0, 0, BOTH, pairing_names, G_N_ELEMENTS(pairing_names) },
	{ "pair.msec", 'd', FIELD(pair_ms), 0, 60000, BOTH },
	{ "pair.error", 's', FIELD(pair_error), 0, 64, ALL },
	{ "discover.msec", 'd', FIELD(discover_ms), 0, 60000, BOTH },
	{ "connect.msec", 'd', FIELD(connect_ms), 0, 60000, BOTH },
	{ "connect.error", 's', FIELD(connect_error), 0, 64, ALL },
	{ "model", 'e', FIELD(model), 0, 0, ALL, speaker_model_names, SPEAKER_N_MODELS },
	{ "start", 'e', FIELD(start), 0, 0, ALL, speaker_start_names, SPEAKER_N_STARTS },
	{ "latency.msec", 'd', FIELD(speaker_config.latency_ms), 0, 5000, ALL },
	{ "report.msec", 'd', FIELD(report_ms), 0, 6553.5, ALL },
	{ "spread.msec", 'd', FIELD(speaker_config.spread_ms), 0, 1000, ALL },
	{ "wake.msec", 'd', FIELD(speaker_config.wake_ms), 0, 10000, ALL },
	{ "sleep.msec", 'd', FIELD(speaker_config.sleep_ms), 0, 600000, ALL },
	{ "dsp.frames", 'd', FIELD(speaker_config.dsp_frames), 0, 100000, ALL },
	{ "decay.msec", 'd', FIELD(speaker_config.decay_ms), 0, 5000, ALL },
	{ "decay.sec", 'd', FIELD(speaker_config.decay_s), 1, 100000, ALL },
	{ "low.hz", 'd', FIELD(speaker_config.cabinet.low_hz), 0, 20000, ALL },
	{ "high.hz", 'd', FIELD(speaker_config.cabinet.high_hz), 0, 20000, ALL },
	{ "harmonic", 'd', FIELD(speaker_config.cabinet.harmonic), 0, 0.4, ALL },
	{ "bass.hz", 'd', FIELD(speaker_config.cabinet.bass_hz), 0, 1000, ALL },
	{ "bass.msec", 'd', FIELD(speaker_config.cabinet.bass_ms), 0, CABINET_BASS_MAX_MS, ALL },
	{ "limiter.db", 'd', FIELD(speaker_config.cabinet.limiter_db), -60, 0, ALL },
	{ "dynamic.db", 'd', FIELD(speaker_config.cabinet.dynamic_db), 0, 24, ALL },
	{ "ppm", 'd', FIELD(speaker_config.ppm), -5000, 5000, ALL },
	{ "loss", 'd', FIELD(link_config.loss), 0, 1, ALL },
	{ "queue.packets", 'u', FIELD(link_config.queue_packets), 1, LINK_QUEUE_MAX, ALL },
	{ "service.msec", 'd', FIELD(link_config.service_ms), 0, 1000, ALL },
	{ "jitter.msec", 'd', FIELD(link_config.jitter_ms), 0, 1000, ALL },
	{ "bitpool", 'u', FIELD(bitpool), BITPOOL_MIN, BITPOOL_MAX, OPTIONS_SPEAKER | OPTIONS_SET },
	{ "rates", 'e', FIELD(rates), 0, 0, ALL, rate_names, G_N_ELEMENTS(rate_names) },
	{ "source", 'b', FIELD(source), 0, 0, OPTIONS_SPEAKER },
	{ "speaker", 'b', FIELD(speaker), 0, 0, OPTIONS_ECHO },
	{ "handsfree", 'b', FIELD(handsfree), 0, 0, OPTIONS_SPEAKER },
	{ "loop", 'b', FIELD(echo_config.loop), 0, 0, ALL },
	{ "rate", 'R', FIELD(echo_config.rate), 44100, 48000, BOTH },
	{ "jitter.kind", 'e', FIELD(kind), 0, 0, ALL, echo_jitter_names, ECHO_N_JITTERS },
};
static const struct option_table table = { device_options, G_N_ELEMENTS(device_options) };

void options_init(struct options *o, enum option_use use, uint32_t seed)
{
	*o = (struct options) {
		.adapter = g_strdup("hci0"),
		/* Amazon's company id, and a maker of speakers */
		.vendor = g_strdup(use & OPTIONS_ECHO ? "bluetooth:0171" : "bluetooth:0057"),
		.speaker = use & OPTIONS_SPEAKER,
		.source = use & OPTIONS_ECHO,
		.rate_44100 = true,
		.rate_48000 = true,
		.bitpool = 53,
		.report_ms = -1.0,
		.mtu = 672,
		.volume = -1,
		.seed = seed,
		.paired = true,
		.trusted = true,
		.audio = true,
		.pair_ms = 300.0,
		.discover_ms = 300.0,
		.connect_ms = 50.0,
		.pair_error = g_strdup(""),
		.connect_error = g_strdup(""),
		.speaker_config = { .model = SPEAKER_FIXED, .latency_ms = 150.0, .gain = 1.0,
			.decay_s = 500.0, .cabinet = { .bass_hz = 120.0 } },
		.link_config = { .queue_packets = 8 },
		.echo_config = { .rate = 44100 },
	};
}

void options_finish(struct options *o)
{
	g_free(o->name);
	g_free(o->adapter);
	g_free(o->vendor);
	g_free(o->wav);
	g_free(o->pair_error);
	g_free(o->connect_error);
	memset(o, 0, sizeof(*o));
}

void options_copy(struct options *to, const struct options *from)
{
	*to = *from;
	to->name = g_strdup(from->name);
	to->adapter = g_strdup(from->adapter);
	to->vendor = g_strdup(from->vendor);
	to->wav = g_strdup(from->wav);
	to->pair_error = g_strdup(from->pair_error);
	to->connect_error = g_strdup(from->connect_error);
}

/* What the table cannot write to directly */
static void settle(struct options *o, enum option_use use)
{
	double v = o->volume / 127.0;

	o->rate_44100 = strstr(rate_names[o->rates], "44100") != NULL;
	o->rate_48000 = strstr(rate_names[o->rates], "48000") != NULL;
	o->speaker_config.model = o->model;
	o->speaker_config.start = o->start;
	o->echo_config.kind = o->kind;
	/* PipeWire's volume for AVRCP is cubic. */
	o->speaker_config.gain = o->volume < 0 ? 1.0 : v * v * v;
	/* The clock and the jitter of a device are those of its part in the room. */
	if (o->source) {
		o->echo_config.ppm = o->speaker_config.ppm;
		o->echo_config.jitter_ms = o->link_config.jitter_ms;
	}
	if (use & OPTIONS_SPEAKER)
		o->speaker = true;
	if (use & OPTIONS_ECHO)
		o->source = true;
}

bool options_read(struct options *o, GVariant *dict, enum option_use use, GError **error)
{
	struct options new;

	options_copy(&new, o);
	if (!option_read(&table, &new, dict, use, error)) {
		options_finish(&new);
		return false;
	}
	settle(&new, use);
	options_finish(o);
	*o = new;
	return true;
}
