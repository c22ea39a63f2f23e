/* The picture of a calibration is written, whatever is in it */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calibrate/plot.h"
#include "harness.h"

#define RATE_MS		48.0	/* samples in a millisecond */
#define BEFORE_MS	8.0
#define N		((uint32_t)(60 * RATE_MS))

/* Set to a folder the pictures stay there, to be looked at. */
#define KEEP_ENV	"TEST_PLOT_DIR"

static char dir[256], path[512];

static const struct plot empty = {
	.title = "Calibration of the group default", .subtitle = "2026-11-29 12:00, by Built-in Microphone",
	.axis = "heard later than the reference, in ms", .before = "before", .after = "after",
};

/* A first sound, a wall, and a room of T60 0.3 s */
static float *make_envelope(uint32_t seed)
{
	float *e = calloc(N, sizeof(*e));
	double t;
	uint32_t i;

	for (i = 0; i < N; i++) {
		t = i / RATE_MS - BEFORE_MS;
		e[i] = 0.02 * fabs(harness_noise(&seed));
		e[i] += exp(-t * t / 0.02) + 0.6 * exp(-(t - 4.0) * (t - 4.0) / 0.05);
		if (t > 0.0)
			e[i] += 0.3 * fabs(harness_noise(&seed)) * exp(-t * 6.9 / 300.0 * 10.0);
	}
	return e;
}

static struct plot_curve make_curve(const float *envelope, double late_ms)
{
	return (struct plot_curve) {
		.envelope = envelope, .n = N, .start_ms = late_ms - BEFORE_MS, .step_ms = 1.0 / RATE_MS,
		.late_ms = late_ms,
	};
}

static uint32_t big_endian(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

/* Is there a PNG of some size, and how high is it? */
static uint32_t height_of(const char *file)
{
	static const unsigned char signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	unsigned char head[24] = { 0 };
	FILE *f = fopen(file, "rb");

	check(f != NULL);
	check(fread(head, 1, sizeof(head), f) == sizeof(head));
	fclose(f);
	check(memcmp(head, signature, sizeof(signature)) == 0);
	check(big_endian(head + 16) == 1200);
	return big_endian(head + 20);
}

static uint32_t write_plot(const char *name, const struct plot *plot)
{
	uint32_t height;

	snprintf(path, sizeof(path), "%s/%s.png", dir, name);
	check(plot_write(path, plot) == 0);
	height = height_of(path);
	if (getenv(KEEP_ENV) == NULL)
		unlink(path);
	return height;
}

static void three_speakers_are_a_row_each(void)
{
	float *e[] = { make_envelope(1), make_envelope(2), make_envelope(3) };
	struct plot_row rows[] = {
		{ "Kitchen", make_curve(e[0], 0.0), make_curve(e[0], 0.0) },
		{ "Wohnzimmer links über dem Bücherregal", make_curve(e[1], 87.31), make_curve(e[1], 0.02) },
		{ "JBL Flip 5", make_curve(e[2], -31.4), make_curve(e[2], -0.03) },
	};
	struct plot plot = empty;
	uint32_t none = write_plot("none", &empty);

	plot.rows = rows;
	plot.n_rows = 3;
	check(write_plot("three", &plot) > none + 100);
	/* What is apart by little is seen, too */
	rows[1].before = make_curve(e[1], 1.31);
	rows[2].before = make_curve(e[2], -0.42);
	write_plot("near", &plot);
	for (int i = 0; i < 3; i++)
		free(e[i]);
}

static void fifteen_speakers_fit(void)
{
	float *e = make_envelope(1);
	struct plot_row rows[15];
	struct plot plot = empty;
	char names[15][32];

	for (int i = 0; i < 15; i++) {
		snprintf(names[i], sizeof(names[i]), "Lautsprecher %d", i + 1);
		rows[i] = (struct plot_row) { names[i], make_curve(e, 61.0 * (i * 7 % 15) - 400.0),
			make_curve(e, 0.01 * (i % 5 - 2)) };
	}
	rows[0].before = make_curve(e, 0.0);
	plot.title = "Kalibrierung der Gruppe default";
	plot.subtitle = "29. November 2026 12:00, mit Internes Mikrofon";
	plot.axis = "später zu hören als der Bezug, in ms";
	plot.before = "vorher";
	plot.after = "nachher";
	plot.rows = rows;
	plot.n_rows = 15;
	check(write_plot("fifteen", &plot) < 1200);
	free(e);
}

/* What was not heard, and what no calculation should come to */
static void what_is_not_known_is_left_out(void)
{
	static float bad[] = { NAN, INFINITY, -1.0f, 0.0f }, one[] = { 1.0f };
	struct plot_row rows[] = {
		{ "no curve", { .late_ms = NAN }, { .late_ms = NAN } },
		{ "no sound", { bad, 4, -1.0, 0.1, 3.0 }, { bad, 4, NAN, 0.1, INFINITY } },
		{ "one sample", { one, 1, 2.0, 0.1, 2.0 }, { one, 1, 0.0, 0.0, 1e300 } },
		{ "no step", { one, 1, 2.0, NAN, -1e300 }, { one, 1, 1e300, 1e300, 0.0 } },
		{ NULL, { .late_ms = 0.0 }, { .late_ms = -0.001 } },
	};
	struct plot plot = { .rows = rows, .n_rows = 5 };

	write_plot("unknown", &plot);
}

static void names_of_any_length_and_of_any_bytes_fit(void)
{
	static const char *const bytes[] = { "\xff\xfe", "caf\xe9", "\xc3", "a\xe2\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xc0\xaf", "\xf0\x80\x80\x80", "\n\t\x01", "" };
	struct plot_row rows[12] = { 0 };
	struct plot plot = empty;
	char longest[4096];

	for (size_t i = 0; i + 2 < sizeof(longest); i += 2)
		memcpy(longest + i, "\xc3\xa4", 3);
	for (int i = 0; i < 10; i++)
		rows[i].name = bytes[i];
	rows[10].name = rows[11].name = longest;
	plot.title = plot.subtitle = plot.axis = plot.before = plot.after = longest;
	plot.rows = rows;
	plot.n_rows = 12;
	write_plot("names", &plot);
}

static void a_file_that_cannot_be_written_is_told(void)
{
	struct stat st;

	snprintf(path, sizeof(path), "%s/there/is/no/such.png", dir);
	check(plot_write(path, &empty) == -ENOENT);
	check(plot_write(dir, &empty) == -EISDIR);
	check(plot_write("", &empty) == -ENOENT);
	if (stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode)) {
		snprintf(path, sizeof(path), "%s/full.png", dir);
		check(symlink("/dev/full", path) == 0);
		check(plot_write(path, &empty) == -ENOSPC);
		/* What was there before, and is no file, is still there */
		check(lstat(path, &st) == 0);
		unlink(path);
	}
}

/* What fontconfig has read of the machine's fonts stays until the end, and with cairo between nobody may say when that is */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}

int main(void)
{
	const char *keep = getenv(KEEP_ENV), *tmp = getenv("TMPDIR");

	if (keep)
		snprintf(dir, sizeof(dir), "%s", keep);
	else
		snprintf(dir, sizeof(dir), "%s/test-plot-XXXXXX", tmp ? tmp : "/tmp");
	check(keep || mkdtemp(dir) != NULL);
	run(three_speakers_are_a_row_each);
	run(fifteen_speakers_fit);
	run(what_is_not_known_is_left_out);
	run(names_of_any_length_and_of_any_bytes_fit);
	run(a_file_that_cannot_be_written_is_told);
	if (!keep)
		rmdir(dir);
	return harness_finish();
}
