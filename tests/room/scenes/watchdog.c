/* Scene watchdog: a stall of the machine is seen, and spoils nothing but the attempt */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include "stage/tally.h"

/*
 * The stall is staged: everything in the room, the runner with its watchdog too, is stopped
 * for 30 ms. A machine that stalls by itself at the same time may add to what is counted.
 */
static const struct part {
	const char *name, *text;
	int staged;
	bool own;
} parts[] = {
	{ "once", "everything is stopped in the first attempt: seen, and the run repeated", 1, false },
	{ "always", "everything is stopped in every attempt: nothing is known", SCENE_ATTEMPTS, false },
	{ "own", "a process of the room's uses the processor all the while: a failure", SCENE_ATTEMPTS, true },
};

/* The machine stalled in those attempts, too, in which nothing was staged */
static bool is_spoilt(const struct part *part, const struct tally *t)
{
	return !part->own && part->staged < SCENE_ATTEMPTS && t->spoilt == 1;
}

static bool is_right(const struct part *part, const struct tally *t, enum scene_verdict verdict)
{
	if (part->own)
		return t->own_stalls == 1 && t->discarded == SCENE_ATTEMPTS && verdict == SCENE_NOT_WELL;
	if (part->staged == SCENE_ATTEMPTS)
		return t->discarded == SCENE_ATTEMPTS && t->spoilt == 1 && verdict == SCENE_INCONCLUSIVE;
	return t->discarded >= 1 && t->spoilt == 0 && t->worst->len == 1 && verdict == SCENE_WELL;
}

/* An enum scene_verdict */
static int run_part(const struct scene_type *type, const struct scene_options *options,
		    const struct part *part, struct json *j)
{
	struct scene_options o = *options;
	enum scene_verdict verdict;
	struct tally tally;
	bool right, spoilt;
	int res;

	o.staged = part->staged;
	o.staged_own = part->own;
	tally_init(&tally, STACK_MODULE);
	if (o.json) {
		json_begin(j, part->name, '{');
		json_begin(j, "runs", '[');
	} else {
		printf("== %s\n", part->text);
	}
	res = scene_run_tally(type, &o, &tally, 0, j);
	if (o.json)
		json_end(j, ']');
	verdict = tally_tell(type, &tally, o.json, j);
	right = is_right(part, &tally, verdict);
	spoilt = is_spoilt(part, &tally);
	if (o.json) {
		json_bool(j, "as_expected", right);
		json_end(j, '}');
	} else {
		printf("%s\n", right ? "as expected" : spoilt ? "the machine stalled by itself each time" :
				"NOT AS EXPECTED");
	}
	tally_finish(&tally);
	return res < 0 ? SCENE_COULD_NOT_RUN : right ? SCENE_WELL : spoilt ? SCENE_INCONCLUSIVE :
		SCENE_NOT_WELL;
}

static int run_watchdog(const struct scene_type *type, const struct scene_options *o, struct json *j)
{
	struct scene_options real = *o;
	int verdict = SCENE_WELL;

	/* on the other clock a stall of everything is none */
	real.own_clock = false;
	if (o->json) {
		json_begin(j, NULL, '{');
		json_string(j, "scene", type->name);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(parts) && verdict != SCENE_COULD_NOT_RUN; i++) {
		int v = run_part(type, &real, &parts[i], j);

		/* what went wrong tells more than what nobody knows */
		if (v != SCENE_WELL && verdict != SCENE_NOT_WELL)
			verdict = v;
	}
	if (o->json) {
		json_bool(j, "ok", verdict == SCENE_WELL);
		json_end(j, '}');
	} else {
		printf("verdict: %s\n", scene_verdict_names[verdict]);
	}
	return verdict;
}

const struct scene_type scenes_watchdog[] = {
	{ .name = "watchdog", .text = "a staged stall of everything is seen, and the run repeated",
	  .runs = 1, .speakers = 2, .seconds = 3.0, .bounds = { .worst = 1.0 }, .play = scene_play_start,
	  .whole = run_watchdog, .real = "the stall of a machine is what it is about" },
	{ 0 },
};
