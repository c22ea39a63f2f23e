/* The parts of the loop, each by itself */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "harness.h"
#include "track/common.h"
#include "track/drift.h"
#include "track/guess.h"
#include "track/moved.h"
#include "track/pattern.h"

#define US	1e-6
#define MS	1e-3

static bool is_near(double a, double b, double within)
{
	return fabs(a - b) <= within;
}

/* drift.h */

/* Of the filter's own formula: after two readings of x alone, with nothing that wanders, r is what leads from one to the other */
static void two_readings_make_a_rate(void)
{
	struct drift d;

	drift_begin(&d, 0.0, 1 * MS, 1e-9, 0.0, 1.0);
	drift_go_on(&d, 10.0);
	drift_correct(&d, 0.4 * MS - (d.late_s - 1 * MS), 1e-18);
	check(is_near(d.late_s, 1.4 * MS, 1 * US) && is_near(d.rate, 40e-6, 0.1e-6));
	check(is_near(drift_late_s(&d, 20.0), 1.8 * MS, 1 * US));
}

static void what_nobody_hears_is_less_and_less_sure(void)
{
	struct drift d;
	double t, last = 0.0;

	drift_begin(&d, 0.0, 0.0, 10 * US, 0.0, 1e-6);
	for (t = 0.0; t <= 100.0; t += 10.0) {
		check(drift_sigma_s(&d, t) > last);
		last = drift_sigma_s(&d, t);
	}
	/* and it does not matter in how many pieces the time passes */
	for (t = 0.0; t <= 100.0; t += 0.5)
		drift_go_on(&d, t);
	check(is_near(sqrt(d.late_var), last, 0.01 * US));
}

/* x(t) = a t^2 / 2 is what a buffer that decays comes to: 57 ms with a time constant of 500 s */
static void a_rate_that_changes_is_followed(void)
{
	const double a = 57 * MS / (500.0 * 500.0);
	double t, error = 0.0;
	struct drift d;

	drift_begin(&d, 0.0, 0.0, 20 * US, 0.0, 60e-6);
	for (t = 3.0; t <= 600.0; t += 3.0) {
		drift_go_on(&d, t);
		drift_correct(&d, a * t * t / 2.0 - d.late_s, 20 * US * 20 * US * 4.0);
		if (t > 60.0)
			error = fmax(error, fabs(drift_late_s(&d, t + 8.0) - a * (t + 8.0) * (t + 8.0) / 2.0));
	}
	note("8 s ahead it is off by %.1f us", error / US);
	check(error <= 100 * US);
}

/* common.h */

static void what_most_have_in_common_is_the_microphones(void)
{
	struct common_speaker s[] = {
		{ .error_s = 2.01 * MS, .variance = 9e-10 }, { .error_s = 22 * MS, .variance = 9e-10 },
		{ .error_s = 1.99 * MS, .variance = 9e-10 }, { .error_s = 2.0 * MS, .variance = 9e-10 },
	};

	check(is_near(common_find(s, 4, true), 2.0 * MS, 1 * US));
	check(s[0].still && !s[1].still && s[2].still && s[3].still);
	/* but no clock of one does that */
	check(common_find(s, 4, false) == 0.0 && !s[0].still && !s[1].still && !s[2].still && !s[3].still);
}

static void of_two_the_one_that_stands_still_tells_who_has_jumped(void)
{
	struct common_speaker s[] = {
		{ .error_s = -13.3 * MS, .variance = 9e-10 }, { .error_s = 0.02 * MS, .variance = 9e-10 },
	};

	check(is_near(common_find(s, 2, false), 0.02 * MS, 1 * US));
	check(!s[0].still && s[1].still);
	/* after an interruption nobody knows, and the one stays that moved less */
	check(is_near(common_find(s, 2, true), 0.02 * MS, 1 * US) && s[1].still);
}

/* One that is only just with the others does not draw them to itself */
static void one_that_is_wrong_leads_nobody_astray(void)
{
	struct common_speaker s[] = {
		{ .error_s = 0.01 * MS, .variance = 4e-9 }, { .error_s = -0.02 * MS, .variance = 4e-9 },
		{ .error_s = 0.24 * MS, .variance = 4e-9 },
	};

	check(fabs(common_find(s, 3, false)) <= 0.01 * MS);
	check(s[0].still && s[1].still && !s[2].still);
}

static void who_all_go_another_way_have_nothing_in_common(void)
{
	struct common_speaker s[] = {
		{ .error_s = 2 * MS, .variance = 9e-10 }, { .error_s = -1 * MS, .variance = 9e-10 },
		{ .error_s = 5 * MS, .variance = 9e-10 },
	};

	check(common_find(s, 3, false) == 0.0);
	check(!s[0].still && !s[1].still && !s[2].still);
}

/* guess.h */

static struct guess_window window(double at_s, double late_s)
{
	return (struct guess_window) { .at_s = at_s, .length_s = 12.0, .late_s = late_s, .variance = 4e-10, .rate_sigma = INFINITY };
}

