/* A speaker: when what arrives comes out */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SPEAKER_H
#define ROOM_SPEAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"
#include "world/cabinet.h"

/*
 * What latency means here
 *
 * PipeWire reports for a speaker: packet time + 73 samples + delay report. The
 * 73 samples are those of the SBC encoder and decoder together; the decoder of
 * this room is a real one, so they are in the sound and not in any figure of
 * the speaker's. The packet time is there because a packet is sent when its
 * last sample is known: in the steady stream it arrives one packet time after
 * the graph had its first sample. So the latency of a speaker is
 *
 *	from the arrival of a packet of the steady stream
 *	to the sounding of its first sample
 *
 * and with latency = delay report a sample sounds exactly when PipeWire says,
 * for packets and quanta of any length. "Arrival" is when the packet is there
 * completely: time in the socket, in the controller's queue and on the air is
 * not in the report and not in the latency.
 *
 * The first packet of a stream is not steady. With a quantum of a packet or
 * more PipeWire sends it as soon as the graph has made it, a whole packet time
 * early against its samples; with a smaller quantum, as the others. Speakers
 * begin to play when their buffer is filled to a level (SPEAKER_START_LEVEL):
 * the packet that fills it decides, the first one does not matter, and after
 * an underrun the latency is what it was. A speaker that counts from the first
 * packet alone (SPEAKER_START_FIRST) is modelled with the packet time added,
 * which is right for the large quantum, and carries any lateness of that one
 * packet to the end of the stream.
 */

enum speaker_start {
	SPEAKER_START_LEVEL,
	SPEAKER_START_FIRST,
	SPEAKER_N_STARTS,
};

/** "level|first" */
extern const char * const speaker_start_names[SPEAKER_N_STARTS];

enum speaker_model {
	SPEAKER_FIXED,		/**< all samples at their place in the stream, by the RTP time */
	SPEAKER_REBUFFER,	/**< a FIFO, filled anew when it has run dry */
	SPEAKER_DEADBAND,	/**< and its clock turned when it is far from where it began */
	SPEAKER_PI,		/**< and its clock held by a PI loop on the fill */
	SPEAKER_N_MODELS,
};

/** "fixed|rebuffer|deadband|pi", in the order of the enum */
extern const char * const speaker_model_names[SPEAKER_N_MODELS];

enum speaker_state {
	SPEAKER_STOPPED,
	SPEAKER_WAITING,	/**< for the first packet */
	SPEAKER_FILLING,	/**< until the first sample's time has come */
	SPEAKER_PLAYING,
	SPEAKER_DRAINING,	/**< the stream is over, what is there still plays */
};

extern const char * const speaker_state_names[];

struct speaker_config {
	enum speaker_model model;
	enum speaker_start start;
	double latency_ms;
	double spread_ms;	/**< a start is up to this much earlier or later */
	double ppm;		/**< how much the own clock is fast */
	double gain;		/**< linear */
	double wake_ms;		/**< a new stream is not heard for so long: the amplifier wakes up */
	double sleep_ms;	/**< nor is what comes after so much digital silence; 0: it stays awake */
	double dsp_frames;	/**< more latency, of its signal processor */
	double decay_ms;	/**< the latency falls by so much from the start of its sound on, */
	double decay_s;		/**< with this time constant: decay_ms (1 - exp(-t / decay_s)) */
	struct cabinet_config cabinet;
};

struct speaker_stats {
	uint64_t frames;	/**< that came out */
	uint64_t late;		/**< that came after their time (fixed) */
	uint64_t missing;	/**< that never came, by the RTP time */
	uint32_t starts;
	uint32_t underruns;
	uint32_t overflows;	/**< packets for which there was no room */
};

struct speaker_events {
	/** \a frames sound from \a t_ns on, \a period_ns apart */
	void (*sound) (void *data, double t_ns, double period_ns, const float *frames, uint32_t n_frames);
	/**
	 * first-packet, playing, underrun, rebuffer, late, missing, overflow, latency, each
	 * with a value in ms; steady: by how much the first packet was earlier, against its
	 * samples, than the average of those that followed
	 */
	void (*event) (void *data, int64_t t_ns, const char *event, double value_ms);
};

struct speaker;

struct speaker *speaker_new(const struct speaker_config *config, uint64_t seed,
			    const struct speaker_events *events, void *data);
void speaker_destroy(struct speaker *speaker);

/** A new stream. What an older one left is cut off. \a rate in Hz. */
void speaker_start(struct speaker *speaker, int64_t t_ns, uint32_t rate);
/** The stream is over: play what is there. */
void speaker_stop(struct speaker *speaker, int64_t t_ns);
/** Silence at once. */
void speaker_cut(struct speaker *speaker, int64_t t_ns);
/** A packet that is complete at \a t_ns. \a rtp counts samples, in any origin. */
void speaker_packet(struct speaker *speaker, int64_t t_ns, uint32_t rtp, const float *frames,
		    uint32_t n_frames);
/** Let everything sound whose time has come. Times never go backwards. */
void speaker_advance(struct speaker *speaker, int64_t t_ns);
/** Another latency takes effect at once, by a gap or a skip; the rest smoothly. Another decay begins anew, from
 * where the latency is. */
void speaker_configure(struct speaker *speaker, int64_t t_ns, const struct speaker_config *config);

enum speaker_state speaker_state(const struct speaker *speaker);
/** What is there and has not sounded, in ms */
double speaker_fill_ms(const struct speaker *speaker);
/** What the clock is turned by at the moment, own error included, in ppm */
double speaker_turn_ppm(const struct speaker *speaker);
const struct speaker_stats *speaker_stats(const struct speaker *speaker);

#endif /* ROOM_SPEAKER_H */
