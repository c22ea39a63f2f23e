/* Test: what a sink's reports mean */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "timing/doubt.h"
#include "timing/report.h"

#define MS(x)	((int64_t)((x) * SPA_NSEC_PER_MSEC))
/* One that says nothing of itself */
#define NOTHING	0

/* A sink of bluez5, and what it adds up */
struct sink {
	const char *codec;
	uint32_t rate;
	int64_t own_ns;
	uint32_t encoder, packet;	/* samples */

	int64_t offset_ns;
	bool acquired, sent;
	struct report r;
	struct known known, *k;
	int64_t now_ns, next_ns;
};

static int64_t samples_ns(const struct sink *s, int64_t n)
{
	return n * (int64_t)SPA_NSEC_PER_SEC / s->rate;
}

/* bluez5-dbus.c: spa_bt_transport_get_delay_nsec() */
static bool is_low_latency(const char *codec)
{
	return spa_strstartswith(codec, "aptx_ll") || spa_strstartswith(codec, "faststream") || spa_streq(codec, "aac_eld");
}

static int64_t sum_ns(const struct sink *s)
{
	int64_t own_ns = s->own_ns > 0 ? s->own_ns : is_low_latency(s->codec) ? MS(40) : MS(125);
	int64_t ns = own_ns + (s->acquired ? samples_ns(s, s->encoder) : 0) + (s->sent ? samples_ns(s, s->packet) : 0);

	return SPA_MAX(ns + s->offset_ns, 0);
}

static void hear(struct sink *s, int64_t ns)
{
	struct report_input in = {
		.codec = codec_find(s->codec), .rate = s->rate, .offset_ns = s->offset_ns,
		.late = true, .packets = true, .mixed = true, .streaming = true, .there = true, .ns = ns,
	};
	bool told;

	s->next_ns = report_update(&s->r, &in, s->k, s->now_ns);
	/* as the group does, without doubts */
	if (report_is_to_be_kept(&s->r, &told) && s->k) {
		s->k->latencies_ns[0] = s->r.settle.latency_ns;
		s->k->n_latencies = 1;
		s->k->packet_ns = s->r.packet_ns;
		s->k->told |= told;
	}
}

static void pass(struct sink *s, double ms)
{
	s->now_ns += MS(ms);
	hear(s, sum_ns(s));
}

static void begin(struct sink *s)
{
	report_open(&s->r, s->k && s->k->n_latencies > 0 ? s->k : NULL);
	report_start(&s->r, s->now_ns);
}

/* A node that has not played: 1.4 tells of the encoder with the first packet, 1.6 before it */
static void play(struct sink *s, bool encoder_first)
{
	begin(s);
	hear(s, 0);
	pass(s, 50);
	/* Of LDAC that may be the whole sum, of a former start, until there is more */
	check(spa_streq(s->codec, "ldac") ||
		report_basis(&s->r) == (s->own_ns > 0 ? REPORT_REPORTED : REPORT_ASSUMED));
	check(s->r.unsent);
	s->acquired = true;
	if (encoder_first)
		pass(s, 100);
	s->sent = true;
	pass(s, 20);
	check(!s->r.unsent);
	pass(s, 700);
	check(s->r.settle.state == SETTLE_SETTLED);
	check_int(s->r.settle.latency_ns, sum_ns(s));
}

/* The same node, heard of for the first time when all is in its report already */
static enum report_basis heard_late(struct sink s)
{
	s.r = (struct report) { 0 };
	s.k = NULL;
	s.acquired = s.sent = true;
	begin(&s);
	pass(&s, 50);
	return report_basis(&s.r);
}

#define CODEC(name, rate, encoder, packet)	{ name, rate, NOTHING, encoder, packet, .now_ns = MS(1000) }

