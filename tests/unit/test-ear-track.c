/* Test: tracking in rooms in numbers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * The errors of what is heard while music plays, against the truth.
 *
 *	test-ear-track [SEEDS [FIRST [KIND]]]
 *
 * With many seeds it prints the figures of docs/by-ear.md.
 */

#include <math.h>
#include <string.h>
#include <time.h>

#include <spa/utils/defs.h>

#include "air.h"
#include "ear/track.h"
#include "ear-track-room.h"
#include "harness.h"

#define WRONG_US	300.0	/* beyond it a confident answer is a wrong one */

#define ROOM_BY(n, kind, db, ppm, ms)	.n_speakers = n, .music = MUSIC_##kind, .snr_db = db, .drift_ppm = ppm, .mic_ppm = 5, \
	.spread_ms = ms, .direct_below_db = 6
#define ROOM(n, kind, db)		ROOM_BY(n, kind, db, 40, 10)

enum expect {
	HEARD,			/* nearly always, and exact */
	OFTEN,			/* what is heard is exact */
	NEVER_WRONG,		/* and that is all */
	REFUSED,		/* always */
};

static const struct kind {
	const char *name;
	bool quick;			/* is looked at in each run */
	enum expect expect;
	struct ear_track_room_options options;
} kinds[] = {
	{ "2 speakers, pop", false, HEARD, { ROOM(2, POP, 20) } },
	{ "3 speakers, pop", true, HEARD, { ROOM(3, POP, 20) } },
	{ "5 speakers, pop", false, HEARD, { ROOM(5, POP, 20) } },
	{ "8 speakers, pop", false, NEVER_WRONG, { ROOM(8, POP, 20) } },
	{ "3, dense", false, HEARD, { ROOM(3, NOISE, 20) } },
	{ "8, dense", false, HEARD, { ROOM(8, NOISE, 20) } },
	{ "3, piano", false, NEVER_WRONG, { ROOM(3, PIANO, 20) } },
	{ "8, piano", false, NEVER_WRONG, { ROOM(8, PIANO, 20) } },
	{ "3, speech", false, OFTEN, { ROOM(3, SPEECH, 20) } },
	{ "8, speech", false, OFTEN, { ROOM(8, SPEECH, 20) } },
	{ "3, 10 dB", false, OFTEN, { ROOM(3, POP, 10) } },
	{ "3, 30 dB", false, HEARD, { ROOM(3, POP, 30) } },
	{ "3, clocks alike", false, HEARD, { ROOM_BY(3, POP, 20, 0, 10) } },
	{ "3, 60 ms apart", false, HEARD, { ROOM_BY(3, POP, 20, 40, 60) } },
	{ "3, T60 0.8 s", false, OFTEN, { ROOM(3, POP, 20), .t60_s = 0.8 } },
	{ "3, SBC", false, HEARD, { ROOM(3, POP, 20), .sbc = true } },
	{ "3, stereo", false, OFTEN, { ROOM(3, POP, 20), .stereo = true } },
	{ "3, two in one place", false, OFTEN, { ROOM(3, POP, 20), .together = true } },
	{ "3, one 20 dB less", false, NEVER_WRONG, { ROOM(3, POP, 20), .quiet_db = 20 } },
	{ "3, one not heard", false, NEVER_WRONG, { ROOM(3, POP, 20), .silent = true } },
	{ "3, no code", false, REFUSED, { ROOM(3, POP, 20), .samples = -1 } },
	{ "3, gains to and fro", false, NEVER_WRONG, { ROOM(3, POP, 20), .samples = -1, .gain_db = 0.5 } },
	{ "3, a jump of 20 ms", true, NEVER_WRONG, { ROOM(3, POP, 20), .jump_ms = 20, .jump_at_s = 30 } },
	{ "3, a jump of -13 ms", false, NEVER_WRONG, { ROOM(3, POP, 20), .jump_ms = -13, .jump_at_s = 27 } },
	{ "3, a rest of 8 s", false, OFTEN, { ROOM(3, POP, 20), .gap_at_s = 25, .gap_s = 8 } },
	{ "3, somebody talks, -10 dB", false, OFTEN, { ROOM(3, POP, 20), .talk_db = -10 } },
	{ "3, talks as loud", false, NEVER_WRONG, { ROOM(3, POP, 20), .talk_db = 0.01 } },
	{ "3, clipped at half", false, NEVER_WRONG, { ROOM(3, POP, 20), .clip = 0.5 } },
	{ "3, gain rides, slope 0.4", false, NEVER_WRONG, { ROOM(3, POP, 20), .agc_slope = 0.4 } },
	{ "3, limiters", false, OFTEN, { ROOM(3, POP, 20), .limit = 1.0 } },
	{ "3, noise alone", true, REFUSED, { ROOM(3, POP, -15) } },
	{ "3, carried, 1 m/s", false, NEVER_WRONG, { ROOM(3, POP, 20), .walk_m_s = 1 } },
};

