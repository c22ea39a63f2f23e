/* What a client reads of what a tracker tells */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "client/track.h"
#include "harness.h"

#define A	"AA:00:00:00:00:01"
#define B	"AA:00:00:00:00:02"

static const char told[] = "{ \"version\": 1, \"state\": \"listening\", \"since\": 1790000000, \"microphone\": \"alsa_input.laptop\", "
	"\"speakers\": { \"" A "\": { \"state\": \"tracking\", \"since\": 1790000012, \"skew.msec\": -0.0200, "
	"\"sigma.msec\": 0.0310 }, \"" B "\": { \"state\": \"holding\", \"reason\": \"too-quiet\" } } }";

static void what_is_told_is_read(void)
{
	struct track_told all;
	struct track_heard h;

	check(track_read(told, &all));
	check(spa_streq(all.state, "listening") && spa_streq(all.microphone, "alsa_input.laptop"));
	check(track_find(told, A, &h));
	check(spa_streq(h.state, "tracking") && h.since == 1790000012 && h.skew_ms == -0.02 && h.sigma_ms == 0.031);
	check(track_find(told, B, &h));
	check(spa_streq(h.state, "holding") && spa_streq(h.reason, "too-quiet"));
	check(h.since == 0 && isnan(h.skew_ms) && isnan(h.sigma_ms));
	check(!track_find(told, "AA:00:00:00:00:03", &h));
}

static void what_is_nothing_of_the_kind_tells_nothing(void)
{
	static const char * const broken[] = {
		"loud", "[ ]", "{ }", "{ \"state\": \"listening\"", "{ \"speakers\": { } }",
		"{ \"speakers\": [ { \"" A "\": { \"state\": \"tracking\" } } ] }",
		"{ \"speakers\": { \"" A "\": \"tracking\" } }",
		"{ \"speakers\": { \"" A "\": { \"reason\": \"too-quiet\" } } }",
		"{ \"speakers\": { \"" A "\": { \"state\": \"a state that is longer than any\" } } }",
	};
	struct track_told all;
	struct track_heard h;
	size_t i;

	check(!track_read(NULL, &all) && !track_find(NULL, A, &h));
	for (i = 0; i < SPA_N_ELEMENTS(broken); i++)
		check(!track_read(broken[i], &all) && !track_find(broken[i], A, &h));
	check(track_find("{ speakers = { \"" A "\" = { state = lost since = -1 skew.msec = nan sigma.msec = -1 } } }", A, &h));
	check(h.since == 0 && isnan(h.skew_ms) && isnan(h.sigma_ms));
}

int main(void)
{
	run(what_is_told_is_read);
	run(what_is_nothing_of_the_kind_tells_nothing);
	return harness_finish();
}
