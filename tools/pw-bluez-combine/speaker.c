/* The speaker command: what one speaker plays, how loud, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/extensions/metadata.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "command.h"
#include "i18n.h"
#include "names.h"
#include "route.h"
#include "speaker.h"
#include "text.h"

/* Only there to end a hang: who keeps the metadata answers within milliseconds */
#define ACCEPT_LIMIT_SEC	3

struct speaker {
	const struct options *options;
	struct client client;
	struct route route;
	struct spa_source *timer;	/* while a change is waited for */

	char *address;			/* NULL: not looked for yet */
	bool entry_done, offset_done;
};

static bool changes_entry(const struct options *o)
{
	return o->role || !isnan(o->gain) || !isnan(o->trim_ms) || o->include || o->exclude || o->reset;
}

static bool changes_offset(const struct options *o)
{
	return !isnan(o->offset_ms);
}

static const char *entry_value(const struct speaker *speaker)
{
	const struct client_object *object = client_group(&speaker->client);
	char key[64];

	snprintf(key, sizeof(key), BLUEZ_COMBINE_KEY_MEMBER "%s", speaker->address);
	return object ? client_object_get(object, key) : NULL;
}

static void print_msec(const char *what, struct report_int ns, const char *hint)
{
	if (ns.valid)
		printf("  %-12s %.1f ms%s%s\n", what, (double)ns.value / SPA_NSEC_PER_MSEC,
				*hint ? ", " : "", hint);
}

static void print_gain(double gain)
{
	if (isnan(gain))
		return;
	if (gain > 0.0)
		printf("  %-12s %.1f dB\n", _("gain"), 20 * log10(gain));
	else
		printf("  %-12s %s\n", _("gain"), _("silent"));
}

static void print_speaker(const struct speaker *speaker)
{
	struct report report;
	struct report_speaker *s = NULL;
	char name[256];
	uint32_t i;

	if (report_init(&report, &speaker->client) < 0)
		return;
	for (i = 0; i < report.n_speakers; i++)
		if (spa_streq(report.speakers[i].address, speaker->address))
			s = &report.speakers[i];
	if (s) {
		speaker_take_wishes(s);
		text_copy(name, sizeof(name), s->name, TEXT_ANY_WIDTH);
		printf("%s (%s): %s\n", name, s->address, i18n_word(s->state));
		if (s->role[0])
			printf("  %-12s %s\n", _("role"), i18n_word(s->role));
		print_gain(s->gain);
		print_msec(_("trim"), s->trim_ns, s->trim_ns.value > 0 ? _("it plays later") :
				s->trim_ns.value < 0 ? _("it plays earlier") : "");
		if (s->correction_ns.valid && s->correction_ns.value != 0)
			print_msec(_("correction"), s->correction_ns, "");
		if (speaker->route.found)
			print_msec(_("offset"), (struct report_int) { speaker->route.offset_ns, true },
					speaker->route.offset_ns > 0 ? _("it sounded late, and is sent to earlier") :
					speaker->route.offset_ns < 0 ? _("it sounded early, and is sent to later") : "");
		print_msec(_("latency"), s->latency_ns, s->basis[0] ? i18n_word(s->basis) : "");
		print_msec(_("delay"), s->delay_ns, "");
	}
	report_finish(&report);
}

/* The policy rewrites an entry in its own words, so it is the fields that count */
static bool is_accepted(const struct speaker *speaker)
{
	const char *value = entry_value(speaker);

	return value != NULL && speaker_member_is(value, speaker->options);
}

static void finish_if_done(struct speaker *speaker)
{
	/* No event tells of a change to what was so already */
	speaker->entry_done = speaker->entry_done || is_accepted(speaker);
	if (!speaker->entry_done || !speaker->offset_done)
		return;
	print_speaker(speaker);
	client_quit(&speaker->client, EXIT_OK);
}

static void on_timeout(void *data, uint64_t expirations)
{
	struct speaker *speaker = data;

	fprintf(stderr, _("pw-bluez-combine speaker: the change of %s was not accepted: nobody who may "
			"change it has asked, or nobody keeps it\n"),
			speaker->entry_done ? _("the offset") : _("the entry"));
	client_quit(&speaker->client, EXIT_OTHER);
}

