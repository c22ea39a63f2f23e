/* Does a scene pass only if it has shown what it is about? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "stage/noise.h"
#include "stage/tally.h"

#define SECONDS	4.0

/* Speakers that play the same, and the verdict on a scene that wants three */
static enum scene_verdict run(const struct scene_type *type, int heard)
{
	const struct scene_options options = { 0 };
	struct scene sc = { .type = type, .options = &options, .n_speakers = 3, .faults = g_string_new(NULL) };
	enum scene_verdict verdict;
	struct tally tally;

	sc.out = g_dir_make_tmp("room-out-XXXXXX", NULL);
	g_assert_nonnull(sc.out);
	for (int i = 0; i < heard; i++) {
		g_autofree char *path = g_strdup_printf("%s/speaker-%c.wav", sc.out, 'a' + i);

		g_assert_cmpint(noise_write(path, SECONDS, MEASURE_RATE, 1), ==, 0);
	}
	tally_init(&tally, STACK_POLICY);
	tally_measure(&sc, &tally, NULL);
	tally.runs++;
	verdict = tally_tell(type, &tally, false, NULL);
	tally_finish(&tally);

	for (int i = 0; i < heard; i++) {
		g_autofree char *path = g_strdup_printf("%s/speaker-%c.wav", sc.out, 'a' + i);
		g_remove(path);
	}
	g_rmdir(sc.out);
	g_free(sc.out);
	g_string_free(sc.faults, TRUE);
	return verdict;
}

static void judge_well(struct scene *sc, struct measure *m)
{
	scene_figure(sc, "heard", m->n_speakers, 3.0);
}

static void judge_nothing(struct scene *sc, struct measure *m)
{
}

static void judge_fault(struct scene *sc, struct measure *m)
{
	scene_fault(sc, "it is wrong");
}

static void judge_unknown(struct scene *sc, struct measure *m)
{
	scene_figure(sc, "unknown", NAN, 1.0);
}

static void judge_too_much(struct scene *sc, struct measure *m)
{
	for (int i = 0; i <= SCENE_FIGURES_MAX; i++)
		scene_figure(sc, "one_of_many", 0.0, 1.0);
}

static void what_is_within_its_bounds_is_well(void)
{
	const struct scene_type type = { .name = "well", .bounds = { .median = 0.1, .whole = true },
		.judge = judge_well };

	g_assert_cmpint(run(&type, 3), ==, SCENE_WELL);
}

static void a_speaker_that_is_missing_fails_the_scene(void)
{
	const struct scene_type type = { .name = "missing", .judge = judge_well };

	g_assert_cmpint(run(&type, 2), ==, SCENE_NOT_WELL);
}

static void a_judge_without_a_figure_fails_the_scene(void)
{
	const struct scene_type type = { .name = "nothing", .judge = judge_nothing };

	g_assert_cmpint(run(&type, 3), ==, SCENE_NOT_WELL);
}

static void a_judge_that_finds_a_fault_fails_the_scene(void)
{
	const struct scene_type type = { .name = "fault", .judge = judge_fault };

	g_assert_cmpint(run(&type, 3), ==, SCENE_NOT_WELL);
}

static void a_figure_that_is_not_known_fails_the_scene(void)
{
	const struct scene_type type = { .name = "unknown", .judge = judge_unknown };

	g_assert_cmpint(run(&type, 3), ==, SCENE_NOT_WELL);
}

static void a_figure_that_is_not_told_fails_the_scene(void)
{
	const struct scene_type type = { .name = "too-much", .judge = judge_too_much };

	g_assert_cmpint(run(&type, 3), ==, SCENE_NOT_WELL);
}

static void a_whole_timeline_of_nobody_fails_the_scene(void)
{
	const struct scene_type type = { .name = "nobody", .bounds = { .whole = true } };
	struct tally tally;

	tally_init(&tally, STACK_POLICY);
	tally.runs++;
	g_assert_cmpint(tally_tell(&type, &tally, false, NULL), ==, SCENE_NOT_WELL);
	tally_finish(&tally);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(test) g_test_add_func("/tally/" #test, test)
	ADD(what_is_within_its_bounds_is_well);
	ADD(a_speaker_that_is_missing_fails_the_scene);
	ADD(a_judge_without_a_figure_fails_the_scene);
	ADD(a_judge_that_finds_a_fault_fails_the_scene);
	ADD(a_figure_that_is_not_known_fails_the_scene);
	ADD(a_figure_that_is_not_told_fails_the_scene);
	ADD(a_whole_timeline_of_nobody_fails_the_scene);
	return g_test_run();
}
