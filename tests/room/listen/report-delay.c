/* Delay and skew over time, systems side by side, as a picture */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "listen/measure-span.h"
#include "listen/report-delay.h"
#include "listen/report.h"

#define GRID_S	0.01
#define KNOWN_S	0.1	/* for so long the last point of a track holds */
#define AROUND	2	/* points before and after, for a median */
#define ROOM	0.12	/* of the range, above and below the lines */

void delay_picture_init(struct delay_picture *p, const char *path, const char *title)
{
	*p = (struct delay_picture) { .path = g_strdup(path), .title = g_strdup(title) };
	p->names = g_ptr_array_new_with_free_func(g_free);
}

void delay_picture_finish(struct delay_picture *p)
{
	for (int i = 0; i < p->n_columns; i++) {
		g_free(p->columns[i].title);
		g_free(p->columns[i].data);
		g_array_unref(p->columns[i].gaps);
	}
	g_clear_pointer(&p->names, g_ptr_array_unref);
	g_free(p->path);
	g_free(p->title);
	*p = (struct delay_picture) { 0 };
}

/* The last that is known: a line that slopes through a step would show what nobody heard */
static double lag_before(const struct measure_speaker *s, double t, double *when)
{
	for (*when = t; *when > t - KNOWN_S; *when -= GRID_S / 2.0) {
		double lag = span_point(s, *when, GRID_S / 2.0);

		if (!isnan(lag))
			return lag;
	}
	return NAN;
}

static double delay_at(const struct measure_speaker *s, double t,
		double (*own)(const struct measure_speaker *s, double t))
{
	double values[2 * AROUND + 1], when;
	int n = 0;

	/* a block that has a step in it belongs to either side */
	for (int i = -AROUND; i <= AROUND; i++) {
		double lag = lag_before(s, t + i * GRID_S, &when);

		if (!isnan(lag))
			values[n++] = lag - own(s, when);
	}
	return measure_median(values, n);
}

static int write_data(struct delay_column *c, const struct measure *m, double from, double to,
		double zero, double (*own)(const struct measure_speaker *s, double t))
{
	FILE *file = fopen(c->data, "w");
	double when;

	if (file == NULL)
		return -errno;
	for (double t = from; t < to; t += GRID_S) {
		const struct measure_speaker *s = m->speakers;
		double reference = lag_before(&s[m->reference], t, &when);

		fprintf(file, "%.3f", t - zero);
		for (int i = 0; i < m->n_speakers; i++) {
			double delay = delay_at(&s[i], t, own);

			c->delay_min = fmin(c->delay_min, delay);
			c->delay_max = fmax(c->delay_max, delay);
			fprintf(file, " %.4f", delay);
		}
		for (int i = 0; i < m->n_speakers; i++) {
			double skew = lag_before(&s[i], t, &when) - reference;

			c->skew_max = fmax(c->skew_max, fabs(skew));
			fprintf(file, " %.4f", skew);
		}
		putc('\n', file);
	}
	return fclose(file) == 0 ? 0 : -errno;
}

int delay_picture_add(struct delay_picture *p, const char *title, const char *data,
		const struct measure *m, double from, double to, double zero,
		double (*own)(const struct measure_speaker *s, double t))
{
	struct delay_column *c = &p->columns[p->n_columns];

	if (p->n_columns == DELAY_COLUMNS_MAX || m->reference < 0 ||
	    (p->n_columns > 0 && p->names->len != (guint)m->n_speakers))
		return -EINVAL;
	*c = (struct delay_column) {
		.title = g_strdup(title), .data = g_strdup(data),
		.gaps = g_array_new(FALSE, FALSE, sizeof(struct event)),
		.delay_min = INFINITY, .delay_max = -INFINITY, .skew_max = 0.5,
	};
	for (int i = 0; i < m->n_speakers; i++) {
		const struct playout *t = &m->speakers[i].track;

		if (p->n_columns == 0)
			g_ptr_array_add(p->names, g_strdup(m->speakers[i].signal.name));
		for (size_t k = 0; k < t->n_events; k++) {
			struct event e = t->events[k];

			if (e.kind != EVENT_GAP || e.time < from || e.time > to)
				continue;
			e.time -= zero;
			g_array_append_val(c->gaps, e);
		}
	}
	p->n_columns++;
	p->length = to - from;
	return write_data(c, m, from, to, zero, own);
}

