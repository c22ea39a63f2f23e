/* The test command: sounds by which a listener hears what is wrong */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/string.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/sound-stream.h"
#include "cli/session.h"
#include "cli/speaker.h"
#include "cli/text.h"
#include "client/report.h"
#include "names.h"

/* Each speaker by itself says who it is; then all together say whether they are one */
#define INTRODUCE_SEC	2.0
#define TOGETHER_SEC	12.0
#define LEVEL_DB	(-20.0)
/* What was sent is heard until the group's latency, and half a second, is over */
#define PAUSE_SEC	0.5

/* One stream after the other */
struct phase {
	char *target;			/* node.name */
	char *text;			/* what is to be heard */
	enum sound_kind kind;
	double seconds;
};

struct test {
	const struct options *options;
	struct session session;
	struct phase *phases;
	uint32_t n_phases, phase;
	double pause_sec;		/* between two phases */

	struct sound_stream sound;
	struct spa_source *next;	/* timer */
	struct spa_source *signals[2];
	int signal;			/* that has ended it; 0: none */
};

static void quit(struct test *test, int result)
{
	session_quit(&test->session, result);
}

static void wait_for_next(struct test *test)
{
	struct timespec t = {
		.tv_sec = (time_t)test->pause_sec,
		.tv_nsec = (long)(fmod(test->pause_sec, 1.0) * SPA_NSEC_PER_SEC) + 1,
	};

	pw_loop_update_timer(test->session.loop, test->next, &t, NULL, false);
}

static void on_over(void *data)
{
	struct test *test = data;

	test->phase++;
	wait_for_next(test);
}

static void on_failed(void *data)
{
	quit(data, EXIT_OTHER);
}

static void tell_of_adjust(const struct test *test)
{
	if (test->options->argument == NULL && !test->options->noise)
		puts(_("If one of them sounds late or early, move it by ear: pw-bluez-combine adjust NAME"));
}

static void on_next(void *data, uint64_t expirations)
{
	struct test *test = data;
	const struct phase *phase = &test->phases[test->phase];
	int res;

	if (test->phase >= test->n_phases) {
		tell_of_adjust(test);
		quit(test, EXIT_OK);
		return;
	}
	printf("%s\n", phase->text);
	fflush(stdout);
	res = sound_stream_play(&test->sound, test->session.client.core, phase->target, phase->kind,
			isnan(test->options->level_db) ? LEVEL_DB : test->options->level_db, phase->seconds);
	if (res < 0) {
		fprintf(stderr, _("pw-bluez-combine %s: can't play: %s\n"), "test", strerror(-res));
		quit(test, EXIT_OTHER);
	}
}

static void add_phase(struct test *test, const char *target, char *text, enum sound_kind kind, double seconds)
{
	test->phases[test->n_phases++] = (struct phase) { strdup(target), text, kind, seconds };
}

static char *format(const char *text, const char *name)
{
	char shown[256], *str = NULL;

	text_copy(shown, sizeof(shown), name, TEXT_ANY_WIDTH);
	return asprintf(&str, text, shown) < 0 ? NULL : str;
}

static double seconds(const struct test *test, double otherwise)
{
	return isnan(test->options->seconds) ? otherwise : test->options->seconds;
}

static void plan_one(struct test *test, const struct report_speaker *s)
{
	enum sound_kind kind = test->options->clicks ? SOUND_CLICKS : SOUND_NOISE;

	/* TRANSLATORS: what a listener should hear now; %s is a speaker */
	add_phase(test, s->target, format(kind == SOUND_CLICKS ? _("%s alone: clicks") :
			_("%s alone: noise"), s->name), kind, seconds(test, TOGETHER_SEC));
}

static void plan_all(struct test *test, const struct report *r)
{
	uint32_t i;

	if (!test->options->clicks && !test->options->noise)
		for (i = 0; i < r->n_speakers; i++)
			if (r->speakers[i].here && r->speakers[i].target[0])
				add_phase(test, r->speakers[i].target,
						format(_("%s alone: noise"), r->speakers[i].name),
						SOUND_NOISE, INTRODUCE_SEC);
	if (!test->options->noise)
		add_phase(test, r->sink, strdup(_("All speakers: clicks, left, both, right, both; from all as one, "
				"with no echo")), SOUND_CLICKS, seconds(test, TOGETHER_SEC));
	if (!test->options->clicks)
		add_phase(test, r->sink, strdup(_("All speakers: noise that wanders from left to right and back, "
				"without a hollow sound")), SOUND_NOISE, seconds(test, TOGETHER_SEC));
}

