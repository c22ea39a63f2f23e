/* Plot: a picture of what was heard of each speaker, before and after */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cairo.h>

#include <spa/utils/defs.h>

#include "calibrate/plot.h"

/* All in pixels */
#define WIDTH		1200
#define MARGIN		28
#define NAME_WIDTH	236		/* of the column of names */
#define LEFT		(MARGIN + NAME_WIDTH + 14)
#define RIGHT		(AFTER_RIGHT - 2 * FIGURE_WIDTH - 10)
#define FIGURE_WIDTH	110
#define AFTER_RIGHT	(WIDTH - MARGIN)
#define BEFORE_RIGHT	(AFTER_RIGHT - FIGURE_WIDTH)
#define TOP		116		/* of the first row */
#define BOTTOM		76		/* below the last one: the axis */
#define ROWS_HEIGHT	640		/* of all rows, if they need not be smaller than ROW_MIN */
#define ROW_MIN		46
#define ROW_MAX		96
#define ROW_SPACE	12		/* in a row, above its curve */

#define TITLE_SIZE	22
#define TEXT_SIZE	15
#define SMALL_SIZE	13
#define TEXT_MAX	512		/* bytes of a text that is shown */

#define SPAN_MIN_MS	24.0		/* a room is heard for some 10 ms */
#define LATE_MAX_MS	10e3		/* beyond, a figure is no place on an axis */
#define TICKS		9

struct color {
	double red, green, blue;
};

static const struct color BLACK = { 0.13, 0.15, 0.18 };
static const struct color FAINT = { 0.45, 0.48, 0.52 };
static const struct color GRID = { 0.87, 0.88, 0.90 };
static const struct color BAND = { 0.965, 0.97, 0.976 };
static const struct color BEFORE = { 0.62, 0.64, 0.67 };
static const struct color AFTER = { 0.05, 0.45, 0.66 };

struct view {
	cairo_t *cr;
	const struct plot *plot;
	double row_height, bottom;
	double from_ms, to_ms;		/**< of the axis */
};

/* -- the axis -- */

static bool has_place(double ms)
{
	return isfinite(ms) && fabs(ms) <= LATE_MAX_MS;
}

static double place(const struct view *v, double ms)
{
	return LEFT + (ms - v->from_ms) / (v->to_ms - v->from_ms) * (RIGHT - LEFT);
}

static void take(struct view *v, const struct plot_curve *curve)
{
	if (has_place(curve->late_ms)) {
		v->from_ms = fmin(v->from_ms, curve->late_ms);
		v->to_ms = fmax(v->to_ms, curve->late_ms);
	}
}

/* All arrivals, and some of what comes after each */
static void choose_axis(struct view *v)
{
	double span;
	uint32_t i;

	v->from_ms = v->to_ms = 0.0;
	for (i = 0; i < v->plot->n_rows; i++) {
		take(v, &v->plot->rows[i].before);
		take(v, &v->plot->rows[i].after);
	}
	span = fmax(v->to_ms - v->from_ms, SPAN_MIN_MS);
	v->from_ms -= 0.12 * span;
	v->to_ms += 0.22 * span;
}

/* 1, 2 or 5 times a power of ten */
static double tick_ms(const struct view *v)
{
	double least = (v->to_ms - v->from_ms) / TICKS, power = pow(10.0, floor(log10(least)));

	return power * (least <= power ? 1.0 : least <= 2.0 * power ? 2.0 : least <= 5.0 * power ? 5.0 : 10.0);
}

/* -- what all is drawn with -- */

static void set_color(const struct view *v, struct color c, double alpha)
{
	cairo_set_source_rgba(v->cr, c.red, c.green, c.blue, alpha);
}