static void draw_panel(FILE *f, const struct delay_picture *p, const struct delay_column *c,
		bool is_skew, double low, double high)
{
	int n = p->names->len;

	fprintf(f, "set yrange [%g:%g]\n", low - ROOM * (high - low), high + ROOM * (high - low));
	fputs("unset object\n", f);
	for (guint i = 0; i < c->gaps->len; i++) {
		const struct event *e = &g_array_index(c->gaps, struct event, i);

		fprintf(f, "set object rectangle from first %g, graph 0 to first %g, graph 1 "
			"fc rgb '#bbbbbb' fs solid noborder behind\n", e->time, e->time + e->size / 1000.0);
	}
	fputs("plot ", f);
	for (int i = 0; i < n; i++) {
		/* lines that lie on one another: the first is the thickest */
		int rest = n - i;

		report_quote(f, c->data);
		fprintf(f, " using 1:($%d) with lines lw %g lc rgb '%s' ", 2 + i + (is_skew ? n : 0),
			1.5 + 2.0 * (rest < 5 ? rest - 1 : 4), report_colour(i));
		/* one key for all panels */
		if (c == p->columns && !is_skew) {
			fputs("title ", f);
			report_quote(f, p->names->pdata[i]);
		} else {
			fputs("notitle", f);
		}
		fputs(i + 1 < n ? ", \\\n     " : "\n", f);
	}
}

static int write_script(const struct delay_picture *p, const char *script)
{
	double low = INFINITY, high = -INFINITY, skew = 0.0;
	FILE *f = fopen(script, "w");

	if (f == NULL)
		return -errno;
	for (int i = 0; i < p->n_columns; i++) {
		low = fmin(low, p->columns[i].delay_min);
		high = fmax(high, p->columns[i].delay_max);
		skew = fmax(skew, p->columns[i].skew_max);
	}
	fprintf(f, "set terminal pngcairo size %d,640 font 'DejaVu Sans,11'\nset output ",
		p->n_columns > 1 ? 1200 : 800);
	report_quote(f, p->path);
	fprintf(f, "\nset multiplot layout 2,%d columnsfirst margins screen 0.07, 0.985, 0.09, 0.86 "
		"spacing screen 0.08, 0.12 title ", p->n_columns);
	report_quote(f, p->title);
	fputs(" noenhanced font ',14'\n"
		"set border 3 lc rgb '#666666'\nset tics nomirror out textcolor rgb '#333333'\n"
		"set grid lc rgb '#dddddd' lt 1 lw 1\n"
		"set key at screen 0.5, 0.475 center horizontal noenhanced\n"
		"set label 1 'grey: a gap in one of them' at screen 0.985, 0.475 right textcolor rgb '#666666'\n", f);
	for (int i = 0; i < p->n_columns; i++) {
		const struct delay_column *c = &p->columns[i];

		fputs("set title ", f);
		report_quote(f, c->title);
		fputs(" noenhanced\nset ylabel 'delay before the speaker (ms)'\nunset xlabel\n", f);
		draw_panel(f, p, c, false, low, high);
		fputs("unset title\nunset label\nset ylabel 'skew (ms)'\nset xlabel 'time after the step (s)'\n", f);
		draw_panel(f, p, c, true, -skew, skew);
	}
	fputs("unset multiplot\n", f);
	return fclose(f) == 0 ? 0 : -errno;
}

int delay_picture_draw(const struct delay_picture *p)
{
	g_autofree char *script = g_strconcat(p->path, ".gnuplot", NULL);
	int res = p->n_columns > 0 ? write_script(p, script) : -ENODATA;

	return res < 0 ? res : report_draw(script);
}
