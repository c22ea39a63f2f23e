/* Test: what a tap that moves sounds like */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include "harness.h"
#include "tap-player.h"

/* The tap's own account of where it reads, and what it should sound like there */
struct account {
	double delay;			/* of now, in samples */
	double ideal;
	enum tap_state state;
};

static double smooth(double u)
{
	return u * u * (3 - 2 * u);
}

static struct account account(const struct player *p)
{
	const struct tap *t = &p->tap;
	struct account a = { .delay = delay_now(p), .state = t->state };
	double now = sin(p->w * (p->at - a.delay)), next, b, level;

	a.ideal = now;
	if (a.state == TAP_CROSSFADE) {
		next = sin(p->w * (p->at - t->next.delay.to));
		b = smooth((t->pos + 1.0) / (t->params.fade + 1.0));
		level = t->equal_power ? 1 / sqrt(b * b + (1 - b) * (1 - b)) : 1;
		a.ideal = level * ((1 - b) * now + b * next);
	}
	return a;
}

static void a_moving_delay_keeps_95_db_from_noise(void)
{
	static const double tones[] = { 1000, 5000, 10000, 15000 };
	double signal, error, db, last, ppm, ppm_s, speed;
	struct player p;
	uint32_t t;
	float out;

	for (t = 0; t < SPA_N_ELEMENTS(tones); t++) {
		player_start(&p, RATE, tones[t], 500);
		/* so far that it gets up to 500 ppm */
		p.tap.params.slew = 1e6;
		pass(&p, 2000);
		slew_to(&p, 900);
		signal = error = ppm = ppm_s = speed = 0;
		while (p.tap.state == TAP_SLEWING) {
			struct account a = account(&p);

			last = a.delay;
			play(&p, &out, 1);
			signal += a.ideal * a.ideal;
			error += (out - a.ideal) * (out - a.ideal);
			ppm = fmax(ppm, fabs(delay_now(&p) - last) / PPM);
			ppm_s = fmax(ppm_s, fabs(slew_speed(&p.tap.now.delay) - speed) * RATE / PPM);
			speed = slew_speed(&p.tap.now.delay);
		}
		db = 10 * log10(signal / error);
		note("%5.0f Hz: %.1f dB at up to %.1f ppm and %.1f ppm/s, bound 95 dB, 500 ppm, 100 ppm/s",
				tones[t], db, ppm, ppm_s);
		check(db >= 95 && ppm > 450 && ppm <= 500.001 && ppm_s <= 100.001);
		player_finish(&p);
	}
}

/* Every way from one state to another: when, and where to */
static const struct { uint32_t at; double delay; } changes[] = {
	{ 3000, 510 },			/* a slew */
	{ 33000, 495 },			/* turned round in flight */
	{ 60000, 530 },			/* and again */
	{ 90000, 620 },			/* a crossfade from a tap that moves, with equal gain */
	{ 90700, 630 },			/* in the middle of it: after it, a slew */
	{ 120000, 5000 },		/* a crossfade with equal power */
	{ 120500, 100 },		/* in the middle of it: after it, another one */
	{ 130000, 107 },		/* a slew that comes to its end */
	{ 330000, 9 },			/* to where there is no interpolation */
	{ 340000, 12 },			/* a small move there */
	{ 350000, 60 },
	{ 360000, 61 },			/* and from there a slew */
};
#define CHANGES_END	460000

/* No state change is to be heard: the second difference of what the output has beside the
 * signal (the formula, in doubles) shows any step or corner four times as large */
