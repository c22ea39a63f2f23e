/* Test: listening in rooms in numbers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * The error of each pair of speakers, over many rooms, against the truth.
 *
 *	test-ear-rooms [SEEDS [FIRST [KIND]]]
 *
 * With many seeds it prints the figures of docs/by-ear.md.
 */

#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "ear/linearity.h"
#include "ear-room.h"
#include "harness.h"

#define SEEDS		2
#define PAIRS_MIN	60
#define RIGHT_MS	1.0	/* beyond it a confident answer is a wrong one */

enum expect {
	HEARD,			/* as exact as it is to be, and hardly ever refused */
	HEARD_OR_REFUSED,	/* if heard, then as exact */
	NEVER_WRONG,		/* whatever it says is within a millisecond */
	REFUSED,		/* for the kind's reason */
};

/* A palindrome in an ordinary room with ordinary speakers; each kind has something more */
#define SPEAKERS(n, snr)	.n_speakers = n, .snr_db = snr, .mic_ppm = 150, .drift_ppm = 40
#define ORDINARY(n, snr)	SPEAKERS(n, snr), .direct_below_db = 6, .harmonic = 0.1

static const struct kind {
	const char *name;
	enum expect expect;
	enum ear_reason reason;		/* with REFUSED */
	struct ear_room_options options;
} kinds[] = {
	{ "no speaker's own response", HEARD, 0, { SPEAKERS(3, 30), .direct_below_db = 6, .plain = true } },
	{ "ordinary, 30 dB", HEARD, 0, { ORDINARY(3, 30) } },
	{ "20 dB", HEARD, 0, { ORDINARY(3, 20) } },
	{ "10 dB", HEARD, 0, { ORDINARY(3, 10) } },
	{ "0 dB", NEVER_WRONG, 0, { ORDINARY(3, 0.01) } },
	{ "T60 0.2 s", HEARD, 0, { ORDINARY(3, 30), .t60_s = 0.2 } },
	{ "T60 0.8 s", HEARD, 0, { ORDINARY(3, 30), .t60_s = 0.8 } },
	{ "direct sound 10 dB weaker", HEARD, 0, { SPEAKERS(3, 30), .harmonic = 0.1, .direct_below_db = 10 } },
	{ "harmonic -10 dB, 20 dB", HEARD_OR_REFUSED, 0, { SPEAKERS(3, 20), .direct_below_db = 6, .harmonic = 0.316 } },
#ifdef HAVE_SBC
	{ "SBC, 20 dB", HEARD, 0, { ORDINARY(3, 20), .sbc = true } },
#endif
	{ "16 kHz, 20 dB", HEARD, 0, { ORDINARY(3, 20), .mic_rate = 16000 } },
	{ "44.1 kHz, 20 dB", HEARD, 0, { ORDINARY(3, 20), .mic_rate = 44100 } },
	{ "8 speakers, 20 dB", HEARD, 0, { ORDINARY(8, 20) } },
	{ "first round, 20 dB", HEARD, 0, { ORDINARY(3, 20), .coarse = true } },
	{ "two levels, 20 dB", HEARD, 0, { ORDINARY(3, 20), .step_db = 6 } },
	{ "gain rides, slope 0.4", HEARD, 0, { ORDINARY(3, 30), .step_db = 6, .agc_slope = 0.4 } },
	{ "gain rides, slope 0.7", HEARD, 0, { ORDINARY(3, 30), .step_db = 10, .agc_slope = 0.7 } },
	{ "a pop at the start", HEARD, 0, { ORDINARY(3, 30), .pop = true } },
	{ "a voice, -10 dB", HEARD, 0, { ORDINARY(3, 30), .talk_db = -10 } },
	{ "a voice, as loud", NEVER_WRONG, 0, { ORDINARY(3, 30), .talk_db = 0.01 } },
	{ "cut off at half", REFUSED, EAR_CLIPPED, { ORDINARY(3, 30), .clip = 0.5 } },
	{ "cut off at half, 16 kHz", REFUSED, EAR_CLIPPED, { ORDINARY(3, 30), .clip = 0.5, .mic_rate = 16000 } },
	{ "noise alone", REFUSED, EAR_TOO_NOISY, { ORDINARY(3, -30) } },
	{ "a piece lost", NEVER_WRONG, 0, { ORDINARY(3, 30), .lost = 1 } },
	{ "a piece lost, 8 speakers", NEVER_WRONG, 0, { ORDINARY(8, 30), .lost = 1 } },
	{ "a piece lost, first round", NEVER_WRONG, 0, { ORDINARY(3, 30), .coarse = true, .lost = 1 } },
};

#define ERRORS_MAX	200000