static void hear(struct guess *g, double at_s, double late_s)
{
	struct guess_window w = window(at_s, late_s);

	guess_add(g, &w, 0.0, 20e-6);
}

static void a_large_jump_is_believed_sooner_than_a_small_one(void)
{
	struct guess g = { 0 };

	hear(&g, 0.0, 20 * MS);
	check(!guess_is_sure(&g, 20 * MS));
	hear(&g, 3.0, 20.01 * MS);
	check(!guess_is_sure(&g, 20 * MS));
	hear(&g, 6.0, 19.99 * MS);
	check(guess_is_sure(&g, 20 * MS) && !guess_is_sure(&g, INFINITY) && !guess_is_sure(&g, 2 * MS));
	hear(&g, 9.0, 20 * MS);
	check(guess_is_sure(&g, INFINITY) && !guess_is_sure(&g, 2 * MS));
	hear(&g, 12.0, 20 * MS);
	check(guess_is_sure(&g, 2 * MS));
}

static void windows_that_disagree_begin_anew(void)
{
	struct guess g = { 0 };

	hear(&g, 0.0, 20 * MS);
	hear(&g, 6.0, 25 * MS);
	check_int(g.n, 1);
	hear(&g, 12.0, 25 * MS);
	check(guess_is_sure(&g, 25 * MS));
	/* and so does one that has nothing in common with the last */
	hear(&g, 80.0, 25 * MS);
	check_int(g.n, 1);
}

/* moved.h */

static void a_speaker_jumps_while_another_stands_still(void)
{
	const struct moved_speaker two[] = { { .still = true }, { .sure = true, .step_s = 20 * MS } };
	const struct moved_speaker waits[] = { { .still = true }, { .step_s = 20 * MS } };
	const struct moved_speaker alone[] = { { .sure = true, .step_s = 20 * MS } };

	check_int(moved_judge(two, 2), MOVED_SPEAKERS);
	check_int(moved_judge(waits, 2), MOVED_NOBODY);
	check_int(moved_judge(alone, 1), MOVED_UNCLEAR);
}

static void a_microphone_moves_for_all_and_changes_how_they_sound(void)
{
	struct moved_speaker all[] = {
		{ .sure = true, .step_s = 2 * MS, .altered = true }, { .sure = true, .step_s = -1 * MS, .altered = true },
		{ .sure = false, .step_s = 4 * MS, .altered = true },
	};

	check_int(moved_judge(all, 3), MOVED_UNCLEAR);
	all[2].sure = true;
	check_int(moved_judge(all, 3), MOVED_MICROPHONE);
	check_int(moved_judge(all, 2), MOVED_MICROPHONE);
	/* A radio that was disturbed costs several speakers a packet each: they sound as before */
	all[0] = all[1] = all[2] = (struct moved_speaker) { .sure = true, .step_s = -8 * MS };
	check_int(moved_judge(all, 3), MOVED_SPEAKERS);
	/* A piece of the recording that is missing moves nobody against another */
	all[0] = all[1] = all[2] = (struct moved_speaker) { .sure = true, .step_s = 2 * MS, .altered = true };
	check_int(moved_judge(all, 3), MOVED_SPEAKERS);
	/* and nobody carries a microphone that far at once */
	all[0] = all[1] = all[2] = (struct moved_speaker) { .sure = true, .step_s = -20 * MS, .altered = true };
	check_int(moved_judge(all, 3), MOVED_SPEAKERS);
}

/* pattern.h */

static void a_record_counts_from_the_first_that_has_one(void)
{
	struct pattern p;

	pattern_init(&p, false);
	check(pattern_place(&p, NAN, 3 * MS) == 3 * MS);
	check(pattern_place(&p, 0.0, 5 * MS) == 5 * MS);
	check(is_near(pattern_place(&p, 7 * MS, 50 * MS), 12 * MS, 1e-12));
	check(pattern_place(&p, NAN, -2 * MS) == -2 * MS);
	pattern_init(&p, true);
	check(pattern_place(&p, 0.0, 5 * MS) == 5 * MS && pattern_place(&p, 7 * MS, 50 * MS) == 50 * MS);
}

int main(void)
{
	run(two_readings_make_a_rate);
	run(what_nobody_hears_is_less_and_less_sure);
	run(a_rate_that_changes_is_followed);
	run(what_most_have_in_common_is_the_microphones);
	run(of_two_the_one_that_stands_still_tells_who_has_jumped);
	run(one_that_is_wrong_leads_nobody_astray);
	run(who_all_go_another_way_have_nothing_in_common);
	run(a_large_jump_is_believed_sooner_than_a_small_one);
	run(windows_that_disagree_begin_anew);
	run(a_speaker_jumps_while_another_stands_still);
	run(a_microphone_moves_for_all_and_changes_how_they_sound);
	run(a_record_counts_from_the_first_that_has_one);
	return harness_finish();
}
