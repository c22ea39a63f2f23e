/* All public names of bluez-combine */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_NAMES_H
#define BLUEZ_COMBINE_NAMES_H

/*
 * What users, policy and other programs may rely on. docs/reference.md has the
 * same names in a table, and a test compares the two.
 */

/* Loading */
#define BLUEZ_COMBINE_MODULE		"libpipewire-module-bluez-combine"
#define BLUEZ_COMBINE_SPA_LIB		"bluez-combine/libspa-bluez-combine"
#define BLUEZ_COMBINE_FACTORY_FANOUT	"audio.bluez-combine.fanout"

/* Log topics */
#define BLUEZ_COMBINE_TOPIC_MODULE	"mod.bluez-combine"
#define BLUEZ_COMBINE_TOPIC_SPA		"spa.bluez-combine"

/* Environment: names of quirks (docs/upstream.md) that are not worked around */
#define BLUEZ_COMBINE_ENV_QUIRKS_OFF	"BLUEZ_COMBINE_QUIRKS_OFF"

/* Nodes: <sink>, <sink>.driver, <sink>.output.<address with underscores> */
#define BLUEZ_COMBINE_NODE_PREFIX	"bluez_combine."
#define BLUEZ_COMBINE_GROUP_DEFAULT	"default"

/* Module arguments; node.*, audio.* and stream.* are those of combine-stream */
#define BLUEZ_COMBINE_ARG_GROUP		"combine.group"
#define BLUEZ_COMBINE_ARG_PROPS		"combine.props"
#define BLUEZ_COMBINE_ARG_STREAM_PROPS	"stream.props"
#define BLUEZ_COMBINE_ARG_STREAM_RULES	"stream.rules"
#define BLUEZ_COMBINE_ARG_HEADROOM	"combine.headroom.msec"
#define BLUEZ_COMBINE_ARG_MAX_DELAY	"combine.max-delay.msec"
#define BLUEZ_COMBINE_ARG_UNALIGNED	"combine.unaligned"
#define BLUEZ_COMBINE_ARG_SLEW		"combine.slew.ppm"
#define BLUEZ_COMBINE_ARG_QUANTUM	"combine.quantum"
#define BLUEZ_COMBINE_ARG_RATE		"combine.rate"
#define BLUEZ_COMBINE_ARG_KEEP_WARM	"combine.keep-warm.msec"
#define BLUEZ_COMBINE_ARG_KEEP_WARM_ALWAYS	"combine.keep-warm.always"
#define BLUEZ_COMBINE_ARG_KEEP_WARM_LEVEL	"combine.keep-warm.level"
#define BLUEZ_COMBINE_ARG_LOW_LATENCY	"combine.low-latency"

/* Fan-out node: properties at creation and "params" of Props at run time */
#define BLUEZ_COMBINE_FANOUT_OUTPUTS	"fanout.outputs"	/* number of outputs, 0-64 */
#define BLUEZ_COMBINE_FANOUT_HISTORY	"fanout.history.msec"	/* length of the ring */
#define BLUEZ_COMBINE_FANOUT_SLEW	"fanout.slew.ppm"	/* Double, 0 or 1-5000 */
/* output.<n>.<key>, n from 0 */
#define BLUEZ_COMBINE_OUTPUT_PREFIX	"output."
#define BLUEZ_COMBINE_OUTPUT_DELAY	"delay.nsec"		/* Long, >= 0 */
#define BLUEZ_COMBINE_OUTPUT_GAIN	"gain"			/* Double, linear, 0.0-1.0 */
#define BLUEZ_COMBINE_OUTPUT_ROLE	"role"			/* stereo | left | right | mono */
#define BLUEZ_COMBINE_OUTPUT_WAIT	"wait.nsec"		/* Long, 0-10 s */
#define BLUEZ_COMBINE_OUTPUT_CODE	"dither.code"		/* Int, 0-63 */
#define BLUEZ_COMBINE_OUTPUT_SAMPLES	"dither.samples"	/* Int, 0-4 */
#define BLUEZ_COMBINE_OUTPUT_CHIP	"dither.chip.nsec"	/* Long, 0-10 s */

