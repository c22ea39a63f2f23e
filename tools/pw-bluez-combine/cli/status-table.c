/* The status as lines for people */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "cli/i18n.h"
#include "cli/status.h"
#include "cli/text.h"

#define CELL_MAX	256
#define NAME_WIDTH	32
#define ADDRESS_WIDTH	32
#define WORD_WIDTH	12

struct cell {
	char text[CELL_MAX];
	int width;			/* columns on the terminal */
};

/* Each writes a cell and returns whether it says something that is not the same
 * for any ordinary speaker: a column in which none does is not shown. */

static bool cell_word(struct cell *cell, const char *str, int width)
{
	cell->width = text_copy(cell->text, CELL_MAX, *str ? str : "-", width);
	return *str != '\0';
}

static bool cell_msec(struct cell *cell, struct report_int ns)
{
	if (!ns.valid)
		return cell_word(cell, "", WORD_WIDTH);
	cell->width = snprintf(cell->text, CELL_MAX, "%.1f", (double)ns.value / SPA_NSEC_PER_MSEC);
	return true;
}

static bool cell_name(struct cell *cell, const struct report_speaker *s)
{
	cell_word(cell, s->name, NAME_WIDTH);
	return true;
}

static bool cell_address(struct cell *cell, const struct report_speaker *s)
{
	cell_word(cell, s->address, ADDRESS_WIDTH);
	return true;
}

static bool cell_state(struct cell *cell, const struct report_speaker *s)
{
	cell_word(cell, i18n_word(s->state), WORD_WIDTH);
	return true;
}

static bool cell_basis(struct cell *cell, const struct report_speaker *s)
{
	return cell_word(cell, i18n_word(s->basis), WORD_WIDTH);
}

/* SBC is what every speaker can, and what is played where nothing else is chosen */
static bool cell_codec(struct cell *cell, const struct report_speaker *s)
{
	return cell_word(cell, s->codec, WORD_WIDTH) && !spa_streq(s->codec, "sbc");
}

/* Of interest where there are several: see differs() */
static bool cell_adapter(struct cell *cell, const struct report_speaker *s)
{
	return cell_word(cell, s->adapter, WORD_WIDTH);
}

static bool cell_latency(struct cell *cell, const struct report_speaker *s)
{
	/* 0 is what stands there until something is known */
	return spa_streq(s->basis, "none") ? cell_word(cell, "", WORD_WIDTH) : cell_msec(cell, s->latency_ns);
}

static bool cell_delay(struct cell *cell, const struct report_speaker *s)
{
	/* What it last had means nothing for the next time */
	return s->here && !spa_streq(s->basis, "none") ? cell_msec(cell, s->delay_ns) :
		cell_word(cell, "", WORD_WIDTH);
}

static bool cell_role(struct cell *cell, const struct report_speaker *s)
{
	return cell_word(cell, i18n_word(s->role), WORD_WIDTH) && !spa_streq(s->role, "stereo");
}

static bool cell_gain(struct cell *cell, const struct report_speaker *s)
{
	if (isnan(s->gain) || s->gain < 0)
		return cell_word(cell, "", WORD_WIDTH);
	if (s->gain == 1.0)
		return cell_word(cell, _("full"), WORD_WIDTH) && false;
	if (s->gain == 0.0)
		return cell_word(cell, _("silent"), WORD_WIDTH);
	cell->width = snprintf(cell->text, CELL_MAX, "%+.1f dB", 20 * log10(s->gain));
	return true;
}

static bool cell_trim(struct cell *cell, const struct report_speaker *s)
{
	return cell_msec(cell, s->trim_ns) && s->trim_ns.value != 0;
}

static bool cell_correction(struct cell *cell, const struct report_speaker *s)
{
	return cell_msec(cell, s->correction_ns) && s->correction_ns.value != 0;
}

/* What the reports can't tell: by how much later than it should be it was heard, and how sure that is */
static bool cell_heard(struct cell *cell, const struct report_speaker *s)
{
	if (isnan(s->heard.skew_ms) || s->heard.state[0] == '\0')
		return cell_word(cell, "", WORD_WIDTH);
	cell->width = snprintf(cell->text, CELL_MAX, "%+.2f", fabs(s->heard.skew_ms) < 0.005 ? 0.0 : s->heard.skew_ms);
	return true;
}

