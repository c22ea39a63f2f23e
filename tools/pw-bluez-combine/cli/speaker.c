/* The speaker command: what one speaker plays, how loud, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/session.h"
#include "cli/speaker.h"
#include "cli/text.h"

/* Only there to end a hang: who keeps the metadata answers within milliseconds */
#define ACCEPT_LIMIT_SEC	3
#define LABEL_WIDTH		12

struct speaker {
	const struct options *options;
	struct session session;
	struct member wanted;		/* and what is to go of the entry: */
	uint32_t clear;
	struct spa_source *timer;	/* while a change is waited for */

	char *address;			/* NULL: not looked for yet */
	struct report_speaker before;	/* its strings are not valid any more */
	struct report_int offset_before_ns;
	char *status_before;		/* NULL: the entry says nothing new */
	bool entry_done, offset_done;
	bool changed_offset;
	bool over;			/* it is shown, or said why not */
};

static bool changes_entry(const struct speaker *speaker)
{
	return speaker->wanted.fields || speaker->clear;
}

static bool changes_offset(const struct options *o)
{
	return !isnan(o->offset_ms);
}

/* Its output, as far as it is a Bluetooth device and connected */
static struct report_int offset_now(const struct speaker *speaker)
{
	const struct graph_object *device = graph_find_device(&speaker->session.client.graph, speaker->address);
	struct report_int offset = { 0 };

	if (device && device->has_route)
		offset = (struct report_int) { device->offset_ns, true };
	return offset;
}

static int read_report(struct report *report, const struct speaker *speaker)
{
	return report_init(report, &speaker->session.client, speaker->options->group);
}

struct word {
	char text[64];
};

/* A word of the metadata, where anybody can write anything */
static const char *show_word(struct word *word, const char *str)
{
	text_copy(word->text, sizeof(word->text), i18n_word(str), TEXT_ANY_WIDTH);
	return word->text;
}

/* One line: what was so, if it was something else, and what is. All is fit to be shown. */
static void print_row(const char *what, const char *was, const char *is, const char *hint)
{
	char label[64];
	int width = text_copy(label, sizeof(label), what, LABEL_WIDTH);

	if (is[0] == '\0')
		return;
	printf("  %s%*s %s%s%s%s%s\n", label, LABEL_WIDTH - width, "", spa_streq(was, is) ? "" : was,
			spa_streq(was, is) || was[0] == '\0' ? "" : " -> ", is, *hint ? ", " : "", hint);
}

static const char *format_msec(char *text, size_t size, struct report_int ns)
{
	text[0] = '\0';
	if (ns.valid)
		snprintf(text, size, "%.1f ms", (double)ns.value / SPA_NSEC_PER_MSEC);
	return text;
}

static void print_msec(const char *what, struct report_int was_ns, struct report_int ns, const char *hint)
{
	char was[32], is[32];

	print_row(what, format_msec(was, sizeof(was), was_ns), format_msec(is, sizeof(is), ns), hint);
}

static const char *format_gain(char *text, size_t size, double gain)
{
	text[0] = '\0';
	if (gain > 0.0)
		snprintf(text, size, "%.1f dB", 20 * log10(gain));
	else if (!isnan(gain))
		snprintf(text, size, "%s", _("silent"));
	return text;
}

static void print_offset(const struct speaker *speaker)
{
	struct report_int now = offset_now(speaker);

	if (now.valid)
		print_msec(_("offset"), speaker->offset_before_ns, now,
				now.value > 0 ? _("it sounded late, and is sent to earlier") :
				now.value < 0 ? _("it sounded early, and is sent to later") : "");
}

/* What follows from all that */
static void print_timing(const struct report_speaker *s)
{
	struct word basis;

	if (spa_streq(s->basis, "none")) {
		print_row(_("latency"), "", _("not known until it plays"), "");
		return;
	}
	print_msec(_("latency"), s->latency_ns, s->latency_ns, show_word(&basis, s->basis));
	if (s->here)
		print_msec(_("delay"), s->delay_ns, s->delay_ns, "");
}

static void print_fields(const struct speaker *speaker, const struct report_speaker *s)
{
	const struct report_speaker *b = &speaker->before;
	char name[256], address[64], was[32], is[32];
	struct word before, now;

	text_copy(name, sizeof(name), s->name[0] ? s->name : s->address, TEXT_ANY_WIDTH);
	text_copy(address, sizeof(address), s->address, TEXT_ANY_WIDTH);
	printf("%s (%s): %s%s%s\n", name, address, b->here == s->here ? "" : show_word(&before, b->state),
			b->here == s->here ? "" : " -> ", show_word(&now, s->state));
	print_row(_("role"), show_word(&before, b->role), show_word(&now, s->role), "");
	print_row(_("gain"), format_gain(was, sizeof(was), b->gain), format_gain(is, sizeof(is), s->gain), "");
	print_msec(_("trim"), b->trim_ns, s->trim_ns, s->trim_ns.value > 0 ? _("it plays later") :
			s->trim_ns.value < 0 ? _("it plays earlier") : "");
	if ((s->correction_ns.valid && s->correction_ns.value != 0) || b->correction_ns.value != 0)
		print_msec(_("correction"), b->correction_ns, s->correction_ns, "");
	print_offset(speaker);
	print_timing(s);
}