static void set_font(const struct view *v, double size, bool bold)
{
	cairo_select_font_face(v->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(v->cr, size);
}

static void draw_line(const struct view *v, double x1, double y1, double x2, double y2)
{
	cairo_set_line_width(v->cr, 1.0);
	cairo_move_to(v->cr, round(x1) + 0.5, round(y1) + 0.5);
	cairo_line_to(v->cr, round(x2) + 0.5, round(y2) + 0.5);
	cairo_stroke(v->cr);
}

/* Bytes of the character at \a s; 0: it is not UTF-8 */
static size_t character(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 && s[0] >= 0xc2 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
		(s[0] & 0xf8) == 0xf0 && s[0] <= 0xf4 ? 4 : 0;
	size_t i;

	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* What is longer than need be, half of a UTF-16 character, beyond the last one */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	return len;
}

/* cairo draws nothing any more once it was given what is no UTF-8. */
static void copy(char *dst, const char *text)
{
	const unsigned char *s = (const unsigned char *)(text ? text : "");
	size_t n = 0, len;

	for (; *s; s += SPA_MAX(len, 1u)) {
		len = character(s);
		if (n + SPA_MAX(len, 1u) >= TEXT_MAX)
			break;
		if (len == 0)
			dst[n++] = '?';
		else
			memcpy(dst + n, s, len);
		n += len;
	}
	dst[n] = '\0';
}

static double text_width(const struct view *v, const char *text)
{
	cairo_text_extents_t extents;

	cairo_text_extents(v->cr, text, &extents);
	return extents.x_advance;
}

/* Its last characters give way to an ellipsis. */
static void shorten(const struct view *v, char *text, double width)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	size_t n = SPA_MIN(strlen(text), TEXT_MAX - sizeof(ellipsis));

	while (text_width(v, text) > width && n > 0) {
		do
			n--;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80);
		memcpy(text + n, ellipsis, sizeof(ellipsis));
	}
}

/** \a align: 0.0 begins at x, 0.5 is around it, 1.0 ends there */
static void draw_text(const struct view *v, double x, double y, double align, double width, const char *text)
{
	char shown[TEXT_MAX];

	copy(shown, text);
	shorten(v, shown, width);
	cairo_move_to(v->cr, round(x - align * text_width(v, shown)), round(y));
	cairo_show_text(v->cr, shown);
}

/* -- the parts of the picture -- */

static void draw_head(const struct view *v)
{
	const struct plot *p = v->plot;
	const double y = TOP - 16;

	set_color(v, BLACK, 1.0);
	set_font(v, TITLE_SIZE, true);
	draw_text(v, MARGIN, 44, 0.0, WIDTH - 2 * MARGIN, p->title);
	set_font(v, TEXT_SIZE, false);
	set_color(v, FAINT, 1.0);
	draw_text(v, MARGIN, 70, 0.0, WIDTH - 2 * MARGIN, p->subtitle);

	set_font(v, TEXT_SIZE, true);
	set_color(v, BEFORE, 1.0);
	draw_text(v, BEFORE_RIGHT, y, 1.0, FIGURE_WIDTH - 8, p->before);
	set_color(v, AFTER, 1.0);
	draw_text(v, AFTER_RIGHT, y, 1.0, FIGURE_WIDTH - 8, p->after);
}

static void draw_bands(const struct view *v)
{
	uint32_t i;

	set_color(v, BAND, 1.0);
	for (i = 0; i < v->plot->n_rows; i += 2) {
		cairo_rectangle(v->cr, 0, TOP + i * v->row_height, WIDTH, v->row_height);
		cairo_fill(v->cr);
	}
}

/* With a minus, and not a hyphen; what is nothing has no sign. */
static void print_signed(char *text, size_t size, const char *format, double value, double nothing)
{
	bool is_nothing = fabs(value) < nothing;

	snprintf(text, size, format, is_nothing ? "" : value > 0.0 ? "+" : "\xe2\x88\x92", is_nothing ? 0.0 : fabs(value));
}