static void no_state_change_is_louder_than_the_interpolator(void)
{
	static const double tones[] = { 50, 1000, 5000, 10000, 15000 };
	struct player p;
	uint32_t t, e, since;
	enum tap_state state;
	float out;

	for (t = 0; t < SPA_N_ELEMENTS(tones); t++) {
		double error[3] = { 0 }, away = 0, around = 0, second;
		struct account a;

		player_start(&p, RATE, tones[t], 500);
		pass(&p, 2500);
		state = p.tap.state;
		for (e = 0, since = 1000; p.at < CHANGES_END; since++) {
			if (e < SPA_N_ELEMENTS(changes) && changes[e].at == p.at) {
				slew_to(&p, changes[e].delay);
				e++;
				since = 0;
			}
			a = account(&p);
			if (a.state != state)
				since = 0;
			state = a.state;
			play(&p, &out, 1);
			error[0] = error[1];
			error[1] = error[2];
			error[2] = out - a.ideal;
			second = fabs(error[2] - 2 * error[1] + error[0]);
			if (since < 3)
				around = fmax(around, second);
			else
				away = fmax(away, second);
		}
		/* floats: three roundings of 2^-25, one of them doubled, of in and output */
		note("%5.0f Hz: second difference of the error %.2g around %u changes, %.2g elsewhere",
				tones[t], around, (uint32_t)SPA_N_ELEMENTS(changes), away);
		check(around <= away + 4 * 0x1p-24);
		/* and elsewhere it is that of a tone 95 dB down */
		check(away <= 4 * pow(10, -95 / 20.0) * M_SQRT2);
		player_finish(&p);
	}
}

/* Of a slow sine one sees it without a formula: its own second difference is tiny, and
 * nothing that a state change does may stand out */
static void a_slow_sine_shows_no_corner(void)
{
	double w = 2 * M_PI * 20 / RATE, own = 4 * sin(w / 2) * sin(w / 2), worst = 0, bound;
	struct player p;
	float out[3] = { 0 };
	uint32_t e;

	player_start(&p, RATE, 20, 500);
	pass(&p, 2500);
	play(&p, &out[1], 1);
	play(&p, &out[2], 1);
	for (e = 0; p.at < CHANGES_END; ) {
		if (e < SPA_N_ELEMENTS(changes) && changes[e].at <= p.at) {
			slew_to(&p, changes[e].delay);
			e++;
		}
		out[0] = out[1];
		out[1] = out[2];
		play(&p, &out[2], 1);
		worst = fmax(worst, fabs((double)out[2] - 2.0 * out[1] + out[0]));
	}
	/* The weights turn by 6 / fade^2 at most, on the difference of two places of at most 2, and their
	 * slope of 1.5 / fade meets the sine's w on both sides, in equal power sqrt(2) as much.
	 * The rest is floats: three roundings of 2^-24, one doubled. */
	bound = M_SQRT2 * (own + 2 * 6 / pow(p.tap.params.fade, 2) + 2 * 2 * 1.5 / p.tap.params.fade * w) +
		4 * 0x1p-24;
	note("second difference %.2g, the sine's own %.2g, bound %.2g; a corner of a straight crossfade: %.2g",
			worst, own, bound, 2.0 / p.tap.params.fade);
	check(worst <= bound);
	player_finish(&p);
}