static void print_speaker(const struct speaker *speaker)
{
	struct report report;
	const struct report_speaker *s;

	if (read_report(&report, speaker) == 0 && (s = report_speaker(&report, speaker->address)) != NULL) {
		struct report_speaker shown = *s;

		speaker_take_wishes(&shown);
		print_fields(speaker, &shown);
	}
	report_finish(&report);
}

/* Has the module done it? It tells twice a second; what it tells nothing of is not waited for. */
static bool is_told(const struct speaker *speaker)
{
	const struct report_speaker *b = &speaker->before, *s;
	struct report report;
	bool told = true;

	if (read_report(&report, speaker) == 0 && (s = report_speaker(&report, speaker->address)) != NULL &&
	    report.status) {
		if (speaker_is_coming(&report, s))
			told = !speaker->options->include;
		else if (s->here && b->here && speaker->changed_offset)
			told = s->latency_ns.value != b->latency_ns.value;
		else if (s->here && b->here && speaker->status_before)
			told = !spa_streq(s->status, speaker->status_before);
	}
	report_finish(&report);
	return told;
}

/* The policy rewrites an entry in its own words, so it is the fields that count */
static bool is_accepted(const struct speaker *speaker)
{
	const struct report_speaker *s;
	struct report report;
	bool accepted;

	accepted = read_report(&report, speaker) == 0 && (s = report_speaker(&report, speaker->address)) != NULL &&
		s->member && member_is(&s->wish, &speaker->wanted, speaker->clear);
	report_finish(&report);
	return accepted;
}

/* Events may still come until the loop ends */
static void show(struct speaker *speaker)
{
	speaker->over = true;
	print_speaker(speaker);
	session_quit(&speaker->session, EXIT_OK);
}

static int64_t wanted_offset_ns(const struct speaker *speaker)
{
	return llrint(speaker->options->offset_ms * SPA_NSEC_PER_MSEC);
}

static void finish_if_done(struct speaker *speaker)
{
	/* No event tells of a change to what was so already */
	speaker->entry_done = speaker->entry_done || is_accepted(speaker);
	speaker->offset_done = speaker->offset_done || offset_now(speaker).value == wanted_offset_ns(speaker);
	if (!speaker->over && speaker->entry_done && speaker->offset_done && is_told(speaker))
		show(speaker);
}

static void on_timeout(void *data, uint64_t expirations)
{
	struct speaker *speaker = data;

	if (speaker->over)
		return;
	if (speaker->entry_done && speaker->offset_done) {
		show(speaker);
		return;
	}
	fprintf(stderr, _("pw-bluez-combine speaker: the change of %s was not accepted: nobody who may "
			"change it has asked, or nobody keeps it\n"),
			speaker->entry_done ? _("the offset") : _("the entry"));
	session_quit(&speaker->session, EXIT_OTHER);
}

/* Will the module tell anything new? Of what is forgotten that is not known: a rule may have it so. */
static bool changes_fields(const struct speaker *speaker, const struct report_speaker *s)
{
	struct report_speaker after = *s;
	uint32_t clear = speaker->clear;

	if ((clear & MEMBER_ROLE && !spa_streq(s->role, "stereo")) ||
	    (clear & MEMBER_GAIN && s->gain != 1.0) ||
	    (clear & MEMBER_TRIM && s->trim_ns.value != 0) ||
	    (clear & MEMBER_CORRECTION && s->correction_ns.value != s->tracked_ns.value))
		return true;
	after.wish = speaker->wanted;
	speaker_take_wishes(&after);
	return !spa_streq(after.role, s->role) || after.gain != s->gain ||
		after.trim_ns.value != s->trim_ns.value;
}

/* Returns an exit code */
static int change_entry(struct speaker *speaker, const struct report_speaker *s)
{
	int res;

	if (changes_fields(speaker, s) && s->status)
		speaker->status_before = strdup(s->status);
	if ((res = client_set_member(&speaker->session.client, speaker->options->group, speaker->address,
			&speaker->wanted, speaker->clear)) < 0) {
		fprintf(stderr, _("pw-bluez-combine speaker: can't change the entry: %s\n"), spa_strerror(res));
		return EXIT_OTHER;
	}
	return EXIT_OK;
}

