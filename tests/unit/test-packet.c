/* How long a packet is, and what cycle of the graph that asks for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "harness.h"
#include "timing/packet.h"

static const int64_t MS = SPA_NSEC_PER_MSEC;

static int64_t samples_ns(int64_t n, int64_t rate)
{
	return n * (int64_t)SPA_NSEC_PER_SEC / rate;
}

static void a_cycle_is_the_power_of_two_that_holds_a_packet(void)
{
	/* The MTUs 672, 895 and 1005 at 48 and at 44.1 kHz */
	check_int(packet_quantum(samples_ns(640, 48000), 48000), 1024);
	check_int(packet_quantum(samples_ns(896, 44100), 48000), 1024);
	check_int(packet_quantum(samples_ns(1024, 48000), 48000), 1024);
	check_int(packet_quantum(samples_ns(1024, 44100), 48000), 2048);
	check_int(packet_quantum(samples_ns(1024, 44100), 44100), 1024);
	check_int(packet_quantum(samples_ns(1025, 48000), 48000), 2048);
	check_int(packet_quantum(40 * MS, 96000), 4096);
	/* and neither nothing nor nonsense leads beyond what a graph can do */
	check_int(packet_quantum(0, 48000), 1024);
	check_int(packet_quantum(INT64_MAX, 192000), 8192);
}

/* What a sink reports before and after the first packet of so many frames */
static int64_t frames_ns(const char *codec, uint32_t rate, int n)
{
	int64_t before = 150 * MS + 300000;

	return packet_between_ns(codec_find(codec), rate, before, before + samples_ns(73, rate) + samples_ns(128 * n, rate));
}

static void the_first_packet_adds_its_length_to_the_report(void)
{
	for (int n = 1; n <= 15; n++) {
		check_int(frames_ns("sbc", 48000, n), samples_ns(128 * n, 48000));
		check_int(frames_ns("sbc", 44100, n), samples_ns(128 * n, 44100));
		check_int(frames_ns("sbc_xq", 44100, n), samples_ns(128 * n, 44100));
	}
	check_int(frames_ns("sbc", 48000, 0), 0);
	check_int(frames_ns("sbc", 48000, 16), 0);
	/* The delay of another encoder is not known */
	check_int(frames_ns("aac", 48000, 8), 0);
}

static void another_delay_of_the_speaker_is_no_packet(void)
{
	int64_t before = 150 * MS;
	int taken = 0;

	check_int(packet_between_ns(codec_find("sbc"), 48000, before, before), 0);
	check_int(packet_between_ns(codec_find("sbc"), 48000, before, before - 20 * MS), 0);
	check_int(packet_between_ns(codec_find("sbc"), 48000, 0, INT64_MAX), 0);
	check_int(packet_between_ns(codec_find("sbc"), 0, before, before + 20 * MS), 0);
	/* A speaker's report has steps of 0.1 ms */
	for (int64_t step = 0; step <= 100 * MS; step += MS / 10)
		taken += (packet_between_ns(codec_find("sbc"), 48000, before, before + step) > 0) +
			(packet_between_ns(codec_find("sbc"), 44100, before, before + step) > 0);
	check_int(taken, 0);
}

static int64_t grows(const char *codec, int64_t rate, int from, int to)
{
	int64_t before = 150 * MS + samples_ns(73, rate) + samples_ns(128 * from, rate);
	int64_t after = 150 * MS + samples_ns(73, rate) + samples_ns(128 * to, rate);

	return packet_growth_ns(codec_find(codec), rate, samples_ns(128 * from, rate), after - before);
}

static void a_lowered_bitpool_makes_a_packet_longer_by_frames(void)
{
	static const int64_t rates[] = { 44100, 48000 };

	for (int i = 0; i < 2; i++)
		for (int from = 1; from < 15; from++)
			for (int n = 1; n <= 2; n++) {
				int64_t ns = grows("sbc", rates[i], from, from + n);

				check(from + n > 15 ? ns == 0 : ns >= samples_ns(128 * n, rates[i]) &&
						ns <= samples_ns(128 * n, rates[i]) + 1);
			}
	check(grows("sbc_xq", 44100, 5, 8) > 0);
	/* 8 ms are what a speaker may report, too */
	check_int(grows("sbc", 48000, 5, 8), 0);
	check_int(grows("sbc", 48000, 8, 7), 0);
	check_int(grows("sbc", 48000, 8, 8), 0);
	check_int(grows("aac", 48000, 8, 9), 0);
	/* nobody knows how long they were before */
	check_int(packet_growth_ns(codec_find("sbc"), 48000, 0, samples_ns(128, 48000)), 0);
	check_int(packet_growth_ns(codec_find("sbc"), 0, 20 * MS, samples_ns(128, 48000)), 0);
	check_int(packet_growth_ns(codec_find("sbc"), 48000, 20 * MS, 3600 * (int64_t)SPA_NSEC_PER_SEC), 0);
}

static void what_a_speaker_or_its_user_says_is_no_growth(void)
{
	int taken = 0;

	for (int64_t rise = MS / 10; rise <= 40 * MS; rise += MS / 10)
		taken += (packet_growth_ns(codec_find("sbc"), 48000, 10 * MS, rise) > 0) +
			(packet_growth_ns(codec_find("sbc"), 44100, 10 * MS, rise) > 0);
	/* an offset of 2.667 ms, typed in */
	taken += packet_growth_ns(codec_find("sbc"), 48000, 10 * MS, 2667000) > 0;
	check_int(taken, 0);
}