static bool cell_within(struct cell *cell, const struct report_speaker *s)
{
	if (isnan(s->heard.sigma_ms) || s->heard.state[0] == '\0')
		return cell_word(cell, "", WORD_WIDTH);
	cell->width = snprintf(cell->text, CELL_MAX, "%.2f", fmax(s->heard.sigma_ms, 0.01));
	return true;
}

/* Whether it is followed, and since when that is so: the time of the day, which stays what it is while the line does */
static bool cell_tracked(struct cell *cell, const struct report_speaker *s)
{
	time_t since = s->heard.since;
	char text[CELL_MAX], when[16] = "";
	struct tm tm;

	if (s->heard.state[0] == '\0')
		return cell_word(cell, "", WORD_WIDTH);
	if (since > 0 && localtime_r(&since, &tm))
		strftime(when, sizeof(when), " %H:%M", &tm);
	snprintf(text, sizeof(text), "%s%s", i18n_word(s->heard.state), when);
	return cell_word(cell, text, WORD_WIDTH + 8);
}

static const struct column {
	const char *title;
	int width;			/* where widths are fixed */
	bool right;
	int spare;			/* the highest goes first where there is no room; 0: never */
	bool (*write)(struct cell *cell, const struct report_speaker *speaker);
} columns[] = {
	{ N_("SPEAKER"), 20, false, 0, cell_name },
	{ N_("ADDRESS"), 17, false, 7, cell_address },
	{ N_("ADAPTER"), 7, false, 8, cell_adapter },
	{ N_("STATE"), 9, false, 0, cell_state },
	{ N_("BASIS"), 10, false, 4, cell_basis },
	{ N_("CODEC"), 6, false, 6, cell_codec },
	{ N_("LATENCY ms"), 10, true, 3, cell_latency },
	{ N_("DELAY ms"), 8, true, 2, cell_delay },
	{ N_("ROLE"), 6, false, 1, cell_role },
	{ N_("GAIN"), 8, true, 2, cell_gain },
	{ N_("TRIM ms"), 7, true, 4, cell_trim },
	{ N_("CORRECTION ms"), 13, true, 5, cell_correction },
	/* TRANSLATORS: how much later than it should be a microphone hears it, to within how much, and whether it is followed */
	{ N_("HEARD ms"), 8, true, 0, cell_heard },
	{ N_("WITHIN ms"), 9, true, 3, cell_within },
	{ N_("TRACKED"), 14, false, 2, cell_tracked },
};
#define N_COLUMNS	SPA_N_ELEMENTS(columns)

static void print_row(FILE *out, const struct cell *row, const int *widths)
{
	int owed = 0;			/* spaces before the next cell: none at the line's end */
	size_t c;

	for (c = 0; c < N_COLUMNS; c++) {
		int pad = SPA_MAX(widths[c] - row[c].width, 0);

		if (widths[c] == 0)
			continue;
		fprintf(out, "%*s%s%s", owed + (columns[c].right ? pad : 0), "", "  ", row[c].text);
		owed = columns[c].right ? 0 : pad;
	}
	fputc('\n', out);
}

/* Leave out what can be spared until the rest is no wider than \a width */
static void fit_columns(int *widths, int width)
{
	for (;;) {
		size_t c, most = 0;
		int sum = 0;

		for (c = 0; c < N_COLUMNS; c++) {
			if (widths[c] == 0)
				continue;
			sum += widths[c] + 2;
			/* of equal ones the later */
			if (columns[c].spare > 0 && columns[c].spare >= columns[most].spare)
				most = c;
		}
		if (sum <= width || columns[most].spare == 0)
			return;
		widths[most] = 0;
	}
}

/* Are there two that say something, and not the same? */
static bool differs(const struct report *r, uint32_t n)
{
	const char *first = "";
	uint32_t i;

	for (i = 0; i < n; i++) {
		const char *adapter = r->speakers[i].adapter;

		if (first[0] && adapter[0] && !spa_streq(adapter, first))
			return true;
		if (adapter[0])
			first = adapter;
	}
	return false;
}

