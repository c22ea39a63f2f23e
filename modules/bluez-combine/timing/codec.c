/* What a codec adds to the latency that a Bluetooth sink reports */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stddef.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "timing/codec.h"

#define MS		((int64_t)SPA_NSEC_PER_MSEC)
/* PipeWire chooses this where a speaker has it */
#define RATE_COMMON	48000
/* What nobody knows adds no more than the longest packet */
#define ADDS_MAX_NS	(120 * MS)
/* All parts are rounded down to ns */
#define ROUNDING	0.01

/* spa/plugins/bluez5: bluez5-dbus.c (spa_bt_transport_get_delay_nsec()), a2dp-codec-*.c (codec_get_delay(), codec_init()). The
 * encoder's delay of AAC is fdk-aac's (aacenc_lib.cpp: DELAY_AAC(), 0.1.6 and 2.0.3). */
static const struct codec codecs[] = {
	/* name, assumed, encoder, above 48 kHz, frame, frames of a packet, longest common */
	{ "sbc", 125 * MS, 73, 73, 128, 1, 15, 1024 },	/* bitpool 53, joint stereo: eight frames */
	{ "sbc_xq", 125 * MS, 73, 73, 128, 1, 15, 1024 },
	{ "aac", 125 * MS, 1600, 1600, 1024, 1, 1, 1024 },
	{ "aac_eld", 40 * MS, 0, 0, 0, 0, 0, 512 },	/* SBR: another delay with each version */
	{ "aptx", 125 * MS, 90, 90, 4, 83, 251, 1004 },	/* four bytes a frame, no header */
	{ "aptx_hd", 125 * MS, 90, 90, 4, 53, 165, 660 },	/* six bytes, and 12 of a header */
	{ "aptx_ll", 40 * MS, 90, 90, 4, 82, 90, 360 },	/* 7.5 ms */
	{ "aptx_ll_duplex", 40 * MS, 90, 90, 4, 82, 90, 360 },
	{ "faststream", 40 * MS, 73, 73, 128, 3, 3, 384 },
	{ "faststream_duplex", 40 * MS, 73, 73, 128, 3, 3, 384 },
	{ "ldac", 125 * MS, 128, 256, 128, 1, 6, 768 },	/* six at the lowest quality */
	{ "lc3", 40 * MS, 0, 0, 0, 0, 0, 1024 },
};

/* Opus and LC3plus among them: their frames can be configured */
static const struct codec other = { "", 125 * MS, 0, 0, 0, 0, 0, 1024 };

const struct codec *codec_find(const char *name)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(codecs); i++)
		if (spa_streq(codecs[i].name, name))
			return &codecs[i];
	return &other;
}

bool codec_adds(const struct codec *codec, uint32_t rate, int64_t ns)
{
	double hz = rate > 0 ? rate : RATE_COMMON, samples, frames;

	if (ns == 0)
		return true;
	if (!codec_is_known(codec) || ns < 0 || ns > 2 * ADDS_MAX_NS)
		return false;
	samples = ns * hz / SPA_NSEC_PER_SEC - (hz > RATE_COMMON ? codec->encoder_above : codec->encoder);
	frames = rint(samples / codec->frame);
	return fabs(samples - frames * codec->frame) < ROUNDING &&
		(frames == 0.0 || (frames >= codec->frames_min && frames <= codec->frames_max));
}

bool codec_may_add(const struct codec *codec, uint32_t rate, int64_t ns)
{
	return codec_is_known(codec) ? codec_adds(codec, rate, ns) : ns >= 0 && ns <= ADDS_MAX_NS;
}