static void random_retargets_stay_within_the_limits(void)
{
	double last, speed = 0, next, ppm = 0, ppm_s = 0, low = INFINITY, high = 0, target = 500;
	uint32_t i, k, n, seed = 77, slews = 0, crossfades = 0;
	struct player p;
	float out;

	player_start(&p, RATE, 0, 500);
	pass(&p, 2500);
	for (i = 0; i < 1000; i++) {
		/* mostly near where it is, at times anywhere, edges and beyond among them */
		target = i % 8 ? delay_now(&p) + 50 * harness_noise(&seed) :
			9000 * fabsf(harness_noise(&seed));
		if (i % 50 == 0)
			target = i % 100 ? 20000 : 3 * fabsf(harness_noise(&seed));
		target = fmax(target, 0);
		check(slew_to(&p, target) == (target <= p.tap.params.delay_max));
		slews += p.tap.state == TAP_SLEWING;
		crossfades += p.tap.state == TAP_CROSSFADE;

		n = (i % 100 ? i % 3 ? 2000 : 20000 : 200000) * fabsf(harness_noise(&seed));
		for (k = 0; k < n; k++) {
			/* a crossfade that ends is elsewhere afterwards */
			bool ends = p.tap.state == TAP_CROSSFADE && p.tap.pos + 1 == p.tap.params.fade;

			last = delay_now(&p);
			play(&p, &out, 1);
			next = delay_now(&p);
			low = fmin(low, next);
			high = fmax(high, next);
			if (!ends) {
				ppm = fmax(ppm, fabs(next - last) / PPM);
				/* since the last sample: also over a new target */
				ppm_s = fmax(ppm_s, fabs(slew_speed(&p.tap.now.delay) - speed) * RATE / PPM);
			}
			speed = slew_speed(&p.tap.now.delay);
		}
	}
	note("%u slews, %u crossfades: up to %.1f ppm, %.2f ppm/s; delays from %g to %g",
			slews, crossfades, ppm, ppm_s, low, high);
	check(slews > 200 && crossfades > 200);
	check(ppm <= 500.001 && ppm_s <= 100.001);
	check(low >= 0 && high <= p.tap.params.delay_max);

	/* and comes to rest where it was told to */
	slew_to(&p, 777);
	until_settled(&p);
	check_copy(&p, 777, 5000);
	player_finish(&p);
}

static void blocks_of_any_size_give_the_same_samples(void)
{
	static const uint32_t sizes[] = { 1, 16, 255, 256, 257, 1024, 8192, 0 };
	static float first[CHANGES_END], other[CHANGES_END];
	struct player p;
	uint32_t i, e, n, seed = 5;

	for (i = 0; i < SPA_N_ELEMENTS(sizes); i++) {
		float *dst = i == 0 ? first : other;

		player_start(&p, RATE, 0, 500);
		for (e = 0; p.at < CHANGES_END; ) {
			if (e < SPA_N_ELEMENTS(changes) && changes[e].at == p.at) {
				go(&p, changes[e].delay, 500, e % 3 == 0 ? 1234 : 0);
				e++;
			}
			n = sizes[i] ? sizes[i] : 1 + (uint32_t)(2000 * fabsf(harness_noise(&seed)));
			n = SPA_MIN(n, (e < SPA_N_ELEMENTS(changes) ? changes[e].at : CHANGES_END) - p.at);
			play(&p, dst + p.at, n);
		}
		player_finish(&p);
		check(memcmp(first, other, i == 0 ? 0 : sizeof(first)) == 0);
	}
}

/* A millisecond at that speed would take years: it is crossfaded to, as with no speed at all */
static void a_speed_at_which_it_would_not_arrive_is_a_crossfade(void)
{
	static const double speeds[] = { 1e-4, 1e-9, 1e-300, 5e-324, NAN };
	struct player p;
	uint32_t i, k;

	for (i = 0; i < SPA_N_ELEMENTS(speeds); i++) {
		float last, out;
		double step = 0;

		player_start(&p, RATE, 100, 500);
		pass(&p, 2500);
		play(&p, &out, 1);
		go(&p, 524, speeds[i], 0);
		for (k = 0; k < 3000; k++) {
			last = out;
			play(&p, &out, 1);
			step = fmax(step, fabsf(out - last));
		}
		note("%g ppm: %.4f from one sample to the next, the sine's own %.4f", speeds[i], step, p.w);
		/* its own, and the weight's slope on the difference of two places */
		check(step <= p.w + 1.5 / p.tap.params.fade * 24 * p.w);
		check(delay_now(&p) == 524);
		player_finish(&p);
	}
}

int main(void)
{
	run(a_moving_delay_keeps_95_db_from_noise);
	run(no_state_change_is_louder_than_the_interpolator);
	run(a_slow_sine_shows_no_corner);
	run(a_speed_at_which_it_would_not_arrive_is_a_crossfade);
	run(random_retargets_stay_within_the_limits);
	run(blocks_of_any_size_give_the_same_samples);
	return harness_finish();
}