static const struct sink sinks[] = {
	CODEC("sbc", 48000, 73, 5 * 128), CODEC("sbc", 48000, 73, 8 * 128), CODEC("sbc", 44100, 73, 7 * 128),
	CODEC("sbc", 16000, 73, 15 * 128), CODEC("sbc_xq", 44100, 73, 3 * 128),
	CODEC("aac", 48000, 1600, 1024), CODEC("aac", 44100, 1600, 1024),
	CODEC("aptx", 48000, 90, 672), CODEC("aptx", 44100, 90, 892), CODEC("aptx_hd", 48000, 90, 440),
	CODEC("aptx_ll", 48000, 90, 360), CODEC("aptx_ll", 44100, 90, 328), CODEC("aptx_ll_duplex", 44100, 90, 328),
	CODEC("faststream", 44100, 73, 384), CODEC("faststream_duplex", 48000, 73, 384),
	CODEC("ldac", 48000, 128, 3 * 128), CODEC("ldac", 96000, 256, 4 * 128), CODEC("ldac", 44100, 128, 6 * 128),
};
/* What these add is not known, so it is what comes with the second report */
static const struct sink unknown[] = {
	CODEC("opus_05", 48000, 312, 480), CODEC("opus_g", 48000, 312, 960), CODEC("lc3plus_hr", 96000, 0, 960),
	CODEC("aac_eld", 48000, 1000, 1024), CODEC("one of the future", 32000, 111, 222),
};

static void one_that_reports_nothing_is_assumed_whatever_its_codec_and_rate(void)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(sinks); i++) {
		for (int encoder_first = 0; encoder_first < 2; encoder_first++) {
			struct sink s = sinks[i];

			play(&s, encoder_first);
			check(report_basis(&s.r) == REPORT_ASSUMED);
			check(!report_tells(&s.r));
			check(heard_late(s) == REPORT_ASSUMED);
		}
	}
	for (size_t i = 0; i < SPA_N_ELEMENTS(unknown); i++) {
		struct sink s = unknown[i];

		play(&s, false);
		check(report_basis(&s.r) == REPORT_ASSUMED);
	}
}

static void one_that_reports_is_reported(void)
{
	/* 117 and 133 ms are as far from 125 as three frames of 48 kHz, and 130 as 60 frames of aptX */
	static const double own[] = { 0.1, 40.1, 117.0, 124.9, 125.1, 130.0, 133.0, 150.3, 220.0 };

	for (size_t i = 0; i < SPA_N_ELEMENTS(sinks); i++) {
		for (size_t n = 0; n < SPA_N_ELEMENTS(own); n++) {
			struct sink s = sinks[i];

			s.own_ns = MS(own[n]);
			play(&s, n % 2);
			check(report_basis(&s.r) == REPORT_REPORTED);
			check(report_tells(&s.r));
		}
	}
	for (size_t i = 0; i < SPA_N_ELEMENTS(unknown); i++) {
		struct sink s = unknown[i];

		s.own_ns = MS(150.3);
		play(&s, false);
		check(report_basis(&s.r) == REPORT_REPORTED);
	}
}

/* What is known of it from the beginning decides: without that 133 ms and five frames are 125 and eight */
static void where_the_beginning_is_not_heard_whole_frames_are_not_told_apart(void)
{
	struct sink s = sinks[0];

	s.own_ns = MS(133);
	play(&s, false);
	check(report_basis(&s.r) == REPORT_REPORTED);
	check(heard_late(s) == REPORT_ASSUMED);
	/* At 44.1 kHz no number of frames is a step of 0.1 ms */
	for (int64_t own_ns = MS(80); own_ns <= MS(170); own_ns += MS(0.1)) {
		s = sinks[2];
		s.own_ns = own_ns;
		check(heard_late(s) == (own_ns == MS(125) ? REPORT_ASSUMED : REPORT_REPORTED));
	}
}

static void an_offset_of_any_fraction_is_no_part_of_what_it_says(void)
{
	static const int64_t offsets[] = { MS(20), MS(-20), 12345678, -12345678, 1, -1, 999999 };

	for (size_t i = 0; i < SPA_N_ELEMENTS(sinks); i++)
		for (size_t n = 0; n < SPA_N_ELEMENTS(offsets); n++) {
			struct sink s = sinks[i];

			s.offset_ns = offsets[n];
			play(&s, false);
			check(report_basis(&s.r) == REPORT_ASSUMED);
			s.offset_ns += MS(7.7);
			pass(&s, 100);
			pass(&s, 600);
			check(report_basis(&s.r) == REPORT_ASSUMED);
			check_int(s.r.settle.latency_ns, sum_ns(&s));
		}
}