static void draw_axis(const struct view *v)
{
	double step = tick_ms(v), ms;
	char text[32];

	set_font(v, SMALL_SIZE, false);
	for (ms = ceil(v->from_ms / step) * step; ms <= v->to_ms; ms += step) {
		bool is_zero = fabs(ms) < step / 2;

		set_color(v, is_zero ? FAINT : GRID, 1.0);
		draw_line(v, place(v, ms), TOP, place(v, ms), v->bottom + 5);
		set_color(v, FAINT, 1.0);
		print_signed(text, sizeof(text), "%s%g", round(ms / step) * step, step / 2.0);
		draw_text(v, place(v, ms), v->bottom + 22, 0.5, 80, text);
	}
	set_color(v, FAINT, 1.0);
	draw_line(v, LEFT, v->bottom, RIGHT, v->bottom);
	set_font(v, TEXT_SIZE, false);
	draw_text(v, (LEFT + RIGHT) / 2.0, v->bottom + 50, 0.5, RIGHT - LEFT, v->plot->axis);
}

/* The loudest within each pixel, so that nothing is lost where there are many in one */
static double fill_heights(const struct view *v, const struct plot_curve *c, double heights[RIGHT - LEFT])
{
	double highest = 0.0, x;
	uint32_t i;

	memset(heights, 0, (RIGHT - LEFT) * sizeof(*heights));
	for (i = 0; i < c->n; i++) {
		x = floor(place(v, c->start_ms + i * c->step_ms) - LEFT);
		if (!(x >= 0.0 && x < RIGHT - LEFT) || !(c->envelope[i] > 0.0f) || !isfinite(c->envelope[i]))
			continue;
		heights[(int)x] = fmax(heights[(int)x], c->envelope[i]);
		highest = fmax(highest, c->envelope[i]);
	}
	return highest;
}

/* Straight lines, also where the samples are further apart than the pixels; but not across a hole */
static void trace(const struct view *v, const struct plot_curve *c, double ground, double scale)
{
	double heights[RIGHT - LEFT], px_per_step = c->step_ms * (RIGHT - LEFT) / (v->to_ms - v->from_ms);
	int x, last = -1;
	double highest = fill_heights(v, c, heights);

	cairo_new_path(v->cr);
	for (x = 0; x < RIGHT - LEFT; x++) {
		if (heights[x] == 0.0)
			continue;
		if (last < 0 || x - last > px_per_step + 2.0)
			cairo_line_to(v->cr, LEFT + x, ground);
		cairo_line_to(v->cr, LEFT + x + 0.5, ground - heights[x] / highest * scale);
		last = x;
	}
	if (last >= 0)
		cairo_line_to(v->cr, LEFT + last + 1, ground);
}

static void draw_curve(const struct view *v, const struct plot_curve *c, struct color color, double ground,
		double scale)
{
	if (c->envelope == NULL || !(c->step_ms > 0.0) || !isfinite(c->start_ms) || !isfinite(c->step_ms))
		return;
	trace(v, c, ground, scale);
	set_color(v, color, 0.5);
	cairo_fill_preserve(v->cr);
	set_color(v, color, 1.0);
	cairo_set_line_width(v->cr, 1.2);
	cairo_stroke(v->cr);
}

/* A line at the first sound, with a head below, on the ground */
static void draw_arrival(const struct view *v, const struct plot_curve *c, struct color color, double ground,
		double scale)
{
	double x;

	if (!has_place(c->late_ms))
		return;
	x = place(v, c->late_ms);
	set_color(v, color, 1.0);
	cairo_set_line_width(v->cr, 1.5);
	cairo_move_to(v->cr, x, ground);
	cairo_line_to(v->cr, x, ground - scale - 4);
	cairo_stroke(v->cr);
	cairo_move_to(v->cr, x, ground - 1);
	cairo_rel_line_to(v->cr, -5, 8);
	cairo_rel_line_to(v->cr, 10, 0);
	cairo_close_path(v->cr);
	cairo_fill(v->cr);
}

