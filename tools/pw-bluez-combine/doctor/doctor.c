/* The doctor command: what is wrong, and how to mend it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/json-print.h"
#include "cli/text.h"
#include "doctor/doctor.h"

static void finding_free(void *data)
{
	struct finding *finding = data;

	g_free(finding->what);
	g_free(finding->mend);
	g_free(finding);
}

void doctor_say(struct doctor *d, enum doctor_level level, const char *mend, const char *what, ...)
{
	struct finding *finding = g_new0(struct finding, 1);
	va_list args;

	va_start(args, what);
	finding->what = g_strdup_vprintf(what, args);
	va_end(args);
	finding->id = d->id;
	finding->level = level;
	finding->mend = g_strdup(mend);
	g_ptr_array_add(d->findings, finding);
}

/* One fault is told once: what can't be known because of it is not */
static const char *lacks(const struct facts *f, int needs)
{
	if ((needs & (NEEDS_PIPEWIRE | NEEDS_WIREPLUMBER)) && !f->pipewire)
		return _("not known without PipeWire");
	if ((needs & NEEDS_WIREPLUMBER) && !f->manager.running)
		return _("not known without WirePlumber");
	if ((needs & (NEEDS_BLUEZ | NEEDS_ADAPTER)) && !f->bluez)
		return _("not known without BlueZ");
	if ((needs & NEEDS_ADAPTER) && facts_count_powered(f) == 0)
		return _("not known without an adapter");
	return NULL;
}

static void run_checks(struct doctor *d, const struct check *checks)
{
	for (; checks->id; checks++) {
		const char *why = lacks(d->facts, checks->needs);
		guint before = d->findings->len;

		d->id = checks->id;
		if (why)
			doctor_say(d, DOCTOR_UNKNOWN, NULL, "%s", why);
		else
			checks->run(d, d->facts);
		if (d->findings->len == before)
			doctor_say(d, DOCTOR_OK, NULL, "%s", _(checks->well));
	}
}

static int count(const struct doctor *d, enum doctor_level level)
{
	int n = 0;
	guint i;

	for (i = 0; i < d->findings->len; i++)
		n += ((struct finding *)d->findings->pdata[i])->level == level;
	return n;
}

static void print_text(const struct doctor *d, bool verbose)
{
	/* TRANSLATORS: before a line that says what is well, not known, or wrong */
	static const char *const levels[] = { N_("ok"), N_("unknown"), N_("warning"), N_("error") };
	int errors = count(d, DOCTOR_ERROR), warnings = count(d, DOCTOR_WARNING);
	char text[1024];
	guint i;

	for (i = 0; i < d->findings->len; i++) {
		const struct finding *f = d->findings->pdata[i];

		if (f->level < DOCTOR_WARNING && !verbose)
			continue;
		text_copy(text, sizeof(text), f->what, TEXT_ANY_WIDTH);
		printf("%s: %s [%s]\n", _(levels[f->level]), text, f->id);
		if (f->mend == NULL)
			continue;
		text_copy(text, sizeof(text), f->mend, TEXT_ANY_WIDTH);
		printf(_("    mend: %s\n"), text);
	}
	if (errors + warnings == 0)
		puts(_("All is well."));
	else
		/* TRANSLATORS: numbers of findings */
		printf(_("errors: %d, warnings: %d\n"), errors, warnings);
}

static void print_json(const struct doctor *d)
{
	static const char *const levels[] = { "ok", "unknown", "warning", "error" };
	const struct facts *f = d->facts;
	guint i;

	printf("{ \"version\": %d, \"healthy\": %s", DOCTOR_JSON_VERSION,
			count(d, DOCTOR_ERROR) + count(d, DOCTOR_WARNING) == 0 ? "true" : "false");
	json_print_field(stdout, "pipewire", f->daemon.version);
	json_print_field(stdout, "wireplumber", f->manager.version);
	json_print_field(stdout, "bluez", f->bluez_version);
	json_print_field(stdout, "bluez.from", f->bluez_version_from);
	fputs(", \"findings\": [", stdout);
	for (i = 0; i < d->findings->len; i++) {
		const struct finding *finding = d->findings->pdata[i];

		printf("%s { \"id\": \"%s\", \"level\": \"%s\"", i > 0 ? "," : "", finding->id, levels[finding->level]);
		json_print_field(stdout, "what", finding->what);
		json_print_field(stdout, "mend", finding->mend);
		fputs(" }", stdout);
	}
	puts(" ] }");
}

static int run(const struct options *options)
{
	struct doctor doctor = { 0 };
	struct facts facts;
	int res;

	facts_init(&facts);
	facts_read_graph(&facts, options->group);
	facts_read_bluez(&facts);
	facts_read_system(&facts);
	doctor.facts = &facts;
	doctor.findings = g_ptr_array_new_with_free_func(finding_free);
	run_checks(&doctor, checks_of_system);
	run_checks(&doctor, checks_of_speakers);
	run_checks(&doctor, checks_of_calibration);
	if (options->json)
		print_json(&doctor);
	else
		print_text(&doctor, options->verbose);
	res = count(&doctor, DOCTOR_ERROR) + count(&doctor, DOCTOR_WARNING) > 0 ? EXIT_OTHER : EXIT_OK;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, _("pw-bluez-combine: can't write the output: %s\n"), strerror(errno));
		res = EXIT_OTHER;
	}
	g_ptr_array_unref(doctor.findings);
	facts_finish(&facts);
	return res;
}

const struct command doctor_command = {
	.name = "doctor",
	.summary = N_("find out what is wrong, and how to mend it"),
	.synopsis = "[--group NAME] [--verbose] [--json] [--remote NAME]",
	.options = OPTION_GROUP | OPTION_VERBOSE | OPTION_JSON | OPTION_REMOTE,
	.run = run,
};