static void a_packet_is_learnt_also_where_the_encoder_comes_first(void)
{
	for (int encoder_first = 0; encoder_first < 2; encoder_first++)
		for (uint32_t n = 1; n <= 15; n++) {
			struct sink s = CODEC("sbc", 48000, 73, n * 128);

			play(&s, encoder_first);
			check_int(s.r.packet_ns, samples_ns(&s, n * 128));
			check_int(s.r.grown_ns, 0);
			check_int(s.r.sent_ns, sum_ns(&s));
		}
}

static void until_a_packet_is_seen_the_longest_common_one_counts(void)
{
	struct sink s = CODEC("sbc", 44100, 73, 5 * 128);

	check_int(report_packet_ns(&s.r), 0);
	begin(&s);
	hear(&s, 0);
	check_int(report_packet_ns(&s.r), samples_ns(&s, 1024));
	play(&s, false);
	check_int(report_packet_ns(&s.r), samples_ns(&s, 5 * 128));
	s.r.in.packets = false;
	check_int(report_packet_ns(&s.r), 0);
}

/* One whose packet is known from before: the first one of a stream is none that has grown */
static void a_known_packet_that_comes_after_the_encoder_has_not_grown(void)
{
	struct sink s = sinks[0];

	s.k = &s.known;
	play(&s, false);
	check_int(s.known.packet_ns, samples_ns(&s, 640));
	s.r = (struct report) { 0 };
	s.acquired = s.sent = false;
	play(&s, true);
	check_int(s.r.grown_ns, 0);
	check_int(s.r.settle.latency_ns, s.known.latencies_ns[0]);
}

static void packets_that_grow_move_nobody_until_the_stream_begins_anew(void)
{
	struct sink s = sinks[2];
	int64_t before_ns;

	play(&s, false);
	before_ns = s.r.settle.latency_ns;
	for (uint32_t n = 8; n <= 10; n++) {
		s.packet = n * 128;
		pass(&s, 500);
		pass(&s, 3000);
		check_int(s.r.settle.latency_ns, before_ns);
		check(SPA_ABS(s.r.packet_ns - samples_ns(&s, s.packet)) < 10);
		check(report_basis(&s.r) == REPORT_ASSUMED);
	}
	/* Suspended and started: its report has the packet until then, and the shorter one from then on */
	report_start(&s.r, s.now_ns);
	pass(&s, 50);
	s.packet = 7 * 128;
	pass(&s, 50);
	pass(&s, 3000);
	check_int(s.r.grown_ns, 0);
	check_int(s.r.settle.latency_ns, before_ns);
}

static void a_restart_that_reports_the_same_has_sent(void)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(sinks); i++) {
		struct sink s = sinks[i];

		play(&s, false);
		report_start(&s.r, s.now_ns);
		check(!report_has_sent(&s.r));
		pass(&s, 50);
		check(!s.r.unsent);
		check(report_basis(&s.r) == REPORT_ASSUMED);
	}
}

static void a_late_report_is_followed_and_said(void)
{
	struct sink s = sinks[0];

	play(&s, false);
	check(report_basis(&s.r) == REPORT_ASSUMED);
	s.own_ns = MS(151.7);
	pass(&s, 100);
	check(report_basis(&s.r) == REPORT_REPORTED);
	pass(&s, 400);
	check_int(s.r.settle.latency_ns, sum_ns(&s));
}

static void one_that_never_sends_is_not_believed_for_30_s(void)
{
	struct sink s = sinks[0];

	s.own_ns = MS(50);
	begin(&s);
	for (int i = 0; i < 29; i++) {
		pass(&s, 1000);
		check(s.r.unsent && !s.r.settle.settled);
	}
	pass(&s, 1500);
	check(!s.r.unsent);
	/* of a codec whose first packet is not seen it is taken that it plays */
	s = sinks[5];
	begin(&s);
	pass(&s, 100);
	check(s.r.unsent);
	s.now_ns = s.next_ns;
	hear(&s, sum_ns(&s));
	check(!s.r.unsent);
}

