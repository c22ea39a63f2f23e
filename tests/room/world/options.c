/* What a device of the room is like */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <gio/gio.h>

#include "world/options.h"

#define BOTH	(OPTIONS_SPEAKER | OPTIONS_ECHO)
#define ALL	(BOTH | OPTIONS_SET)

/* SBC's own limits */
#define BITPOOL_MIN	2
#define BITPOOL_MAX	250

#define FIELD(f)	offsetof(struct options, f)

/* d: double, u: uint32_t, i: int32_t, s: string, b: bool, e: one of names, r: rates, R: a rate */
struct option {
	const char *key;
	char type;
	size_t offset;
	double min, max;
	int use;
	const char * const *names;
	size_t n_names;
};

static const char * const acquire_names[] = { "ok", "fail", "never" };
static const char * const pairing_names[] = { "just-works", "confirm", "pin", "unasked" };
static const char * const rate_names[] = { "44100", "48000", "44100,48000", "48000,44100" };

static const struct option table[] = {
	{ "name", 's', FIELD(name), 1, 64, BOTH },
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
	{ "ppm", 'd', FIELD(speaker_config.ppm), -5000, 5000, ALL },
	{ "loss", 'd', FIELD(link_config.loss), 0, 1, ALL },
	{ "queue.packets", 'u', FIELD(link_config.queue_packets), 1, LINK_QUEUE_MAX, ALL },
	{ "service.msec", 'd', FIELD(link_config.service_ms), 0, 1000, ALL },
	{ "jitter.msec", 'd', FIELD(link_config.jitter_ms), 0, 1000, ALL },
	{ "bitpool", 'u', FIELD(bitpool), BITPOOL_MIN, BITPOOL_MAX, OPTIONS_SPEAKER | OPTIONS_SET },
	{ "rates", 'r', 0, 0, 0, ALL, rate_names, G_N_ELEMENTS(rate_names) },
	{ "source", 'b', FIELD(source), 0, 0, OPTIONS_SPEAKER },
	{ "speaker", 'b', FIELD(speaker), 0, 0, OPTIONS_ECHO },
	{ "handsfree", 'b', FIELD(handsfree), 0, 0, OPTIONS_SPEAKER },
	{ "loop", 'b', FIELD(echo_config.loop), 0, 0, ALL },
	{ "rate", 'R', FIELD(echo_config.rate), 44100, 48000, BOTH },
	{ "jitter.kind", 'e', FIELD(kind), 0, 0, ALL, echo_jitter_names, ECHO_N_JITTERS },
};

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
		.speaker_config = { .model = SPEAKER_FIXED, .latency_ms = 150.0, .gain = 1.0 },
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

static bool number(GVariant *value, double *v)
{
	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_DOUBLE: *v = g_variant_get_double(value); return true;
	case G_VARIANT_CLASS_BYTE: *v = g_variant_get_byte(value); return true;
	case G_VARIANT_CLASS_INT16: *v = g_variant_get_int16(value); return true;
	case G_VARIANT_CLASS_UINT16: *v = g_variant_get_uint16(value); return true;
	case G_VARIANT_CLASS_INT32: *v = g_variant_get_int32(value); return true;
	case G_VARIANT_CLASS_UINT32: *v = g_variant_get_uint32(value); return true;
	case G_VARIANT_CLASS_INT64: *v = g_variant_get_int64(value); return true;
	case G_VARIANT_CLASS_UINT64: *v = g_variant_get_uint64(value); return true;
	default: return false;
	}
}

static char *allowed(const struct option *opt)
{
	GString *text;
	size_t i;

	switch (opt->type) {
	case 's':
		return g_strdup_printf("text of %g to %g characters%s", opt->min, opt->max,
				       opt->offset == FIELD(name) ? " without '/'" : "");
	case 'b':
		return g_strdup("true or false");
	case 'R':
		return g_strdup("44100 or 48000");
	case 'd':
		return g_strdup_printf("a number from %g to %g", opt->min, opt->max);
	case 'u':
	case 'i':
		return g_strdup_printf("a whole number from %.0f to %.0f", opt->min, opt->max);
	default:
		text = g_string_new("one of");
		for (i = 0; i < opt->n_names; i++)
			g_string_append_printf(text, "%s \"%s\"", i > 0 ? "," : "", opt->names[i]);
		return g_string_free(text, FALSE);
	}
}

