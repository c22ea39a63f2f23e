/* A fan-out node that plays noise, in a test */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef TESTS_SPA_PLAYER_H
#define TESTS_SPA_PLAYER_H

#include "host.h"

#define OUT	SPA_DIRECTION_OUTPUT
#define IN	SPA_DIRECTION_INPUT

#define QUANTUM	1024
#define FADE	1440		/* 30 ms at 48 kHz */
#define LENGTH	48000
#define BOTH	(SPA_STATUS_HAVE_DATA | SPA_STATUS_NEED_DATA)

extern struct host host;
extern float source[8][LENGTH];		/* by channel: noise, unless a test writes another */
extern float played[64 * 8][LENGTH];	/* by output port */

/** A node, not linked yet. */
void open_outputs(uint32_t channels, uint32_t outputs);
void set_delay(uint32_t output, int64_t ns);

/** One cycle of n samples from source[][at], recorded in played[][at]. */
void cycle(uint32_t at, uint32_t n);
/** Cycles of QUANTUM and a rest. */
void play(uint32_t from, uint32_t to);
/** played[from..to) is the source that much before, bit for bit. */
void check_exact(uint32_t port, const float *src, uint32_t delay, uint32_t from, uint32_t to);

#endif /* TESTS_SPA_PLAYER_H */