#define FIGURES_MAX	100000

struct figure {
	double us[FIGURES_MAX];
	uint32_t n;
};

static struct figures {
	struct figure absolute, change, rate;	/* of pairs; rate: ppm */
	uint32_t reasons[EAR_REASONS], n, late_refused, late_n, wrong, windows;
	double z2, cpu_s, first_s, first_n;
} figures;

static bool verbose;

static void add(struct figure *f, double us)
{
	if (f->n < FIGURES_MAX)
		f->us[f->n++] = fabs(us);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(struct figure *f, uint32_t p)
{
	qsort(f->us, f->n, sizeof(*f->us), compare);
	return f->n > 0 ? f->us[(f->n - 1) * p / 100] : NAN;
}

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* What a loop would know: here just the last that was heard */
struct listener {
	struct ear_track_prior prior[EAR_TRACK_SPEAKERS];
	double first_error[EAR_TRACK_SPEAKERS];
	bool begun[EAR_TRACK_SPEAKERS];
	uint32_t refused[EAR_TRACK_SPEAKERS];
};

static void listener_init(struct listener *l, const struct ear_track_room *room, struct random *r)
{
	double common = random_around(r, 0.03);
	uint32_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < room->n_speakers; i++)
		l->prior[i] = (struct ear_track_prior) {
			.tau_s = room->tau_s[i] + common + random_around(r, 0.01),
			.sigma_s = INFINITY,
			.rate_sigma = INFINITY,
		};
}

static void listener_hear(struct listener *l, const struct ear_track_room *room, const struct ear_track_heard *heard,
		const struct ear_track_window *w, double middle)
{
	double error[EAR_TRACK_SPEAKERS], rate[EAR_TRACK_SPEAKERS];
	uint32_t i, j, n = room->n_speakers;

	for (i = 0; i < n; i++) {
		const struct ear_track_heard *h = &heard[i];
		double truth = ear_track_room_tau(room, i, middle);

		figures.n++;
		figures.reasons[h->reason]++;
		error[i] = h->tau_s - truth;
		rate[i] = h->rate - (ear_track_room_tau(room, i, middle + 1) - truth) * room->rate;
		if (l->begun[i]) {
			figures.late_n++;
			figures.late_refused += h->reason != EAR_HEARD;
		}
		if (verbose)
			printf("#   %u at %4.1f: %-13s error %9.1f us, sigma %6.1f, rate %6.1f (%5.1f), level %5.1f, match %.2f conf %.2f%s\n",
					i, middle / room->rate, ear_reason_name(h->reason), 1e6 * error[i], 1e6 * h->sigma_s, 1e6 * h->rate,
					1e6 * rate[i], h->level_db, h->match, h->confidence, h->jumped ? " jumped" : "");
		if (h->reason == EAR_HEARD) {
			l->prior[i] = (struct ear_track_prior) { .at = (uint64_t)middle, .tau_s = h->tau_s, .sigma_s = 1e-3,
				.rate = h->rate, .rate_sigma = SPA_MAX(3e-6, h->rate_sigma) };
			l->refused[i] = 0;
		} else if (++l->refused[i] == 4) {
			l->prior[i].rate_sigma = INFINITY;
		}
		if (h->reason == EAR_HEARD && !l->begun[i]) {
			l->begun[i] = true;
			l->first_error[i] = error[i];
			figures.first_s += w->to / room->rate;
			figures.first_n++;
		}
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++) {
			double absolute = 1e6 * (error[i] - error[j]);
			double change = absolute - 1e6 * (l->first_error[i] - l->first_error[j]);

			if (heard[i].reason != EAR_HEARD || heard[j].reason != EAR_HEARD)
				continue;
			if (heard[i].placed && heard[j].placed)
				add(&figures.absolute, absolute);
			else
				absolute = 0;
			add(&figures.change, change);
			add(&figures.rate, 1e6 * (rate[i] - rate[j]));
			figures.z2 += pow(1e-6 * change / hypot(heard[i].sigma_s, heard[j].sigma_s), 2);
			figures.wrong += fabs(change) > WRONG_US || fabs(absolute) > WRONG_US;
		}
}

