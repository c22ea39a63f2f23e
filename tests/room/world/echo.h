/* An Echo: a WAV, encoded and sent by its own clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_ECHO_H
#define ROOM_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"

enum echo_jitter {
	ECHO_JITTER_UNIFORM,	/**< each packet up to the jitter late */
	ECHO_JITTER_BURST,	/**< now and then all packets of that time come together */
	ECHO_N_JITTERS,
};

extern const char * const echo_jitter_names[ECHO_N_JITTERS];

struct echo_config {
	uint32_t rate;		/**< 44100 or 48000 */
	double ppm;		/**< how much the own clock is fast */
	double jitter_ms;
	enum echo_jitter kind;
	bool loop;
};

struct echo_packet {
	uint8_t data[2048];
	uint32_t size;		/**< in bytes; 0: nothing left to send */
	int64_t t_ns;		/**< when to send it */
	double nominal_ns;	/**< when its first sample was played, by the Echo's clock */
	double period_ns;
	float frames[2 * 16 * 15 * 8];	/**< what is in it, before encoding */
	uint32_t n_frames;
};

struct echo;

/**
 * \param path any file that libsndfile reads, of any rate; mono plays on both
 * \param error why not, to be freed with free()
 */
struct echo *echo_new(const struct echo_config *config, const char *path, uint64_t seed,
		      char **error);
void echo_destroy(struct echo *echo);
/** rate is ignored: it belongs to the stream */
void echo_configure(struct echo *echo, const struct echo_config *config);

/** The stream begins, or goes on where it was paused, at \a t_ns. */
int echo_start(struct echo *echo, int64_t t_ns, const uint8_t *configuration, uint32_t size,
	       uint32_t mtu);
void echo_stop(struct echo *echo);
/** The packet that comes next; stays the same until echo_sent(). NULL: there is none. */
const struct echo_packet *echo_next(struct echo *echo);
void echo_sent(struct echo *echo);

#endif /* ROOM_ECHO_H */