static void draw_figure(const struct view *v, double x, double y, const struct plot_curve *c, struct color color)
{
	char text[64] = "\xe2\x80\x93";

	set_color(v, color, 1.0);
	if (has_place(c->late_ms))
		print_signed(text, sizeof(text), "%s%.2f ms", c->late_ms, 0.005);
	draw_text(v, x, y, 1.0, FIGURE_WIDTH - 8, text);
}

static void draw_row(const struct view *v, uint32_t i)
{
	const struct plot_row *r = &v->plot->rows[i];
	double top = TOP + i * v->row_height, ground = top + v->row_height - 9, middle = top + v->row_height / 2 + 5;
	double scale = v->row_height - 9 - ROW_SPACE;

	set_font(v, TEXT_SIZE, false);
	set_color(v, BLACK, 1.0);
	draw_text(v, MARGIN, middle, 0.0, NAME_WIDTH, r->name);

	set_color(v, GRID, 1.0);
	draw_line(v, LEFT, ground, RIGHT, ground);
	cairo_save(v->cr);
	cairo_rectangle(v->cr, LEFT, top, RIGHT - LEFT, v->row_height);
	cairo_clip(v->cr);
	draw_curve(v, &r->before, BEFORE, ground, scale);
	draw_curve(v, &r->after, AFTER, ground, scale);
	draw_arrival(v, &r->before, BEFORE, ground, scale);
	draw_arrival(v, &r->after, AFTER, ground, scale);
	cairo_restore(v->cr);

	set_font(v, TEXT_SIZE, false);
	draw_figure(v, BEFORE_RIGHT, middle, &r->before, FAINT);
	set_font(v, TEXT_SIZE, true);
	draw_figure(v, AFTER_RIGHT, middle, &r->after, AFTER);
}

static void draw(struct view *v)
{
	uint32_t i;

	choose_axis(v);
	cairo_set_source_rgb(v->cr, 1.0, 1.0, 1.0);
	cairo_paint(v->cr);
	draw_bands(v);
	draw_head(v);
	draw_axis(v);
	for (i = 0; i < v->plot->n_rows; i++)
		draw_row(v, i);
}

/* -- the file -- */

static cairo_status_t write_bytes(void *data, const unsigned char *bytes, unsigned int n)
{
	return fwrite(bytes, 1, n, data) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static int write_file(const char *path, cairo_surface_t *surface)
{
	cairo_status_t status;
	bool is_ours;
	int res = 0;
	struct stat st;
	FILE *file;

	if ((file = fopen(path, "wbe")) == NULL)
		return -errno;
	/* Not a device that it was written to */
	is_ours = fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode);
	errno = 0;
	status = cairo_surface_write_to_png_stream(surface, write_bytes, file);
	if (status != CAIRO_STATUS_SUCCESS)
		res = status == CAIRO_STATUS_WRITE_ERROR && errno ? -errno : -ENOMEM;
	if (fclose(file) != 0 && res == 0)
		res = -errno;
	if (res < 0 && is_ours)
		unlink(path);
	return res;
}

int plot_write(const char *path, const struct plot *plot)
{
	struct view v = { .plot = plot };
	cairo_surface_t *surface;
	int res = -ENOMEM;

	v.row_height = SPA_CLAMP(ROWS_HEIGHT / (double)SPA_MAX(plot->n_rows, 1u), ROW_MIN, ROW_MAX);
	v.row_height = floor(v.row_height);
	v.bottom = TOP + plot->n_rows * v.row_height;
	surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, (int)v.bottom + BOTTOM);
	v.cr = cairo_create(surface);
	draw(&v);
	if (cairo_status(v.cr) == CAIRO_STATUS_SUCCESS)
		res = write_file(path, surface);
	cairo_destroy(v.cr);
	cairo_surface_destroy(surface);
	return res;
}