/* Returns an exit code */
static int change_entry(struct speaker *speaker, const struct report_speaker *s)
{
	char *text = speaker_member_json(s->member, speaker->options);
	char key[64];
	int res;

	if (text == NULL)
		return EXIT_OTHER;
	snprintf(key, sizeof(key), BLUEZ_COMBINE_KEY_MEMBER "%s", speaker->address);
	res = pw_metadata_set_property((struct pw_metadata *)client_group(&speaker->client)->proxy,
			0, key, "Spa:String:JSON", text);
	free(text);
	if (res < 0) {
		fprintf(stderr, _("pw-bluez-combine speaker: can't change the entry: %s\n"), spa_strerror(res));
		return EXIT_OTHER;
	}
	return EXIT_OK;
}

static void on_route(void *data)
{
	struct speaker *speaker = data;
	int64_t wanted_ns = llrint(speaker->options->offset_ms * SPA_NSEC_PER_MSEC);
	int res;

	if (!changes_offset(speaker->options)) {
		speaker->offset_done = true;
	} else if (!speaker->route.found) {
		fprintf(stderr, _("pw-bluez-combine speaker: %s is not connected: its offset can be changed "
				"while it is\n"), speaker->address);
		client_quit(&speaker->client, EXIT_OTHER);
		return;
	} else if (speaker->route.offset_ns == wanted_ns) {
		speaker->offset_done = true;
	} else if ((res = route_set_offset(&speaker->route, wanted_ns)) < 0) {
		fprintf(stderr, _("pw-bluez-combine speaker: can't change the offset: %s\n"), spa_strerror(res));
		client_quit(&speaker->client, EXIT_OTHER);
		return;
	}
	finish_if_done(speaker);
}

/* Returns an exit code */
static int begin(struct speaker *speaker)
{
	struct timespec limit = { .tv_sec = ACCEPT_LIMIT_SEC };
	const struct report_speaker *s;
	struct report report;
	int res = EXIT_OTHER;

	if (client_group(&speaker->client) == NULL) {
		client_complain_no_group(&speaker->client);
		return EXIT_NO_GROUP;
	}
	if (report_init(&report, &speaker->client) < 0)
		goto done;
	if ((s = speaker_find(&report, speaker->options->argument)) == NULL) {
		res = EXIT_NO_SPEAKER;
		goto done;
	}
	if ((speaker->address = strdup(s->address)) == NULL)
		goto done;
	speaker->entry_done = !changes_entry(speaker->options);
	if (!speaker->entry_done && (res = change_entry(speaker, s)) != EXIT_OK)
		goto done;
	res = EXIT_OTHER;
	if (route_init(&speaker->route, speaker->client.core, speaker->address, on_route, speaker) < 0)
		goto done;
	pw_loop_update_timer(pw_main_loop_get_loop(speaker->client.loop), speaker->timer, &limit, NULL, false);
	res = EXIT_OK;
done:
	report_finish(&report);
	return res;
}

static void on_changed(void *data)
{
	struct speaker *speaker = data;
	int res;

	if (speaker->address == NULL) {
		if ((res = begin(speaker)) != EXIT_OK)
			client_quit(&speaker->client, res);
		return;
	}
	finish_if_done(speaker);
}

static int run(const struct options *options)
{
	struct speaker speaker = { .options = options };
	int res;

	if (options->include && options->exclude) {
		fputs(_("pw-bluez-combine speaker: --include and --exclude do not go together\n"), stderr);
		return EXIT_USAGE;
	}
	res = client_init(&speaker.client, options->remote, options->group, on_changed, &speaker);
	if (res == EXIT_OK) {
		speaker.timer = pw_loop_add_timer(pw_main_loop_get_loop(speaker.client.loop), on_timeout,
				&speaker);
		res = speaker.timer ? client_run(&speaker.client) : EXIT_OTHER;
	}
	if (speaker.timer)
		pw_loop_destroy_source(pw_main_loop_get_loop(speaker.client.loop), speaker.timer);
	route_finish(&speaker.route);
	client_finish(&speaker.client);
	free(speaker.address);
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