static void print_speakers(FILE *out, const struct report *r, uint32_t n, bool fixed, int width)
{
	struct cell (*rows)[N_COLUMNS] = calloc(n + 1, sizeof(*rows));
	int widths[N_COLUMNS] = { 0 };
	uint32_t i;
	size_t c;

	if (rows == NULL)
		return;
	for (c = 0; c < N_COLUMNS; c++) {
		bool says = false;

		cell_word(&rows[0][c], _(columns[c].title), WORD_WIDTH + 4);
		for (i = 0; i < n; i++)
			if (columns[c].write(&rows[i + 1][c], &r->speakers[i]))
				says = true;
		if (columns[c].write == cell_adapter && !differs(r, n))
			says = false;
		if (fixed)
			widths[c] = SPA_MAX(columns[c].width, rows[0][c].width);
		for (i = 0; says && !fixed && i <= n; i++)
			widths[c] = SPA_MAX(widths[c], rows[i][c].width);
	}
	if (width > 0)
		fit_columns(widths, width);
	for (i = 0; i <= n; i++)
		print_row(out, rows[i], widths);
	free(rows);
}

static void print_forced(FILE *out, const char *what, struct report_int is, struct report_int wanted)
{
	if (!wanted.valid)
		return;
	/* TRANSLATORS: first is what: quantum or rate */
	fprintf(out, _("  another client forces a %s of %lld instead of %lld: in sync, "
			"but less exactly\n"), what, (long long)is.value, (long long)wanted.value);
}

/* Who plays into the sink: an Echo, or anything else that was sent there */
static void print_sources(FILE *out, const struct report *r)
{
	const struct graph_object *o = NULL;
	struct cell name;
	int n = 0;

	if (r->sink_id == SPA_ID_INVALID)
		return;
	while ((o = graph_next_source(r->graph, r->sink_id, o))) {
		cell_word(&name, o->description ? o->description : o->name ? o->name : "", NAME_WIDTH);
		fprintf(out, "%s%s", n++ == 0 ? _("  plays: ") : ", ", name.text);
	}
	if (n > 0)
		fputc('\n', out);
}

static void print_stutter(FILE *out, const struct report *r)
{
	if (r->stutter && r->stalls.valid && r->stalls_ns.valid && r->longest_ns.valid)
		fprintf(out, _("  this computer stutters: it stood still %lld times within a minute, for %.0f ms in "
				"all and %.0f ms at most\n"), (long long)r->stalls.value,
				(double)r->stalls_ns.value / SPA_NSEC_PER_MSEC,
				(double)r->longest_ns.value / SPA_NSEC_PER_MSEC);
}

static void print_quantum(FILE *out, const struct report *r)
{
	if (!r->quantum.valid || !r->rate.valid || r->quantum.value <= 0)
		return;
	fprintf(out, _("  quantum %lld/%lld"), (long long)r->quantum.value, (long long)r->rate.value);
	if (spa_streq(r->quantum_basis, "configured"))
		fputs(_(" as configured"), out);
	else if (spa_streq(r->quantum_basis, "chosen") && r->packet_ns.valid)
		fprintf(out, _(" for packets of up to %.1f ms"), (double)r->packet_ns.value / SPA_NSEC_PER_MSEC);
	fputc('\n', out);
}

static void print_track(FILE *out, const struct report *r)
{
	static const struct {
		const char *state;
		const char *text;
	} states[] = {
		{ "listening", N_("a microphone hears the speakers, and keeps them together") },
		{ "waiting", N_("a microphone will keep the speakers together when there is music") },
		{ "leased", N_("a microphone is to keep the speakers together, while another program moves them") },
		{ "muted", N_("a microphone kept the speakers together until it was muted") },
		{ "call", N_("a microphone kept the speakers together until there was a call") },
		{ "gone", N_("a microphone kept the speakers together until it was gone") },
		{ "moved", N_("a microphone kept the speakers together until it was moved") },
	};
	struct cell microphone;
	size_t i;

	cell_word(&microphone, r->tracking.microphone, 2 * NAME_WIDTH);
	for (i = 0; i < SPA_N_ELEMENTS(states); i++)
		if (spa_streq(states[i].state, r->tracking.state))
			fprintf(out, "  %s: %s\n", _(states[i].text), microphone.text);
}

/* One by one, and who is not is muted */
static bool is_listened_to(const struct report *r)
{
	return r->lease.valid && !r->lease_tracks;
}