static void nothing_is_reported_until_there_is_a_report(void)
{
	struct sink s = sinks[0];

	s.k = &s.known;
	begin(&s);
	check(report_basis(&s.r) == REPORT_NONE);
	play(&s, false);
	report_open(&s.r, s.k);
	check(report_basis(&s.r) == REPORT_REMEMBERED);
	report_start(&s.r, s.now_ns);
	hear(&s, 0);
	check(report_basis(&s.r) == REPORT_REMEMBERED);
	/* after 2.5 s nothing is a latency, too, of one of which nothing is known */
	s.r = (struct report) { 0 };
	s.k = NULL;
	begin(&s);
	hear(&s, 0);
	s.now_ns = s.next_ns;
	hear(&s, 0);
	check_int(report_latency_ns(&s.r), REPORT_NO_LATENCY_NS);
}

static void an_offset_can_take_all_away(void)
{
	struct sink s = sinks[0];

	play(&s, false);
	s.offset_ns = MS(-400);
	pass(&s, 10);
	check_int(s.next_ns, s.now_ns + MS(500));
	pass(&s, 500);
	pass(&s, 400);
	check_int(s.r.settle.latency_ns, REPORT_NO_LATENCY_NS);
	s.offset_ns = 0;
	pass(&s, 10);
	pass(&s, 1000);
	check_int(s.r.settle.latency_ns, sum_ns(&s));
}

/* Two that have told their latencies before, alone, on one adapter */
struct pair {
	struct sink s[2];
	int64_t now_ns;
};

static void pass_both(struct pair *p, double ms)
{
	struct report *reports[] = { &p->s[0].r, &p->s[1].r };

	p->now_ns += MS(ms);
	for (int i = 0; i < 2; i++) {
		p->s[i].now_ns = p->now_ns;
		hear(&p->s[i], sum_ns(&p->s[i]));
	}
	doubt_update(reports, 2, p->now_ns);
}

static void play_misplaced(struct pair *p, const struct sink *of)
{
	*p = (struct pair) { .s = { *of, *of } };
	p->s[0].own_ns = MS(50);
	p->s[1].own_ns = MS(150);
	for (int i = 0; i < 2; i++) {
		p->s[i].k = &p->s[i].known;
		play(&p->s[i], false);
		check(p->s[i].known.told);
	}
	/* The second comes anew: what it says reaches the first one, and it has nothing */
	p->now_ns = p->s[0].now_ns = MS(60000);
	p->s[1].r = (struct report) { 0 };
	begin(&p->s[1]);
	report_start(&p->s[1].r, p->now_ns);
	p->s[0].own_ns = MS(150);
	p->s[1].own_ns = NOTHING;
	pass_both(p, 20);
	pass_both(p, 300);
	pass_both(p, 200);
	pass_both(p, 500);
}

static void misplaced_reports_are_not_believed_of_any_codec_that_is_known(void)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(sinks); i++) {
		struct pair p;
		int64_t added_ns = samples_ns(&sinks[i], sinks[i].encoder) + samples_ns(&sinks[i], sinks[i].packet);

		play_misplaced(&p, &sinks[i]);
		for (int n = 0; n < 2; n++) {
			check(p.s[n].r.doubted);
			check(report_basis(&p.s[n].r) == REPORT_REMEMBERED);
		}
		check_int(p.s[0].r.settle.latency_ns, MS(50) + added_ns);
		check_int(p.s[1].r.settle.latency_ns, MS(150) + added_ns);
		/* the user's offset counts on top of it */
		p.s[0].offset_ns = MS(20);
		pass_both(&p, 10);
		pass_both(&p, 2600);
		check_int(p.s[0].r.settle.latency_ns, MS(70) + added_ns);
	}
}

