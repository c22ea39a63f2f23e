/* What a client reads of an entry calibration.<address>, and what it makes of it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "client/calibration.h"
#include "client/json.h"
#include "harness.h"

#define SBC_44100	"{ \"by\": \"ear\", \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 12.345678, " \
			"\"was.msec\": 1.500000, \"report.nsec\": 164854000, \"at\": 1800000000, \"sigma.msec\": 0.0300, " \
			"\"arrival.msec\": 7.2886, \"microphone\": \"alsa_input.laptop\" }"
#define SBC_48000	"{ \"codec\": \"sbc\", \"rate\": 48000, \"offset.msec\": -5, \"room\": [ \"kitchen\" ] }"

static const struct calibration_record sbc_44100 = {
	.codec = "sbc", .rate = 44100, .offset_ms = 12.345678, .was_ms = 1.5, .report_ns = 164854000,
	.by_ear = true, .at = 1800000000, .sigma_ms = 0.03, .arrival_ms = 7.2886, .microphone = "alsa_input.laptop",
};

static bool has(const char *json, const char *codec, uint32_t rate, double offset_ms)
{
	struct calibration_record r;

	return calibration_find(json, codec, rate, &r) && r.offset_ms == offset_ms;
}

static bool becomes(char *text, const char *expected)
{
	bool same = spa_streq(text, expected) && json_is_object(text);

	printf("# %s\n", text);
	free(text);
	return same;
}

static void what_is_written_is_read(void)
{
	const struct calibration_record *e = &sbc_44100;
	char *text = calibration_put(NULL, e);
	struct calibration_record r;

	check(calibration_find(text, "sbc", 44100, &r));
	check(spa_streq(r.codec, e->codec) && r.rate == e->rate && r.offset_ms == e->offset_ms && r.was_ms == e->was_ms);
	check(r.report_ns == e->report_ns && r.by_ear && r.at == e->at && r.sigma_ms == e->sigma_ms);
	check(r.arrival_ms == e->arrival_ms && spa_streq(r.microphone, e->microphone));
	check(becomes(text, "{ \"version\": 1, \"records\": [ " SBC_44100 " ] }"));
}

static void what_is_not_said_is_not_known(void)
{
	struct calibration_record r;

	check(calibration_find("{ records = [ { codec = sbc rate = 44100 offset.msec = 3 } ] }", "sbc", 44100, &r));
	check(r.offset_ms == 3.0 && isnan(r.was_ms) && r.report_ns == 0 && !r.by_ear && r.at == 0 && isnan(r.sigma_ms));
	check(isnan(r.arrival_ms) && r.microphone[0] == '\0');
	check(calibration_find("{ \"records\": [ { \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 3, "
			"\"was.msec\": 2001, \"report.nsec\": -1, \"by\": \"eyesight\", \"at\": 1.5, "
			"\"sigma.msec\": [ 1 ], \"arrival.msec\": -1001, \"microphone\": { } } ] }", "sbc", 44100, &r));
	check(isnan(r.was_ms) && r.report_ns == 0 && !r.by_ear && r.at == 0 && isnan(r.sigma_ms));
	check(isnan(r.arrival_ms) && r.microphone[0] == '\0');
}

static void what_is_no_record_is_none(void)
{
	static const char * const broken[] = {
		"loud", "{ \"records\": 3 }", "[ ]", "{ \"records\": [ " SBC_44100,
		"{ \"records\": { \"a\": " SBC_44100 " } }", "{ \"records\": [ [ " SBC_44100 " ] ] }",
		"{ \"records\": [ { \"rate\": 44100, \"offset.msec\": 1 } ] }",
		"{ \"records\": [ { \"codec\": \"\", \"rate\": 44100, \"offset.msec\": 1 } ] }",
		"{ \"records\": [ { \"codec\": \"sbc\", \"rate\": 44100 } ] }",
		"{ \"records\": [ { \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": nan } ] }",
		"{ \"records\": [ { \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": -2000.1 } ] }",
		"{ \"records\": [ { \"codec\": \"sbc\", \"rate\": 44100.5, \"offset.msec\": 1 } ] }",
	};
	struct calibration_record r;
	size_t i;

	check(!calibration_find(NULL, "sbc", 44100, &r));
	for (i = 0; i < SPA_N_ELEMENTS(broken); i++)
		check(!calibration_find(broken[i], "sbc", 44100, &r));
	/* and does not hide one that comes after it */
	check(has("{ \"records\": [ 7, { \"codec\": \"sbc\" }, " SBC_44100 " ] }", "sbc", 44100, 12.345678));
}