static void track_in(const struct kind *kind, uint64_t seed)
{
	struct ear_track_room_options o = kind->options;
	struct ear_track_heard heard[EAR_TRACK_SPEAKERS];
	struct random r = { seed };
	struct ear_track_params params;
	struct ear_track_window w;
	struct ear_track_room room;
	struct listener l;
	struct ear_track *t;
	size_t at;

	o.seed = seed;
	o.seconds = 30 + 2 * ear_track_window(o.n_speakers);
	ear_track_room_init(&room, &o);
	listener_init(&l, &room, &r);
	params = (struct ear_track_params) { .rate = room.rate, .n_speakers = room.n_speakers };
	if (verbose)
		for (uint32_t i = 0; i < room.n_speakers; i++)
			printf("# truth %u: rate %.1f ppm\n", i, 1e6 * (ear_track_room_tau(&room, i, 48000) - ear_track_room_tau(&room, i, 0)));
	t = ear_track_new(&params);
	check(t != NULL);
	for (at = 0; at + 1024 <= room.n_frames; at += 1024) {
		const float *sent[EAR_TRACK_SPEAKERS];
		double begin = cpu_s();
		uint32_t i;
		int res;

		for (i = 0; i < room.n_speakers; i++)
			sent[i] = room.sent[i] + at;
		ear_track_push(t, sent, room.heard + at, 1024);
		res = ear_track_analyse(t, l.prior, heard, &w);
		check(res >= 0);
		figures.cpu_s += cpu_s() - begin;
		if (res == 0)
			continue;
		figures.windows++;
		if (verbose)
			printf("# window %4.1f to %4.1f: sent %.1f heard %.1f residual %.1f usable %.2f, %.2f s\n", w.from / room.rate,
					w.to / room.rate, w.sent_db, w.heard_db, w.residual_db, w.usable, cpu_s() - begin);
		listener_hear(&l, &room, heard, &w, 0.5 * (w.from + w.to));
	}
	ear_track_destroy(t);
	ear_track_room_finish(&room);
}

static void print(const struct kind *kind)
{
	struct figures *f = &figures;
	uint32_t i;

	printf("# %-26s %5u %6.1f %6.1f %7.1f  %6.1f %6.1f %7.1f  %4.1f %4.2f %4u %5.1f %5.1f%%  %4.2f ", kind->name, f->change.n,
			percentile(&f->absolute, 50), percentile(&f->absolute, 95), percentile(&f->absolute, 100),
			percentile(&f->change, 50), percentile(&f->change, 95), percentile(&f->change, 100),
			f->change.n > 0 ? sqrt(f->z2 / f->change.n) : NAN, percentile(&f->rate, 95), f->wrong,
			f->first_n > 0 ? f->first_s / f->first_n : NAN,
			f->late_n > 0 ? 100.0 * f->late_refused / f->late_n : NAN, f->windows > 0 ? f->cpu_s / f->windows : NAN);
	for (i = 0; i < EAR_REASONS; i++)
		if (f->reasons[i] > 0)
			printf(" %s %.0f%%", ear_reason_name(i), 100.0 * f->reasons[i] / f->n);
	printf("\n");
	fflush(stdout);
}

static void judge(const struct kind *kind)
{
	struct figures *f = &figures;

	check_int(f->wrong, 0);
	if (kind->expect == REFUSED)
		check_int(f->reasons[EAR_HEARD], 0);
	if (kind->expect == HEARD || kind->expect == OFTEN) {
		check(f->first_n > 0);
		check(percentile(&f->change, 95) <= 50);
		check(f->late_refused <= (kind->expect == HEARD ? 0.05 : 0.5) * f->late_n);
	}
}

static void rooms(uint32_t seeds, uint32_t first, const char *only)
{
	uint32_t i, s;

	printf("# us, of pairs: absolute, change\n");
	printf("# %-26s %5s %6s %6s %7s  %6s %6s %7s  %4s %4s %4s %5s %6s  %4s\n", "", "pairs", "median", "95 %", "worst",
			"median", "95 %", "worst", "z", "ppm", "wrong", "first", "refused", "cpu");
	for (i = 0; i < SPA_N_ELEMENTS(kinds); i++) {
		if (only != NULL ? strstr(kinds[i].name, only) == NULL : seeds == 0 && !kinds[i].quick)
			continue;
		memset(&figures, 0, sizeof(figures));
		for (s = 0; s < SPA_MAX(seeds, 1u); s++)
			track_in(&kinds[i], first + s);
		print(&kinds[i]);
		judge(&kinds[i]);
	}
}

static struct ear_track *track_new(uint32_t n, double rate, double window_sec)
{
	const struct ear_track_params params = { .rate = rate, .n_speakers = n, .window_sec = window_sec, .hop_sec = 1 };
	struct ear_track *t = ear_track_new(&params);

	check(t != NULL);
	return t;
}