static void a_report_that_was_only_late_ends_the_doubt(void)
{
	struct pair p;

	play_misplaced(&p, &sinks[0]);
	p.s[0].own_ns = MS(50);
	p.s[1].own_ns = MS(150);
	pass_both(&p, 50);
	pass_both(&p, 600);
	for (int n = 0; n < 2; n++) {
		check(!p.s[n].r.doubted);
		check(report_basis(&p.s[n].r) == REPORT_REPORTED);
		check_int(p.s[n].r.settle.latency_ns, sum_ns(&p.s[n]));
	}
}

static void where_nobody_falls_silent_nobody_is_doubted(void)
{
	struct pair p = { .s = { sinks[0], sinks[6] } };

	for (int i = 0; i < 2; i++) {
		p.s[i].k = &p.s[i].known;
		play(&p.s[i], false);	/* they say nothing, and never have */
		p.now_ns = SPA_MAX(p.now_ns, p.s[i].now_ns);
	}
	for (int i = 0; i < 100; i++) {
		p.s[0].offset_ns = MS(i % 7);
		p.s[1].own_ns = i < 50 ? NOTHING : MS(100 + i);
		pass_both(&p, 100);
		check(!p.s[0].r.doubted && !p.s[1].r.doubted);
	}
}

/* Whatever happens: what is settled was reported, and is never the packet's growth; the basis never contradicts the report */
static void any_sequence_keeps_what_is_certain(void)
{
	uint32_t seed = 1, steps = 0;

	for (int n = 0; n < 3000; n++) {
		struct sink s = sinks[n % SPA_N_ELEMENTS(sinks)];

		s.k = n % 3 ? &s.known : NULL;
		s.own_ns = n % 2 ? MS(30) + MS(0.1) * (n % 1000) : NOTHING;
		play(&s, harness_noise(&seed) > 0.0f);
		for (int i = 0; i < 30; i++, steps++) {
			float dice = harness_noise(&seed);

			if (dice > 0.9f)
				s.offset_ns = (int64_t)(harness_noise(&seed) * MS(30));
			else if (dice > 0.8f)
				report_start(&s.r, s.now_ns);
			else if (dice > 0.75f)
				begin(&s);
			pass(&s, 1.0 + 500.0 * (1.0 + dice));
			check(!s.r.unsent);
			check(s.r.raw_ns == sum_ns(&s) || sum_ns(&s) == 0);
			check(s.r.reported_ns > 0 && s.r.grown_ns == 0);
			check(!s.r.doubted && s.next_ns > s.now_ns);
			check((report_basis(&s.r) == REPORT_REPORTED) == (s.own_ns > 0));
		}
		pass(&s, 2600);
		pass(&s, 2600);
		/* what settles does not follow rounding: settle.c, HYSTERESIS_NS */
		check(SPA_ABS(s.r.settle.latency_ns - s.r.reported_ns) < MS(0.05));
	}
	note("%u steps", steps);
}

int main(void)
{
	run(one_that_reports_nothing_is_assumed_whatever_its_codec_and_rate);
	run(one_that_reports_is_reported);
	run(where_the_beginning_is_not_heard_whole_frames_are_not_told_apart);
	run(an_offset_of_any_fraction_is_no_part_of_what_it_says);
	run(until_a_packet_is_seen_the_longest_common_one_counts);
	run(a_packet_is_learnt_also_where_the_encoder_comes_first);
	run(a_known_packet_that_comes_after_the_encoder_has_not_grown);
	run(packets_that_grow_move_nobody_until_the_stream_begins_anew);
	run(a_restart_that_reports_the_same_has_sent);
	run(a_late_report_is_followed_and_said);
	run(one_that_never_sends_is_not_believed_for_30_s);
	run(nothing_is_reported_until_there_is_a_report);
	run(an_offset_can_take_all_away);
	run(misplaced_reports_are_not_believed_of_any_codec_that_is_known);
	run(a_report_that_was_only_late_ends_the_doubt);
	run(where_nobody_falls_silent_nobody_is_doubted);
	run(any_sequence_keeps_what_is_certain);
	return harness_finish();
}