static void each_codec_and_rate_has_its_own(void)
{
	static const char json[] = "{ \"records\": [ " SBC_44100 ", " SBC_48000 " ] }";
	struct calibration_record r;

	check(has(json, "sbc", 44100, 12.345678) && has(json, "sbc", 48000, -5.0));
	check(!calibration_find(json, "sbc", 32000, &r) && !calibration_find(json, "sbc_xq", 44100, &r));
	/* of two the newer */
	check(has("{ \"records\": [ " SBC_48000 ", { \"codec\": \"sbc\", \"rate\": 48000, \"offset.msec\": 9 } ] }",
			"sbc", 48000, 9.0));
}

static void a_record_takes_the_place_of_its_like_and_all_else_stays(void)
{
	static const char json[] = "{ \"records\": [ { \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 1 }, " SBC_48000
		" ], \"later\": { \"a\": [ 1 ] } }";

	check(becomes(calibration_put(json, &sbc_44100),
			"{ \"version\": 1, \"later\": { \"a\": [ 1 ] }, \"records\": [ " SBC_48000 ", " SBC_44100 " ] }"));
	check(becomes(calibration_put("{ \"records\": [", &sbc_44100),
			"{ \"version\": 1, \"records\": [ " SBC_44100 " ] }"));
	check(becomes(calibration_drop(json, "sbc", 44100),
			"{ \"version\": 1, \"later\": { \"a\": [ 1 ] }, \"records\": [ " SBC_48000 " ] }"));
	check(becomes(calibration_drop(json, "aac", 44100),
			"{ \"version\": 1, \"later\": { \"a\": [ 1 ] }, \"records\": [ "
			"{ \"codec\": \"sbc\", \"rate\": 44100, \"offset.msec\": 1 }, " SBC_48000 " ] }"));
}

static void of_too_many_the_newest_stay(void)
{
	struct calibration_record r = sbc_44100;
	char *text = NULL, *old;
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(r.codec, sizeof(r.codec), "codec%d", i);
		old = text;
		text = calibration_put(old, &r);
		free(old);
	}
	check(!calibration_find(text, "codec3", 44100, &r));
	for (i = 4; i < 20; i++) {
		snprintf(r.codec, sizeof(r.codec), "codec%d", i);
		check(has(text, r.codec, 44100, 12.345678));
	}
	free(text);
}

/* The object takes out what is longer */
static void a_value_has_room_where_it_is_put(void)
{
	char *json, *text;

	check(asprintf(&json, "{ \"later\": \"%07885d\", \"records\": [ " SBC_48000 " ] }", 0) > 0);
	text = calibration_put(json, &sbc_44100);
	check(strlen(text) <= 8192 && has(text, "sbc", 44100, 12.345678));
	check(strstr(text, "\"later\"") && !has(text, "sbc", 48000, -5.0));
	free(json);
	free(text);
	check(asprintf(&json, "{ \"later\": \"%08100d\" }", 0) > 0);
	text = calibration_put(json, &sbc_44100);
	check(becomes(text, "{ \"version\": 1, \"records\": [ " SBC_44100 " ] }"));
	free(json);
}

static void a_locale_with_a_comma_changes_nothing(void)
{
	bool chosen = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;

	printf("# %s\n", chosen ? "de_DE.UTF-8" : "no such locale here");
	check(becomes(calibration_put(NULL, &sbc_44100), "{ \"version\": 1, \"records\": [ " SBC_44100 " ] }"));
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	run(what_is_written_is_read);
	run(what_is_not_said_is_not_known);
	run(what_is_no_record_is_none);
	run(each_codec_and_rate_has_its_own);
	run(a_record_takes_the_place_of_its_like_and_all_else_stays);
	run(of_too_many_the_newest_stay);
	run(a_value_has_room_where_it_is_put);
	run(a_locale_with_a_comma_changes_nothing);
	return harness_finish();
}
