/* The status as bars, for a terminal that stays open */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <langinfo.h>
#include <math.h>
#include <string.h>

#include <spa/utils/string.h>

#include "cli/i18n.h"
#include "cli/status-bars.h"
#include "cli/text.h"
#include "client/meter.h"

#define LEVEL_FLOOR_DB	(-60.0)
#define SKEW_MAX_MS	20.0	/* an echo */

/** What fits into a window */
static const struct layout {
	int columns;		/* that it needs */
	int name;
	int level;		/* from -60 to 0 dB */
	int skew;		/* to each side; 0: no bar */
} layouts[] = {
	{ 80, 20, 20, 8 },	/* 3 dB, 2.5 ms a block */
	{ 60, 16, 10, 4 },
	{ 0, 10, 6, 0 },
};

static const struct layout *choose_layout(int columns)
{
	const struct layout *l = layouts;

	while (l->columns > columns)
		l++;
	return l;
}

void status_bars_init(struct status_bars *bars, struct pw_core *core)
{
	spa_list_init(&bars->meters);
	bars->core = core;
}

void status_bars_finish(struct status_bars *bars)
{
	struct meter *meter;

	if (bars->core == NULL)
		return;
	spa_list_consume(meter, &bars->meters, link) {
		spa_list_remove(&meter->link);
		meter_destroy(meter);
	}
}

static struct meter *find_meter(const struct status_bars *bars, const char *target)
{
	struct meter *meter;

	spa_list_for_each(meter, &bars->meters, link)
		if (spa_streq(meter->target, target))
			return meter;
	return NULL;
}

static bool plays(const struct report_speaker *s)
{
	/* a bar that comes and goes with each pause would move all that is below it */
	return s->target[0] && (spa_streq(s->state, "playing") || spa_streq(s->state, "warm") ||
			spa_streq(s->state, "unaligned"));
}

void status_bars_follow(struct status_bars *bars, const struct report *r)
{
	struct meter *meter, *t;
	uint32_t i;

	spa_list_for_each(meter, &bars->meters, link)
		meter->wanted = false;
	for (i = 0; i < r->n_speakers; i++) {
		const struct report_speaker *s = &r->speakers[i];

		if (!plays(s))
			continue;
		if ((meter = find_meter(bars, s->target)) == NULL &&
		    (meter = meter_new(bars->core, s->target, METER_SINK)) != NULL)
			spa_list_append(&bars->meters, &meter->link);
		if (meter)
			meter->wanted = true;
	}
	spa_list_for_each_safe(meter, t, &bars->meters, link)
		if (!meter->wanted) {
			spa_list_remove(&meter->link);
			meter_destroy(meter);
		}
}

/* Does a microphone tell? */
static bool is_heard(const struct report_speaker *s)
{
	return plays(s) && s->heard.state[0] && !isnan(s->heard.skew_ms);
}

double status_bars_skew_ms(const struct report *r, const struct report_speaker *s)
{
	int64_t late_ns;

	if (is_heard(s))
		return s->heard.skew_ms;
	if (!plays(s) || !r->latency_ns.valid || !s->latency_ns.valid || !s->delay_ns.valid)
		return NAN;
	/* what it is heard at, less where the user wants it, less where all are */
	late_ns = s->latency_ns.value + s->delay_ns.value - r->latency_ns.value;
	late_ns += s->correction_ns.valid ? s->correction_ns.value : 0;
	late_ns -= s->trim_ns.valid ? s->trim_ns.value : 0;
	return (double)late_ns / SPA_NSEC_PER_MSEC;
}

struct blocks {
	const char *full, *empty, *line;
};

static const struct blocks *blocks(void)
{
	static const struct blocks utf8 = { "█", "░", "│" }, ascii = { "#", ".", "|" };

	return spa_streq(nl_langinfo(CODESET), "UTF-8") ? &utf8 : &ascii;
}

static void repeat(FILE *out, const char *text, int n)
{
	for (; n > 0; n--)
		fputs(text, out);
}

static void print_level(FILE *out, double db, int width)
{
	int n = isfinite(db) ? (int)lrint(width * (1.0 - db / LEVEL_FLOOR_DB)) : 0;

	n = SPA_CLAMP(n, 0, width);
	repeat(out, blocks()->full, n);
	repeat(out, blocks()->empty, width - n);
	if (isfinite(db))
		fprintf(out, " %5.0f dB  ", db);
	else
		fprintf(out, "     -    ");
}

/* A line in the middle is where all are, blocks go to where this one is */
static void print_skew(FILE *out, double ms, int half)
{
	int n = isnan(ms) ? 0 : (int)lrint(SPA_CLAMP(ms, -SKEW_MAX_MS, SKEW_MAX_MS) * half / SKEW_MAX_MS);

	repeat(out, blocks()->empty, half + SPA_MIN(n, 0));
	repeat(out, blocks()->full, -n);
	if (half > 0)
		fputs(blocks()->line, out);
	repeat(out, blocks()->full, n);
	repeat(out, blocks()->empty, half - SPA_MAX(n, 0));
	if (!isnan(ms))
		fprintf(out, " %+.1f ms", fabs(ms) < 0.05 ? 0.0 : ms);
}

/* \a str in \a width columns of the terminal */
static void print_padded(FILE *out, const char *str, int width)
{
	char text[256];
	int used = text_copy(text, sizeof(text), str, width);

	fprintf(out, "%s%*s", text, width - used, "");
}

static void print_titles(FILE *out, const struct layout *l)
{
	/* TRANSLATORS: the line in it stands above the middle of the bars */
	const char *sides = _("EARLIER | LATER");
	char before[64], cut[64];
	int left;

	snprintf(before, sizeof(before), "%.*s", (int)strcspn(sides, "|"), sides);
	left = text_copy(cut, sizeof(cut), before, sizeof(cut));
	fputs("\n  ", out);
	print_padded(out, "", l->name + 2);
	if (l->skew > 0) {
		print_padded(out, _("LEVEL"), l->level + 10 + l->skew - left);
		fputs(sides, out);
	} else {
		fputs(_("LEVEL"), out);
	}
	fputc('\n', out);
}

void status_bars_print(struct status_bars *bars, FILE *out, const struct report *r, int columns)
{
	const struct layout *l = choose_layout(columns);
	bool any = false, heard = false;
	uint32_t i;

	for (i = 0; i < r->n_speakers; i++) {
		const struct report_speaker *s = &r->speakers[i];
		struct meter *meter;

		if (!s->here)
			continue;
		if (!any)
			print_titles(out, l);
		any = true;
		fputs("  ", out);
		print_padded(out, s->name, l->name);
		fputs("  ", out);
		meter = find_meter(bars, s->target);
		print_level(out, meter ? meter_read_db(meter, STATUS_BARS_PERIOD_SEC) : -INFINITY, l->level);
		print_skew(out, status_bars_skew_ms(r, s), l->skew);
		heard |= is_heard(s);
		fputc('\n', out);
	}
	if (heard)
		fprintf(out, "  %s\n", _("earlier and later are as a microphone hears it"));
	else if (any)
		fprintf(out, "  %s\n", _("earlier and later are as right as the latencies that are reported"));
}
