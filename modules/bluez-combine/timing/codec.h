/* What a codec adds to the latency that a Bluetooth sink reports */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CODEC_H
#define BLUEZ_COMBINE_CODEC_H

#include <stdbool.h>
#include <stdint.h>

/** What bluez5 (1.4.2 to 1.6.8) makes of it, all in samples at the codec's own rate. */
struct codec {
	const char *name;		/**< api.bluez5.codec */
	int64_t assumed_ns;		/**< bluez5's word for a speaker that says nothing */
	uint32_t encoder;		/**< the encoder's delay up to 48 kHz, */
	uint32_t encoder_above;		/**< and above */
	uint32_t frame;			/**< 0: its packets, or its encoder's delay, are not known for certain */
	uint32_t frames_min;		/**< of a packet, from an MTU of 335 bytes, the least that is allowed, */
	uint32_t frames_max;		/**< to one of 1005, the longest that is known of speakers */
	uint32_t common;		/**< the longest packet that is common */
};

/** Never NULL: of a codec that is not known what most have. */
const struct codec *codec_find(const char *name);

/** Is it certain what the codec adds to a report? */
static inline bool codec_is_known(const struct codec *codec)
{
	return codec->frame > 0;
}

/** Is \a ns what the codec adds: nothing yet, the encoder, or the encoder and a packet? \a rate 0: not known, 48 kHz. */
bool codec_adds(const struct codec *codec, uint32_t rate, int64_t ns);

/** The same, or, of a codec that is not known, may it be? */
bool codec_may_add(const struct codec *codec, uint32_t rate, int64_t ns);

#endif /* BLUEZ_COMBINE_CODEC_H */