static void a_report_that_falls_by_a_packet_is_of_another_stream(void)
{
	static const int64_t rates[] = { 44100, 48000 };

	for (int i = 0; i < 2; i++)
		for (int n = 1; n <= 15; n++) {
			int64_t packet = samples_ns(128 * n, rates[i]), encoder = samples_ns(73, rates[i]);

			check(packet_is_gone(codec_find("sbc"), rates[i], packet + encoder));
			/* the encoder's part stays; a multiple of 8 ms may be the speaker's word */
			check(packet_is_gone(codec_find("sbc"), rates[i], packet) == (rates[i] == 44100 || n % 3 != 0));
		}
	check(!packet_is_gone(codec_find("sbc"), 48000, 0));
	check(!packet_is_gone(codec_find("sbc"), 48000, -samples_ns(5 * 128, 48000)));
	check(!packet_is_gone(codec_find("sbc"), 48000, 10 * MS));
	check(!packet_is_gone(codec_find("sbc"), 48000, 3600 * (int64_t)SPA_NSEC_PER_SEC));
	check(!packet_is_gone(codec_find("sbc"), 0, samples_ns(5 * 128, 48000)));
	check(!packet_is_gone(codec_find("aac"), 48000, samples_ns(5 * 128, 48000)));
}

static void one_that_falls_by_less_is_of_another_stream_with_a_packet(void)
{
	int64_t eight = samples_ns(8 * 128, 48000), nine = samples_ns(9 * 128, 48000), fifteen = samples_ns(15 * 128, 48000);

	check(packet_is_shorter(codec_find("sbc"), 48000, nine, nine - eight));
	check(packet_is_shorter(codec_find("sbc_xq"), 44100, samples_ns(10 * 128, 44100), samples_ns(2 * 128, 44100)));
	/* the whole packet, with or without the encoder's part, and more than that */
	check(!packet_is_shorter(codec_find("sbc"), 48000, eight, eight));
	check(!packet_is_shorter(codec_find("sbc"), 48000, eight, eight - 1));
	check(!packet_is_shorter(codec_find("sbc"), 48000, fifteen, eight + samples_ns(73, 48000)));
	check(!packet_is_shorter(codec_find("sbc"), 48000, eight, nine));
	/* the speaker's word, and what is not known */
	check(!packet_is_shorter(codec_find("sbc"), 48000, nine, 8 * MS));
	check(!packet_is_shorter(codec_find("sbc"), 48000, nine, 2700000));
	check(!packet_is_shorter(codec_find("sbc"), 48000, 0, nine - eight));
	check(!packet_is_shorter(codec_find("sbc"), 0, nine, nine - eight));
	check(!packet_is_shorter(codec_find("aac"), 48000, nine, nine - eight));
	check(!packet_is_shorter(codec_find("sbc"), 48000, nine, eight - nine));
}

static void a_packet_is_seen_by_its_fraction(void)
{
	static const int64_t offsets[] = { 0, 12340000, -12340000 };

	for (int i = 0; i < 3; i++) {
		int64_t own = 150 * MS + offsets[i], sent = own + samples_ns(5 * 128 + 73, 48000);

		for (uint32_t n = 1; n <= 3; n++) {
			check(!packet_is_sent(codec_find("sbc"), own, offsets[i], n));
			check(packet_is_sent(codec_find("sbc"), sent, offsets[i], n));
		}
		/* Of another codec nobody knows: it is in the second report */
		check(!packet_is_sent(codec_find("aac"), own, offsets[i], 1));
		check(packet_is_sent(codec_find("aac"), own, offsets[i], 2));
		/* and nothing is no report */
		check(!packet_is_sent(codec_find("sbc"), 0, offsets[i], 0));
		check(!packet_is_sent(codec_find("aac"), 0, offsets[i], 2));
	}
}

static void every_codec_has_a_packet(void)
{
	static const char *const codecs[] = { "sbc", "aac", "", "one of the future" };

	for (int i = 0; i < 4; i++) {
		check_int(packet_quantum(packet_common_ns(codec_find(codecs[i]), 48000), 48000), 1024);
		check_int(packet_quantum(packet_common_ns(codec_find(codecs[i]), 44100), 48000), 2048);
		check_int(packet_quantum(packet_common_ns(codec_find(codecs[i]), 44100), 44100), 1024);
		check_int(packet_common_ns(codec_find(codecs[i]), 0), packet_common_ns(codec_find(codecs[i]), 48000));
	}
	check_int(packet_quantum(packet_common_ns(codec_find("ldac"), 44100), 48000), 1024);
	check_int(packet_quantum(packet_common_ns(codec_find("ldac"), 96000), 48000), 1024);
	check_int(packet_quantum(packet_common_ns(codec_find("aptx"), 44100), 48000), 2048);
}

int main(void)
{
	run(a_cycle_is_the_power_of_two_that_holds_a_packet);
	run(the_first_packet_adds_its_length_to_the_report);
	run(another_delay_of_the_speaker_is_no_packet);
	run(a_lowered_bitpool_makes_a_packet_longer_by_frames);
	run(what_a_speaker_or_its_user_says_is_no_growth);
	run(a_report_that_falls_by_a_packet_is_of_another_stream);
	run(one_that_falls_by_less_is_of_another_stream_with_a_packet);
	run(a_packet_is_seen_by_its_fraction);
	run(every_codec_has_a_packet);
	return harness_finish();
}
