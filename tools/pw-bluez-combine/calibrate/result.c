/* What has come of a calibration: a table, or JSON */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include "calibrate/calibrate.h"
#include "calibrate/tell.h"
#include "cli/i18n.h"
#include "cli/json-print.h"
#include "cli/text.h"
#include "hearing/reason-text.h"

#define RESULT_JSON_VERSION	1
#define NAME_WIDTH		24

static bool takes_part(const struct calibrate *c, uint32_t i)
{
	return i < c->plan.n_speakers && c->plan.speakers[i].place == PLAN_IN && c->plan.speakers[i].heard;
}

/* So that words of any language stand in their columns */
static void print_cell(const char *text, int width)
{
	char shown[256];
	int columns = text_copy(shown, sizeof(shown), text, width);

	printf("%s%*s", shown, width - columns, "");
}

static double seconds(const struct calibrate *c)
{
	return (double)(calibrate_now_ns(c) - c->begun_ns) / SPA_NSEC_PER_SEC;
}

/* Without the sign of what rounds to nothing */
static double rounded(double ms)
{
	return fabs(ms) < 0.005 ? 0.0 : ms;
}

/* What it has at the end, or would have */
static double offset_ms(const struct calibrate *c, uint32_t i)
{
	return (double)(c->plan.state == PLAN_FAILED ? c->speakers[i].start_offset_ns : keep_offset_ns(c, i)) /
		SPA_NSEC_PER_MSEC;
}

static const char *left_out_text(const struct calibrate *c, uint32_t i)
{
	if (i >= c->plan.n_speakers)
		return c->speakers[i].has_offset ? _("does not play") : _("has no latency offset");
	return c->plan.speakers[i].place == PLAN_LEFT ? _("has left") : reason_text(c->plan.speakers[i].reason);
}

static void print_speaker(const struct calibrate *c, uint32_t i)
{
	const struct plan_speaker *s = &c->plan.speakers[i];

	fputs("  ", stdout);
	print_cell(c->speakers[i].name, NAME_WIDTH);
	if (takes_part(c, i))
		printf(" %+10.2f %+10.2f   %.2f -> %.2f ms\n", rounded(s->before_ms), rounded(s->after_ms),
				rounded((double)c->speakers[i].start_offset_ns / SPA_NSEC_PER_MSEC),
				rounded(offset_ms(c, i)));
	else
		printf(" %s\n", left_out_text(c, i));
}

static void print_table(const struct calibrate *c)
{
	uint32_t i;

	printf("\n  %*s", NAME_WIDTH, "");
	/* TRANSLATORS: columns of a table, at most 10 wide: how late each is heard */
	printf(" %10s %10s   %s\n", _("before"), _("after"), _("latency offset"));
	for (i = 0; i < c->n_speakers; i++)
		print_speaker(c, i);
	fputs("  ", stdout);
	/* TRANSLATORS: between the earliest and the latest */
	print_cell(_("apart"), NAME_WIDTH);
	printf(" %10.2f %10.2f\n\n", plan_spread(&c->plan, true), plan_spread(&c->plan, false));
	printf(_("In ms, later than %s.\n"), c->speakers[c->plan.reference].name);
}

static const char *failure_text(const struct calibrate *c)
{
	switch (c->plan.failure) {
	case PLAN_NO_FAILURE:
		break;
	case PLAN_NOBODY:
		return _("no speaker is heard");
	case PLAN_ONE:
		return _("only one speaker is heard, and there is nothing to compare it with");
	case PLAN_WORSE:
		return _("a speaker was further off afterwards than before");
	case PLAN_UNSURE:
		return _("what is heard differs from one time to the next");
	}
	return "?";
}

static const char *failure_name(enum plan_failure failure)
{
	static const char *const names[] = { "none", "nobody", "one", "worse", "unsure" };

	return names[failure];
}

static void print_unheard(const struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++)
		if (c->plan.speakers[i].place == PLAN_UNHEARD)
			printf("  %s: %s\n", c->speakers[i].name, reason_text(c->plan.speakers[i].reason));
	if (c->plan.failure == PLAN_NOBODY && c->plan.coarse == 0)
		printf("  %s\n", reason_text(c->plan.reason));
}

