/* How long a packet is, and what cycle of the graph that asks for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stddef.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "timing/packet.h"

#define QUANTUM_MIN	1024u		/* for what is shorter there is no need of shorter cycles */
#define QUANTUM_MAX	8192u
#define SBC_DELAY	73	/* samples, of the encoder, with 8 subbands */
#define SBC_FRAME	128	/* samples, 16 blocks of 8 subbands */
#define SBC_FRAMES_MAX	15	/* of a packet, as many as its header can count */
#define STEP_NS		((int64_t)SPA_NSEC_PER_MSEC / 10)	/* of what a speaker reports itself */
#define ROUNDING_NS	4
/* PipeWire chooses this where a speaker has it */
#define RATE_COMMON	48000
#define SAMPLES_NS(n, rate)	((int64_t)(n) * (int64_t)SPA_NSEC_PER_SEC / (rate))

int64_t packet_common_ns(const struct codec *codec, uint32_t rate)
{
	return SAMPLES_NS(codec->common, rate > 0 ? rate : RATE_COMMON);
}

bool packet_is_seen(const struct codec *codec)
{
	return spa_streq(codec->name, "sbc") || spa_streq(codec->name, "sbc_xq");
}

int64_t packet_between_ns(const struct codec *codec, uint32_t rate, int64_t first_ns, int64_t second_ns)
{
	double frames;

	if (!packet_is_seen(codec) || rate == 0 || second_ns <= first_ns ||
	    second_ns - first_ns > SPA_NSEC_PER_SEC)
		return 0;
	frames = ((double)(second_ns - first_ns) * rate / SPA_NSEC_PER_SEC - SBC_DELAY) / SBC_FRAME;
	/* A speaker's own report has a step of 0.1 ms, and would rarely fit */
	if (fabs(frames - rint(frames)) > 0.001 || rint(frames) < 1.0 || rint(frames) > SBC_FRAMES_MAX)
		return 0;
	return SAMPLES_NS(rint(frames) * SBC_FRAME, rate);
}

bool packet_is_encoder(const struct codec *codec, uint32_t rate, int64_t rise_ns)
{
	return packet_is_seen(codec) && rate > 0 && SPA_ABS(rise_ns - SAMPLES_NS(SBC_DELAY, rate)) <= ROUNDING_NS;
}

bool packet_is_step(int64_t ns)
{
	return ns % STEP_NS == 0;
}

/* Do two reports that differ by this differ by frames, and not by what a speaker may mean? */
static bool is_frames(uint32_t rate, int64_t ns)
{
	int64_t n, frames_ns;

	if (rate == 0 || ns <= 0 || ns > PACKET_MAX_NS)
		return false;
	n = (ns * rate + SBC_FRAME * SPA_NSEC_PER_SEC / 2) / (SBC_FRAME * (int64_t)SPA_NSEC_PER_SEC);
	frames_ns = SAMPLES_NS(n * SBC_FRAME, rate);
	/* Both reports, and both packets in them, are rounded down. Three frames at 48 kHz are 8 ms, which it may. */
	return n >= 1 && SPA_ABS(frames_ns - ns) <= ROUNDING_NS && SPA_ABS(remainder(frames_ns, STEP_NS)) > ROUNDING_NS;
}

int64_t packet_growth_ns(const struct codec *codec, uint32_t rate, int64_t packet_ns, int64_t rise_ns)
{
	if (!packet_is_seen(codec) || packet_ns <= 0 || !is_frames(rate, rise_ns) ||
	    packet_ns + rise_ns > SAMPLES_NS(SBC_FRAMES_MAX * SBC_FRAME, rate) + ROUNDING_NS)
		return 0;
	return rise_ns;
}

bool packet_is_gone(const struct codec *codec, uint32_t rate, int64_t fall_ns)
{
	return packet_between_ns(codec, rate, 0, fall_ns) > 0 || (packet_is_seen(codec) && is_frames(rate, fall_ns));
}

bool packet_is_shorter(const struct codec *codec, uint32_t rate, int64_t packet_ns, int64_t fall_ns)
{
	return packet_is_seen(codec) && is_frames(rate, fall_ns) && fall_ns < packet_ns - ROUNDING_NS;
}

bool packet_is_sent(const struct codec *codec, int64_t report_ns, int64_t offset_ns, uint32_t n_reports)
{
	if (report_ns <= 0)
		return false;
	return !packet_is_step(report_ns - offset_ns) || (n_reports > 1 && !packet_is_seen(codec));
}

uint32_t packet_quantum(int64_t packet_ns, uint32_t rate)
{
	/* The ns are rounded down */
	double samples = (double)packet_ns * rate / SPA_NSEC_PER_SEC - 0.01;
	uint32_t quantum = QUANTUM_MIN;

	while (quantum < samples && quantum < QUANTUM_MAX)
		quantum *= 2;
	return quantum;
}