static void print_group(FILE *out, const struct report *r)
{
	struct cell sink, state;

	if (!r->found) {
		fprintf(out, _("group %s: not there; waiting for the policy or a module\n"), r->group);
		return;
	}
	if (r->status == NULL) {
		fprintf(out, _("group %s: %s\n"), r->group, r->bad_status ?
				_("its status is not readable: another program has written it") :
				_("no sink; there is one while a source, such as an Echo, is connected"));
		return;
	}
	cell_word(&sink, r->sink, 2 * NAME_WIDTH);
	cell_word(&state, i18n_word(r->state), WORD_WIDTH);
	fprintf(out, "%s: %s", sink.text, state.text);
	if (r->playing.valid && r->members.valid)
		fprintf(out, _(", %lld of %lld speakers"), (long long)r->playing.value,
				(long long)r->members.value);
	if (r->latency_ns.valid && r->latency_ns.value > 0)
		fprintf(out, _(", latency %.1f ms"), (double)r->latency_ns.value / SPA_NSEC_PER_MSEC);
	fputc('\n', out);
	print_sources(out, r);
	print_quantum(out, r);
	print_stutter(out, r);
	if (r->restarts.valid && r->restarts.value > 0)
		fprintf(out, _("  speakers were started anew after stalls of this computer: %lld times\n"),
				(long long)r->restarts.value);
	if (r->keep_warm_ns.valid && r->keep_warm_ns.value < 0)
		fputs(_("  after a sound speakers are kept awake without end: bluez-combine.keep-warm.always\n"), out);
	print_forced(out, _("quantum"), r->quantum, r->quantum_wanted);
	print_forced(out, _("rate"), r->rate, r->rate_wanted);
	if (r->track)
		print_track(out, r);
	if (is_listened_to(r))
		fputs(_("  a program listens to the speakers: who is muted is silent until that has ended\n"), out);
	if (r->version.valid && r->version.value > REPORT_VERSION)
		fputs(_("  a newer version has written this: parts may be missing here\n"), out);
}

static const struct {
	const char *word;
	const char *meaning;
} legend[] = {
	{ "assumed", N_("it reports no latency, so 125 ms are assumed (40 ms with a low-latency codec); if it sounds off, give it an offset") },
	{ "stale", N_("its latency offset was measured, but with another codec or rate, or it reports another latency now: calibrate") },
	{ "unaligned", N_("plays, but is too far from the others for them to wait") },
	{ "muted", N_("too far from the others, and silent as bluez-combine.unaligned says") },
	{ "starting", N_("its stream was asked for, and it takes nothing yet") },
	{ "warm", N_("gets silence, and is kept awake for what comes next: bluez-combine.keep-warm.sec") },
	{ "holding", N_("not heard now, or otherwise than expected: its delay goes on as before") },
	{ "lost", N_("not heard for a minute: its delay stays as it is") },
	{ "settling", N_("silent until its latency is known, three seconds at most") },
};

static void print_legend(FILE *out, const struct report *r, uint32_t n)
{
	uint32_t i;
	size_t l;

	for (l = 0; l < SPA_N_ELEMENTS(legend); l++)
		for (i = 0; i < n && !(is_listened_to(r) && spa_streq(legend[l].word, "muted")); i++)
			if (spa_streq(r->speakers[i].state, legend[l].word) ||
			    spa_streq(r->speakers[i].basis, legend[l].word) ||
			    spa_streq(r->speakers[i].heard.state, legend[l].word)) {
				fprintf(out, "  %s: %s\n", i18n_word(legend[l].word), _(legend[l].meaning));
				break;
			}
}

static void print_bad(FILE *out, const struct report *r)
{
	struct cell address;
	uint32_t i;

	for (i = 0; i < r->n_speakers; i++) {
		const struct report_speaker *s = &r->speakers[i];

		cell_address(&address, s);
		if (s->bad_status)
			fprintf(out, _("  status.%s is not readable: another program has written it\n"),
					address.text);
		if (s->bad_member)
			fprintf(out, _("  member.%s is not valid and has no effect\n"), address.text);
	}
}

static void print_table(FILE *out, const struct report *r, bool all, bool fixed, int width)
{
	uint32_t n = 0;

	while (n < r->n_speakers && (all || r->speakers[n].here))
		n++;
	print_group(out, r);
	if (n > 0)
		print_speakers(out, r, n, fixed, width);
	if (n < r->n_speakers)
		fprintf(out, ngettext_("  %u more is not here; --all shows it\n",
				"  %u more are not here; --all shows them\n",
				r->n_speakers - n), r->n_speakers - n);
	print_legend(out, r, n);
	print_bad(out, r);
}

void status_table_print(FILE *out, const struct report *r, bool all, int width)
{
	print_table(out, r, all, false, width);
}

void status_table_print_fixed(FILE *out, const struct report *r)
{
	print_table(out, r, true, true, 0);
}
