/* Figures as a table, as JSON, as a picture */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "listen/report.h"

extern char **environ;

static void json_quote(FILE *file, const char *s)
{
	putc('"', file);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", file);
		else if (c < 0x20)
			fprintf(file, "\\u%04x", c);
		else
			putc(c, file);
	}
	putc('"', file);
}

static void json_key(struct json *j, const char *key)
{
	if (j->comma)
		putc(',', j->file);
	if (j->depth > 0)
		fprintf(j->file, "\n%*s", 2 * j->depth, "");
	if (key != NULL) {
		json_quote(j->file, key);
		fputs(": ", j->file);
	}
	j->comma = true;
}

void json_begin(struct json *j, const char *key, char bracket)
{
	json_key(j, key);
	putc(bracket, j->file);
	j->depth++;
	j->comma = false;
}

void json_end(struct json *j, char bracket)
{
	j->depth--;
	if (j->comma)
		fprintf(j->file, "\n%*s", 2 * j->depth, "");
	putc(bracket, j->file);
	j->comma = true;
	if (j->depth == 0)
		putc('\n', j->file);
}

void json_string(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	if (value != NULL)
		json_quote(j->file, value);
	else
		fputs("null", j->file);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	fprintf(j->file, "%" PRIi64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	fputs(value ? "true" : "false", j->file);
}

void json_double(struct json *j, const char *key, double value)
{
	json_key(j, key);
	if (isfinite(value))
		fprintf(j->file, "%.6g", value);
	else
		fputs("null", j->file);
}

static void json_summary(struct json *j, const char *key, const struct measure_summary *s)
{
	json_begin(j, key, '{');
	json_int(j, "windows", s->n);
	json_double(j, "median", s->median);
	json_double(j, "p99", s->p99);
	json_double(j, "max", s->max);
	json_end(j, '}');
}

static void json_events(struct json *j, const struct playout *t)
{
	json_begin(j, "events", '[');
	for (size_t i = 0; i < t->n_events; i++) {
		json_begin(j, NULL, '{');
		json_string(j, "kind", event_kind_name(t->events[i].kind));
		json_double(j, "t_s", t->events[i].time);
		json_double(j, "size_ms", t->events[i].size);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static double seconds(int64_t pos)
{
	return pos < 0 ? NAN : (double)pos / MEASURE_RATE;
}

static double db(double linear)
{
	return linear > 0.0 ? 20.0 * log10(linear) : -INFINITY;
}

static void json_speaker(struct json *j, const struct measure *m, const struct measure_speaker *s)
{
	json_begin(j, NULL, '{');
	json_string(j, "name", s->signal.name);
	json_double(j, "first_sound_s", seconds(s->signal.first));
	json_double(j, "last_sound_s", seconds(s->signal.last));
	json_double(j, "skew_ms", s->skew_median);
	json_summary(j, "skew_abs_ms", &s->skew_abs);
	json_int(j, "windows_silent", s->silent);
	json_int(j, "windows_weak", s->weak);
	json_int(j, "windows_ambiguous", s->ambiguous);
	json_double(j, "rms_dbfs", db(s->signal.rms));
	json_double(j, "peak_dbfs", db(s->signal.max));
	if (m->has_source) {
		json_bool(j, "recognised", s->track.found);
		json_double(j, "latency_ms", s->latency);
		json_double(j, "latency_min_ms", s->latency_min);
		json_double(j, "latency_max_ms", s->latency_max);
		json_double(j, "drift_ppm", s->drift);
		json_double(j, "gain_db", s->track.gain);
		json_double(j, "correlation", s->track.rho);
		json_int(j, "gaps", s->gaps);
		json_double(j, "largest_gap_ms", s->largest_gap);
		json_int(j, "repeats", s->repeats);
		json_int(j, "skips", s->skips);
		json_double(j, "largest_step_ms", s->largest_step);
		json_int(j, "absences", s->absences);
		json_double(j, "absent_s", s->absent);
		json_int(j, "blocks_disturbed", s->track.disturbed);
		json_int(j, "blocks_unsure", s->track.unsure);
		json_events(j, &s->track);
	}
	json_end(j, '}');
}

void report_json(struct json *j, const char *key, const struct measure *m)
{
	json_begin(j, key, '{');
	json_string(j, "reference", m->reference >= 0 ?
			m->speakers[m->reference].signal.name : NULL);
	json_double(j, "window_s", m->options.window);
	json_double(j, "hop_s", m->options.hop);
	json_int(j, "windows", m->n_windows);
	json_int(j, "windows_partial", m->windows_partial);
	json_int(j, "windows_none", m->windows_none);
	json_summary(j, "spread_ms", &m->spread_abs);
	json_begin(j, "speakers", '[');
	for (int i = 0; i < m->n_speakers; i++)
		json_speaker(j, m, &m->speakers[i]);
	json_end(j, ']');
	json_end(j, '}');
}

static const char *figure(char *text, size_t size, int decimals, double value)
{
	if (isfinite(value))
		snprintf(text, size, "%.*f", decimals, value);
	else
		snprintf(text, size, "-");
	return text;
}

static void table_events(FILE *file, const struct measure *m)
{
	for (int i = 0; i < m->n_speakers; i++) {
		const struct measure_speaker *s = &m->speakers[i];
		size_t shown = s->track.n_events < 8 ? s->track.n_events : 8;

		for (size_t k = 0; k < shown; k++) {
			const struct event *e = &s->track.events[k];
			fprintf(file, "  %s: %s of %.2f ms at %.3f s\n", s->signal.name,
				event_kind_name(e->kind), e->size, e->time);
		}
		if (shown < s->track.n_events)
			fprintf(file, "  %s: %zu more\n", s->signal.name, s->track.n_events - shown);
	}
}

void report_table(FILE *file, const struct measure *m)
{
	char a[7][32];
	int width = 8;

	for (int i = 0; i < m->n_speakers; i++)
		if ((int)strlen(m->speakers[i].signal.name) > width)
			width = strlen(m->speakers[i].signal.name);
	fprintf(file, "%-*s %9s %9s %9s %9s %9s %9s %9s  %s\n", width, "speaker", "first s",
		"latency", "skew", "median", "p99", "max", "drift",
		m->has_source ? "gaps repeats skips absent" : "");
	for (int i = 0; i < m->n_speakers; i++) {
		const struct measure_speaker *s = &m->speakers[i];

		fprintf(file, "%-*s %9s %9s %9s %9s %9s %9s %9s", width, s->signal.name,
			figure(a[0], 32, 3, seconds(s->signal.first)),
			figure(a[1], 32, 2, s->latency),
			figure(a[2], 32, 3, s->skew_median),
			figure(a[3], 32, 3, s->skew_abs.median),
			figure(a[4], 32, 3, s->skew_abs.p99),
			figure(a[5], 32, 3, s->skew_abs.max),
			figure(a[6], 32, 1, m->has_source ? s->drift : NAN));
		if (m->has_source && s->track.found)
			fprintf(file, "  %4d %7d %5d %6.1f", s->gaps, s->repeats, s->skips, s->absent);
		else if (m->has_source)
			fprintf(file, "  source not recognised");
		putc('\n', file);
	}
	fprintf(file, "%-*s %29s %9s %9s %9s  of %d windows, %d partial, %d without\n", width,
		"spread", "",
		figure(a[0], 32, 3, m->spread_abs.median),
		figure(a[1], 32, 3, m->spread_abs.p99),
		figure(a[2], 32, 3, m->spread_abs.max),
		m->n_windows, m->windows_partial, m->windows_none);
	table_events(file, m);
}

#define REPORT_PLOT_MS	1.0	/* either way at least: what a listener could hear at best */

static int plot_data(const struct measure *m, const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return -errno;
	fputs("# s", file);
	for (int i = 0; i < m->n_speakers; i++)
		fprintf(file, " %s", m->speakers[i].signal.name);
	fputs(" spread, ms\n", file);
	for (int w = 0; w < m->n_windows; w++) {
		fprintf(file, "%.3f", m->window_time[w]);
		for (int i = 0; i < m->n_speakers; i++)
			fprintf(file, " %.4f", m->speakers[i].skew[w]);
		fprintf(file, " %.4f\n", m->spread[w]);
	}
	return fclose(file) == 0 ? 0 : -errno;
}

/* Within gnuplot's single quotes only the quote itself is special. */
void report_quote(FILE *file, const char *s)
{
	putc('\'', file);
	for (; *s; s++) {
		if (*s == '\'')
			putc('\'', file);
		putc(*s == '\n' ? ' ' : *s, file);
	}
	putc('\'', file);
}

const char *report_colour(int i)
{
	/* told apart by the colour-blind, too */
	static const char *const colours[] = { "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7",
		"#56b4e9", "#000000" };

	return colours[i % (sizeof(colours) / sizeof(colours[0]))];
}

static int plot_script(const struct measure *m, const char *path, const char *png,
		const char *data, const char *title)
{
	FILE *file = fopen(path, "w");
	char name[256];
	double top = 0.0;

	if (file == NULL)
		return -errno;
	for (int i = 0; i < m->n_speakers; i++)
		if (m->speakers[i].skew_abs.n > 0)
			top = fmax(top, m->speakers[i].skew_abs.max);
	/* Lines that lie on one another: the first is the thickest, so that each is seen. A
	 * value in brackets that is not a number interrupts its line. */
	fputs("set terminal pngcairo size 1100,550 font 'DejaVu Sans,12'\nset output ", file);
	report_quote(file, png);
	fputs("\nset title ", file);
	report_quote(file, title);
	fprintf(file, " noenhanced font ',15'\n"
		"set xlabel 'time (s)'\nset ylabel 'skew (ms)'\n"
		"set border 3 lc rgb '#666666'\nset tics nomirror out textcolor rgb '#333333'\n"
		"set grid lc rgb '#dddddd' lt 1 lw 1\nset xzeroaxis lt 1 lw 1 lc rgb '#888888'\n"
		"set key inside top right horizontal noenhanced\n"
		"set xrange [%g:%g]\nset yrange [%g:%g]\n"
		"plot ", m->window_time[0] - 0.5, m->window_time[m->n_windows - 1] + 0.5,
		-fmax(REPORT_PLOT_MS, 1.2 * top), fmax(REPORT_PLOT_MS, 1.2 * top));
	for (int i = 0; i < m->n_speakers; i++) {
		int rest = m->n_speakers - i;

		report_quote(file, data);
		fprintf(file, " using 1:($%d) with lines lw %g lc rgb '%s' title ", i + 2,
			1.5 + 2.0 * (rest < 5 ? rest - 1 : 4), report_colour(i));
		snprintf(name, sizeof(name), "%s%s", m->speakers[i].signal.name,
			i == m->reference ? " (reference)" : "");
		report_quote(file, name);
		fputs(i + 1 < m->n_speakers ? ", \\\n     " : "\n", file);
	}
	return fclose(file) == 0 ? 0 : -errno;
}

int report_draw(const char *script)
{
	char *argv[] = { "gnuplot", (char *)script, NULL };
	int res, status;
	pid_t pid;

	if ((res = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ)) != 0)
		return -res;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int report_plot(const struct measure *m, const char *path, const char *title)
{
	char data[4096], script[4096];
	int res;

	if (m->n_speakers == 0 || m->n_windows == 0)
		return -ENODATA;
	snprintf(data, sizeof(data), "%s.dat", path);
	snprintf(script, sizeof(script), "%s.gnuplot", path);
	if ((res = plot_data(m, data)) < 0 ||
	    (res = plot_script(m, script, path, data, title)) < 0)
		return res;
	return report_draw(script);
}