static int find_name(const struct option *opt, GVariant *value)
{
	size_t i;

	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
		return -1;
	for (i = 0; i < opt->n_names; i++)
		if (g_str_equal(opt->names[i], g_variant_get_string(value, NULL)))
			return i;
	return -1;
}

static bool read_string(struct options *o, const struct option *opt, GVariant *value)
{
	char **field = (char **)((char *)o + opt->offset);
	size_t length;
	const char *text;

	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
		return false;
	text = g_variant_get_string(value, &length);
	if (length < opt->min || length > opt->max)
		return false;
	/* It becomes a part of file names. */
	if (opt->offset == FIELD(name) && strchr(text, '/') != NULL)
		return false;
	g_free(*field);
	*field = g_strdup(text);
	return true;
}

static bool read_value(struct options *o, const struct option *opt, GVariant *value)
{
	void *field = (char *)o + opt->offset;
	double v = 0.0;
	int n;

	switch (opt->type) {
	case 's':
		return read_string(o, opt, value);
	case 'b':
		if (!g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
			return false;
		*(bool *)field = g_variant_get_boolean(value);
		return true;
	case 'e':
		if ((n = find_name(opt, value)) < 0)
			return false;
		*(int32_t *)field = n;
		return true;
	case 'r':
		if ((n = find_name(opt, value)) < 0)
			return false;
		o->rate_44100 = strstr(rate_names[n], "44100") != NULL;
		o->rate_48000 = strstr(rate_names[n], "48000") != NULL;
		return true;
	}
	/* Written so that NaN is refused. */
	if (!number(value, &v) || !(v >= opt->min && v <= opt->max))
		return false;
	switch (opt->type) {
	case 'd':
		*(double *)field = v;
		return true;
	case 'R':
		*(uint32_t *)field = v;
		return v == opt->min || v == opt->max;
	case 'u':
		*(uint32_t *)field = v;
		return v == (uint32_t)v;
	default:
		*(int32_t *)field = v;
		return v == (int32_t)v;
	}
}

static const struct option *find(const char *key)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(table); i++)
		if (g_str_equal(table[i].key, key))
			return &table[i];
	return NULL;
}

static bool read_one(struct options *o, const char *key, GVariant *value, enum option_use use,
		     GError **error)
{
	const struct option *opt = find(key);

	if (opt == NULL || (opt->use & use) != (int)use) {
		g_autoptr(GString) keys = g_string_new(NULL);
		size_t i;

		for (i = 0; i < G_N_ELEMENTS(table); i++)
			if ((table[i].use & use) == (int)use)
				g_string_append_printf(keys, "%s%s", keys->len > 0 ? ", " : "", table[i].key);
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "option '%s' %s; allowed: %s", key,
			    opt == NULL ? "is unknown" : "cannot be set here", keys->str);
		return false;
	}
	if (!read_value(o, opt, value)) {
		g_autofree char *text = g_variant_print(value, FALSE), *may = allowed(opt);

		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "option '%s' = %s; allowed: %s", key, text, may);
		return false;
	}
	return true;
}

/* What the table cannot write to directly */
static void settle(struct options *o, enum option_use use)
{
	double v = o->volume / 127.0;

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
	GVariantIter iter;
	const char *key;
	GVariant *value;
	bool good = true;

	options_copy(&new, o);
	g_variant_iter_init(&iter, dict);
	while (good && g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
		good = read_one(&new, key, value, use, error);
		g_variant_unref(value);
	}
	if (!good) {
		options_finish(&new);
		return false;
	}
	settle(&new, use);
	options_finish(o);
	*o = new;
	return true;
}