/* Metadata object: one per group, "bluez-combine" for the first, "bluez-combine.<group>" for others */
#define BLUEZ_COMBINE_METADATA		"bluez-combine"
#define BLUEZ_COMBINE_KEY_MEMBER	"member."		/* + address */
#define BLUEZ_COMBINE_KEY_STATUS	"status"		/* alone, or + "." + address */
#define BLUEZ_COMBINE_KEY_SOURCE	"source."		/* + address */
#define BLUEZ_COMBINE_KEY_SETTING	"setting."		/* + name, without bluez-combine. */
/* Of the subject of a client, and what the module answers, of subject 0 */
#define BLUEZ_COMBINE_KEY_LEASE		"lease"
#define BLUEZ_COMBINE_KEY_TRACK		"track"			/* of the subject of a client, too */
#define BLUEZ_COMBINE_KEY_LEASE_TAKEN	"lease.taken"
#define BLUEZ_COMBINE_KEY_LEASE_REFUSED	"lease.refused"

/* Fields of the JSON in member.<address> */
#define BLUEZ_COMBINE_MEMBER_TARGET	"target"		/* node.name of the speaker's sink */
#define BLUEZ_COMBINE_MEMBER_INCLUDE	"include"		/* true | false */
#define BLUEZ_COMBINE_MEMBER_ROLE	"role"
#define BLUEZ_COMBINE_MEMBER_GAIN	"gain"
#define BLUEZ_COMBINE_MEMBER_TRIM	"trim.msec"
#define BLUEZ_COMBINE_MEMBER_CORRECTION	"correction.msec"

/* What a latency offset was found to be: an array of records, one for each codec and rate */
#define BLUEZ_COMBINE_KEY_CALIBRATION	"calibration."		/* + address */
#define BLUEZ_COMBINE_CALIBRATION_RECORDS	"records"
/* Fields of one of them */
#define BLUEZ_COMBINE_RECORD_CODEC	"codec"
#define BLUEZ_COMBINE_RECORD_RATE	"rate"			/* Hz, of the stream to the speaker */
#define BLUEZ_COMBINE_RECORD_OFFSET	"offset.msec"		/* latencyOffsetNsec of the speaker's route */
#define BLUEZ_COMBINE_RECORD_WAS	"was.msec"		/* the same before */
#define BLUEZ_COMBINE_RECORD_REPORT	"report.nsec"		/* its latency then, without the offset */
#define BLUEZ_COMBINE_RECORD_BY		"by"			/* ear | hand */
#define BLUEZ_COMBINE_RECORD_AT		"at"			/* seconds since 1970 */
#define BLUEZ_COMBINE_RECORD_SIGMA	"sigma.msec"		/* standard deviation */
#define BLUEZ_COMBINE_RECORD_ARRIVAL	"arrival.msec"		/* how much later than others with 0 it was left to be heard */
#define BLUEZ_COMBINE_RECORD_MICROPHONE	"microphone"		/* node.name of the one that heard it */

/* Fields of the JSON in lease, and in what is answered */
#define BLUEZ_COMBINE_LEASE_COUNT	"count"
#define BLUEZ_COMBINE_LEASE_SOLO	"solo"
#define BLUEZ_COMBINE_LEASE_CORRECTION	"correction.msec"
#define BLUEZ_COMBINE_LEASE_TRACK	"track.msec"
#define BLUEZ_COMBINE_LEASE_DITHER	"dither"
#define BLUEZ_COMBINE_DITHER_SAMPLES	"samples"
#define BLUEZ_COMBINE_DITHER_CHIP	"chip.msec"
#define BLUEZ_COMBINE_DITHER_CODES	"codes"
#define BLUEZ_COMBINE_LEASE_CLIENT	"client"
#define BLUEZ_COMBINE_LEASE_READY	"ready.nsec"
#define BLUEZ_COMBINE_LEASE_REFUSED	"refused"

#endif /* BLUEZ_COMBINE_NAMES_H */