static struct figures {
	double errors_ms[ERRORS_MAX];
	uint32_t n, speakers, wrong;
	double z2;				/* sum of (error / sigma)^2 */
	uint32_t reasons[EAR_REASONS];
	uint32_t n_slopes, n_agc;
} figures;

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void add_pairs(const struct ear_room *room, const struct ear_fit_speaker *speakers, uint32_t n)
{
	struct figures *f = &figures;
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		f->speakers++;
		f->reasons[speakers[i].reason]++;
		for (k = i + 1; k < n && f->n < ERRORS_MAX; k++) {
			double ms;

			if (speakers[i].reason != EAR_HEARD || speakers[k].reason != EAR_HEARD)
				continue;
			ms = 1e3 * fabs((speakers[k].late_s - speakers[i].late_s) - (room->late_s[k] - room->late_s[i]));
			f->wrong += ms > RIGHT_MS;
			f->z2 += pow(ms / 1e3 / hypot(speakers[i].sigma_s, speakers[k].sigma_s), 2);
			f->errors_ms[f->n++] = ms;
		}
	}
}

static void listen_in(const struct kind *kind, uint64_t seed)
{
	const struct ear_sweep sweep = EAR_SWEEP_DEFAULT;
	struct ear_room_options o = kind->options;
	struct ear_fit_speaker speakers[EAR_ROOM_SPEAKERS];
	struct ear_heard heard[EAR_ROOM_SLOTS];
	struct ear_listener *l;
	struct ear_room room;
	struct ear_fit fit;
	double slope;

	o.seed = seed;
	if (o.lost > 0)
		o.lost = 64 * (1 + seed * 37 % 40);
	ear_room_init(&room, &sweep, &o);
	l = ear_listener_new(&sweep, room.rate);
	check(l != NULL);
	check(ear_listen(l, room.recording, room.n_frames, room.slots, room.n_slots, heard) >= 0);
	check(ear_fit(&fit, speakers, o.n_speakers, room.rate, room.slots, room.emitted_s, heard, room.n_slots,
			ear_listener_instant(l), room.at_s) >= 0);
	add_pairs(&room, speakers, o.n_speakers);
	if (o.step_db > 0) {
		figures.n_slopes++;
		figures.n_agc += ear_linearity(room.slots, heard, room.n_slots, &slope) == EAR_AGC;
	}
	ear_listener_destroy(l);
	ear_room_finish(&room);
}

static double percentile(uint32_t p)
{
	return figures.n > 0 ? figures.errors_ms[(figures.n - 1) * p / 100] : 0.0;
}

static void print(const struct kind *kind)
{
	const struct figures *f = &figures;
	uint32_t i;

	printf("# %-28s %6u %6.3f %6.3f %6.3f %6.3f %5u  %4.1f ", kind->name, f->n, percentile(50), percentile(95),
			percentile(99), percentile(100), f->wrong, f->n > 0 ? sqrt(f->z2 / f->n) : 0.0);
	for (i = 0; i < EAR_REASONS; i++)
		if (f->reasons[i] > 0)
			printf(" %s %.1f%%", ear_reason_name(i), 100.0 * f->reasons[i] / f->speakers);
	printf("\n");
}

static void judge(const struct kind *kind)
{
	const struct figures *f = &figures;
	uint32_t refused = f->speakers - f->reasons[EAR_HEARD];
	/* From one room a first round knows speakers' clocks only as well as clocks are made */
	double p95 = kind->options.coarse ? 0.3 : 0.2;

	check_int(f->wrong, 0);
	if (f->n_slopes > 0) {
		note("%u of %u: the microphone changes its gain", f->n_agc, f->n_slopes);
		check(kind->options.agc_slope > 0 ? f->n_agc >= 0.95 * f->n_slopes : f->n_agc == 0);
	}
	if (kind->expect == REFUSED) {
		/* What little is left is right, as has been seen */
		check(f->reasons[kind->reason] >= 0.85 * f->speakers);
		return;
	}
	if (kind->expect == NEVER_WRONG)
		return;
	/* of a few pairs there is no percentile */
	check(f->n < PAIRS_MIN || percentile(50) <= 0.05);
	check(percentile(f->n < PAIRS_MIN ? 100 : 95) <= p95);
	if (kind->expect == HEARD)
		check(refused <= SPA_MAX(0.02 * f->speakers, 1.0));
}

static void rooms(uint32_t seeds, uint32_t first, const char *only)
{
	uint32_t i, s;

	printf("# %-28s %6s %6s %6s %6s %6s %5s %5s\n", "error in ms, of pairs", "pairs", "median", "95 %", "99 %", "worst",
			"wrong", "sigma");
	for (i = 0; i < SPA_N_ELEMENTS(kinds); i++) {
		if (only != NULL && strstr(kinds[i].name, only) == NULL)
			continue;
		memset(&figures, 0, sizeof(figures));
		for (s = 0; s < seeds; s++)
			listen_in(&kinds[i], first + s);
		qsort(figures.errors_ms, figures.n, sizeof(*figures.errors_ms), compare);
		print(&kinds[i]);
		fflush(stdout);
		judge(&kinds[i]);
	}
}

int main(int argc, char **argv)
{
	rooms(argc > 1 ? strtoul(argv[1], NULL, 0) : SEEDS, argc > 2 ? strtoul(argv[2], NULL, 0) : 1,
			argc > 3 ? argv[3] : NULL);
	printf("ok what_is_confident_is_right_in_any_room\n");
	harness_count++;
	return harness_finish();
}