static void params_are_checked(void)
{
	const struct ear_track_params bad[] = {
		{ .rate = 8000, .n_speakers = 1 }, { .rate = NAN, .n_speakers = 1 }, { .rate = 1e6, .n_speakers = 1 },
		{ .rate = 48000, .n_speakers = 0 }, { .rate = 48000, .n_speakers = EAR_TRACK_SPEAKERS + 1 },
		{ .rate = 48000, .n_speakers = 1, .window_sec = NAN }, { .rate = 48000, .n_speakers = 1, .window_sec = 1 },
		{ .rate = 48000, .n_speakers = 1, .hop_sec = -1 }, { .rate = 48000, .n_speakers = 1, .max_lag_frames = 1u << 31 },
	};
	uint32_t i;

	for (i = 0; i < SPA_N_ELEMENTS(bad); i++)
		check(ear_track_new(&bad[i]) == NULL);
	ear_track_destroy(NULL);
}

/* One speaker, a plain path */
static uint32_t hear_plain(struct ear_track *t, double rate, double seconds, uint32_t late, double spoilt_from, double spoilt_to,
		struct ear_track_heard *heard, struct ear_track_window *w)
{
	struct ear_track_prior prior = { .sigma_s = INFINITY, .rate_sigma = INFINITY };
	static float music[400000];
	uint32_t seed = 1, at, i, n = 0;
	float x[512], y[512];
	const float *sent[1] = { x };

	for (i = 0; i < SPA_N_ELEMENTS(music); i++)
		music[i] = 0.1f * harness_noise(&seed);
	for (at = late; at < seconds * rate; at += 512) {
		for (i = 0; i < 512; i++) {
			bool spoilt = (at + i) / rate >= spoilt_from && (at + i) / rate < spoilt_to;

			x[i] = music[at + i];
			y[i] = spoilt ? NAN : 0.3f * music[at + i - late];
		}
		ear_track_push(t, sent, y, 512);
		n += ear_track_analyse(t, &prior, heard, w) == 1;
	}
	return n;
}

static void a_plain_path_is_as_long_as_it_is(void)
{
	const double rates[] = { 16000, 44100, 48000 };
	uint32_t i;

	for (i = 0; i < 3; i++) {
		struct ear_track *t = track_new(1, rates[i], 4);
		struct ear_track_heard heard;
		struct ear_track_window w;

		check(hear_plain(t, rates[i], 8, 1234, INFINITY, 0, &heard, &w) >= 2);
		note("%.0f Hz: %.2f us off, rate %.3f ppm", rates[i], 1e6 * (heard.tau_s - 1234 / rates[i]), 1e6 * heard.rate);
		check_int(heard.reason, EAR_HEARD);
		check(heard.placed && fabs(heard.tau_s - 1234 / rates[i]) < 10e-6);
		check(fabs(heard.rate) < 0.1e-6);
		ear_track_destroy(t);
	}
}

static void what_is_no_number_is_left_out(void)
{
	struct ear_track *t = track_new(1, 16000, 4);
	struct ear_track_heard heard;
	struct ear_track_window w;

	check(hear_plain(t, 16000, 8, 1000, 5.0, 5.1, &heard, &w) >= 2);
	check_int(heard.reason, EAR_HEARD);
	check(w.usable < 1 && fabs(heard.tau_s - 1000 / 16000.0) < 10e-6);
	ear_track_destroy(t);
	t = track_new(1, 16000, 4);
	check(hear_plain(t, 16000, 8, 1000, 3.5, 6.5, &heard, &w) >= 2);
	check_int(heard.reason, EAR_INTERRUPTED);
	ear_track_destroy(t);
}

static void after_a_gap_a_whole_window_is_waited_for(void)
{
	struct ear_track *t = track_new(1, 16000, 4);
	struct ear_track_heard heard;
	struct ear_track_window w;

	check(hear_plain(t, 16000, 8, 1000, INFINITY, 0, &heard, &w) >= 2);
	ear_track_gap(t);
	check(hear_plain(t, 16000, 4.5, 1000, INFINITY, 0, &heard, &w) == 0);
	/* frames count on */
	check(hear_plain(t, 16000, 6, 1000, INFINITY, 0, &heard, &w) >= 1);
	check(w.from > 11 * 16000);
	ear_track_destroy(t);
}

static void what_is_confident_is_right_while_music_plays(void)
{
	rooms(0, 1, NULL);
}

int main(int argc, char **argv)
{
	verbose = getenv("VERBOSE") != NULL;
	if (argc > 1) {
		rooms(strtoul(argv[1], NULL, 0), argc > 2 ? strtoul(argv[2], NULL, 0) : 1, argc > 3 ? argv[3] : NULL);
		return 0;
	}
	run(params_are_checked);
	run(a_plain_path_is_as_long_as_it_is);
	run(what_is_no_number_is_left_out);
	run(after_a_gap_a_whole_window_is_waited_for);
	run(what_is_confident_is_right_while_music_plays);
	return harness_finish();
}