static bool is_one_unheard(const struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++)
		if (c->plan.speakers[i].place == PLAN_UNHEARD)
			return true;
	return false;
}

static void print_hints(const struct calibrate *c)
{
	if (c->agc)
		puts(_("The microphone changes its gain by itself: what it tells of the times is right, and no "
				"more than that."));
	if (c->plan.state == PLAN_FAILED)
		printf(_("Nothing was changed: %s.\n"), failure_text(c));
	else if (!c->kept)
		puts(_("Nothing was changed: this was a dry run."));
	else
		puts(_("Kept. It is undone by: pw-bluez-combine calibrate --undo"));
	if (c->kept && is_one_unheard(c))
		puts(_("Who was not heard is left as it was; by ear it is moved by: pw-bluez-combine adjust NAME"));
	if (c->kept)
		puts(_("One microphone hears only how much later one speaker is than another: how late all "
				"of them are is not known from this."));
}

void result_print(const struct calibrate *c)
{
	if (plan_count(&c->plan) >= 2 && c->plan.reference != PLAN_ALL && c->plan.fine > 0)
		print_table(c);
	else
		print_unheard(c);
	print_hints(c);
	printf(_("It took %.0f s.\n"), seconds(c));
}

static void print_number(const char *key, double value)
{
	if (isfinite(value))
		printf(", \"%s\": %.4f", key, value);
	else
		printf(", \"%s\": null", key);
}

/* Where it ends early there are speakers that have not been asked yet, or only all together */
static const char *reason_name(const struct calibrate *c, uint32_t i)
{
	const struct plan_speaker *p = &c->plan.speakers[i];
	enum ear_reason reason = p->reason;

	if (i >= c->plan.n_speakers)
		return c->speakers[i].has_offset ? "not-playing" : "no-offset";
	if (p->place == PLAN_LEFT)
		return "left";
	if (takes_part(c, i))
		return ear_reason_name(EAR_HEARD);
	if (reason == EAR_HEARD && c->plan.failure == PLAN_NOBODY)
		reason = c->plan.reason;
	return reason == EAR_HEARD ? "not-asked" : ear_reason_name(reason);
}

static void print_speaker_json(const struct calibrate *c, uint32_t i)
{
	const struct calibrate_speaker *s = &c->speakers[i];
	const struct plan_speaker *p = &c->plan.speakers[i];

	fputs("{ \"address\": ", stdout);
	text_print_json(stdout, s->address, strlen(s->address));
	json_print_field(stdout, "name", s->name);
	json_print_field(stdout, "reason", reason_name(c, i));
	if (takes_part(c, i)) {
		print_number("before.msec", p->before_ms);
		print_number("after.msec", p->after_ms);
		print_number("sigma.msec", p->sigma_ms);
		print_number("drift.ppm", c->round.fit[i].drift_ppm);
		print_number("snr.db", s->snr_db);
		print_number("was.msec", (double)s->start_offset_ns / SPA_NSEC_PER_MSEC);
		print_number("offset.msec", offset_ms(c, i));
	}
	fputs(" }", stdout);
}

void result_print_json(const struct calibrate *c)
{
	uint32_t i;

	printf("{ \"version\": %d, \"group\": ", RESULT_JSON_VERSION);
	text_print_json(stdout, c->options->group, strlen(c->options->group));
	json_print_field(stdout, "microphone", c->microphone.name);
	json_print_field(stdout, "result", c->plan.state == PLAN_FAILED ? "failed" : c->kept ? "kept" : "dry-run");
	if (c->plan.state == PLAN_FAILED)
		json_print_field(stdout, "failure", failure_name(c->plan.failure));
	printf(", \"agc\": %s", c->agc ? "true" : "false");
	print_number("microphone.ppm", c->round.rate_ppm);
	print_number("before.msec", plan_spread(&c->plan, true));
	print_number("after.msec", plan_spread(&c->plan, false));
	print_number("seconds", seconds(c));
	fputs(", \"speakers\": [", stdout);
	for (i = 0; i < c->n_speakers; i++) {
		fputs(i > 0 ? ", " : " ", stdout);
		print_speaker_json(c, i);
	}
	fputs(" ] }\n", stdout);
}