/* Says why not. Returns an exit code */
static int check_offset(const struct speaker *speaker)
{
	struct report_int bare = speaker_bare_latency(&speaker->before, speaker->offset_before_ns.value);
	double bare_ms = (double)bare.value / SPA_NSEC_PER_MSEC;
	char address[64];

	text_copy(address, sizeof(address), speaker->address, TEXT_ANY_WIDTH);
	if (!speaker->offset_before_ns.valid) {
		fprintf(stderr, _("pw-bluez-combine speaker: %s is not connected: its offset can be changed "
				"while it is\n"), address);
		return EXIT_OTHER;
	}
	if (bare.valid && wanted_offset_ns(speaker) < -bare.value) {
		fprintf(stderr, _("pw-bluez-combine speaker: %s reports %.1f ms, and is not heard before it is "
				"sent something: its offset can be -%.1f to %d ms; to have it later, use --trim\n"),
				address, bare_ms, floor(10.0 * bare_ms) / 10.0, OPTIONS_OFFSET_MSEC_MAX);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* Returns an exit code */
static int change_offset(struct speaker *speaker)
{
	int res;

	if (speaker->offset_before_ns.value == wanted_offset_ns(speaker))
		return EXIT_OK;
	if ((res = client_set_offset(&speaker->session.client, speaker->address, wanted_offset_ns(speaker))) < 0) {
		fprintf(stderr, _("pw-bluez-combine speaker: can't change the offset: %s\n"), spa_strerror(res));
		return EXIT_OTHER;
	}
	speaker->changed_offset = true;
	return EXIT_OK;
}

/* Nothing is changed where the offset can't be. Returns an exit code */
static int begin_changes(struct speaker *speaker, const struct report_speaker *s)
{
	struct timespec limit = { .tv_sec = ACCEPT_LIMIT_SEC };
	int res = EXIT_OK;

	if (changes_offset(speaker->options))
		res = check_offset(speaker);
	if (res == EXIT_OK && changes_entry(speaker))
		res = change_entry(speaker, s);
	if (res == EXIT_OK && changes_offset(speaker->options))
		res = change_offset(speaker);
	pw_loop_update_timer(speaker->session.loop, speaker->timer, &limit, NULL, false);
	return res;
}

/* Returns an exit code */
static int begin(struct speaker *speaker)
{
	const struct report_speaker *s;
	struct report report;
	int res = EXIT_OTHER;

	if (!session_has_group(&speaker->session)) {
		session_complain_no_group(&speaker->session);
		return EXIT_NO_GROUP;
	}
	if (read_report(&report, speaker) < 0)
		goto done;
	if ((s = speaker_find(&report, speaker->options->argument, "speaker")) == NULL) {
		res = EXIT_NO_SPEAKER;
		goto done;
	}
	if ((speaker->address = strdup(s->address)) == NULL)
		goto done;
	speaker->before = *s;
	speaker_take_wishes(&speaker->before);
	speaker->offset_before_ns = offset_now(speaker);
	speaker->entry_done = !changes_entry(speaker);
	speaker->offset_done = !changes_offset(speaker->options);
	res = begin_changes(speaker, s);
done:
	report_finish(&report);
	return res;
}

static void on_changed(void *data)
{
	struct speaker *speaker = data;
	int res = EXIT_OK;

	if (speaker->over)
		return;
	if (speaker->address == NULL)
		res = begin(speaker);
	if (res == EXIT_OK) {
		finish_if_done(speaker);
		return;
	}
	speaker->over = true;
	session_quit(&speaker->session, res);
}

static int run(const struct options *options)
{
	struct speaker speaker = { .options = options };
	int res;

	if (options->include && options->exclude) {
		fputs(_("pw-bluez-combine speaker: --include and --exclude do not go together\n"), stderr);
		return EXIT_USAGE;
	}
	speaker.clear = speaker_wanted(&speaker.wanted, options);
	res = session_init(&speaker.session, options, CLIENT_ROUTES, on_changed, &speaker);
	if (res == EXIT_OK) {
		speaker.timer = pw_loop_add_timer(speaker.session.loop, on_timeout, &speaker);
		res = speaker.timer ? session_run(&speaker.session) : EXIT_OTHER;
	}
	if (speaker.timer)
		pw_loop_destroy_source(speaker.session.loop, speaker.timer);
	session_finish(&speaker.session);
	free(speaker.address);
	free(speaker.status_before);
	return res;
}

const struct command speaker_command = {
	.name = "speaker",
	.summary = N_("show one speaker, or change what it plays, how loud, and when"),
	.synopsis = "NAME [--role ROLE] [--gain GAIN] [--trim MS] [--offset MS]\n"
		"       [--include | --exclude] [--reset] [--group NAME] [--remote NAME]",
	.options = OPTION_GROUP | OPTION_REMOTE | OPTION_ARGUMENT | OPTION_ROLE | OPTION_GAIN |
		OPTION_TRIM | OPTION_OFFSET | OPTION_INCLUDE | OPTION_RESET,
	.run = run,
};