/* Returns an exit code */
static int plan(struct test *test, const struct report *r)
{
	const struct report_speaker *s;
	char address[64];

	test->pause_sec = PAUSE_SEC + (r->latency_ns.valid ? (double)r->latency_ns.value / SPA_NSEC_PER_SEC : 0.0);
	if ((test->phases = calloc(r->n_speakers + 2, sizeof(*test->phases))) == NULL)
		return EXIT_OTHER;
	if (test->options->argument) {
		if ((s = speaker_find(r, test->options->argument, "test")) == NULL)
			return EXIT_NO_SPEAKER;
		if (!s->here || s->target[0] == '\0') {
			text_copy(address, sizeof(address), s->address, TEXT_ANY_WIDTH);
			fprintf(stderr, _("pw-bluez-combine test: %s is not connected, or left out\n"), address);
			return EXIT_NO_SPEAKER;
		}
		plan_one(test, s);
		return EXIT_OK;
	}
	if (r->status == NULL || r->sink[0] == '\0') {
		session_complain_no_sink(&test->session, "test");
		return EXIT_NO_GROUP;
	}
	plan_all(test, r);
	return EXIT_OK;
}

static void on_changed(void *data)
{
	struct test *test = data;
	struct report report;
	int res = EXIT_OTHER;

	if (test->phases)
		return;
	if (!session_has_group(&test->session)) {
		session_complain_no_group(&test->session);
		quit(test, EXIT_NO_GROUP);
		return;
	}
	if (report_init(&report, &test->session.client, test->options->group) == 0)
		res = plan(test, &report);
	if (res == EXIT_OK && spa_streq(report.state, "playing"))
		puts(_("Music is playing: pause it to hear this well"));
	report_finish(&report);
	if (res == EXIT_OK)
		on_next(test, 1);
	else
		quit(test, res);
}

static void on_signal(void *data, int number)
{
	struct test *test = data;

	test->signal = number;
	quit(test, EXIT_OTHER);
}

static int run_test(struct test *test)
{
	struct pw_loop *loop = test->session.loop;

	test->signals[0] = pw_loop_add_signal(loop, SIGINT, on_signal, test);
	test->signals[1] = pw_loop_add_signal(loop, SIGTERM, on_signal, test);
	if ((test->next = pw_loop_add_timer(loop, on_next, test)) == NULL)
		return EXIT_OTHER;
	return session_run(&test->session);
}

static void test_finish(struct test *test)
{
	struct pw_loop *loop = test->session.loop;
	uint32_t i;

	sound_stream_stop(&test->sound);
	for (i = 0; i < SPA_N_ELEMENTS(test->signals); i++)
		if (test->signals[i])
			pw_loop_destroy_source(loop, test->signals[i]);
	if (test->next)
		pw_loop_destroy_source(loop, test->next);
	session_finish(&test->session);
	for (i = 0; i < test->n_phases; i++) {
		free(test->phases[i].target);
		free(test->phases[i].text);
	}
	free(test->phases);
}

static int run(const struct options *options)
{
	struct test test = { .options = options };
	int res;

	test.sound = (struct sound_stream) { .command = "test", .over = on_over, .failed = on_failed, .data = &test };

	if (options->noise && options->clicks) {
		fputs(_("pw-bluez-combine test: --noise and --clicks do not go together; without either there are both\n"),
				stderr);
		return EXIT_USAGE;
	}
	res = session_init(&test.session, options, 0, on_changed, &test);
	if (res == EXIT_OK)
		res = run_test(&test);
	test_finish(&test);
	if (test.signal)
		session_end_by(test.signal);
	return res;
}

const struct command test_command = {
	.name = "test",
	.summary = N_("play sounds by which you hear which speakers play, and whether they are together"),
	.synopsis = "[NAME] [--noise | --clicks] [--level DB] [--seconds S] [--group NAME] [--remote NAME]",
	.options = OPTION_GROUP | OPTION_REMOTE | OPTION_ARGUMENT_OR_NONE | OPTION_SOUND,
	.run = run,
};
