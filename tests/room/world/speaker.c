/* A speaker: when what arrives comes out */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "world/speaker.h"

#define SIZE		(1u << 19)	/* frames of the FIFO: 10.9 s at 48 kHz */
#define MASK		(SIZE - 1)
#define BLOCK		1024		/* frames that sound at a time */
#define GAP_MAX_S	5		/* a longer hole in the RTP time is a new stream's */

/* Receivers measured: no correction within a band of +-29 ms, +-0.39 % outside. */
#define BAND_NS		29e6
#define BAND_TURN	3.9e-3
/* How far the PI loop may turn the clock, and how fast it is */
#define PI_TURN		5e-3
#define PI_BANDWIDTH	0.03	/* Hz */
/* The packets whose arrivals tell how early the first one was */
#define STEADY_FROM	8
#define STEADY_TO	40
#define LOCK_NS		1e9	/* the fill over this time is the one to hold */
#define SMOOTH_NS	0.5e9	/* time constant of the fill's average */
/* Room for twice the latency, and for this much: more packets find it full. */
#define ROOM_NS		200e6

/* What the models differ in */
static const struct behaviour {
	bool placed;	/* by RTP time: gaps are kept, late samples dropped */
	bool locked;	/* holds the fill that it had after the start */
	double band_ns;	/* no correction within */
	double turn;	/* of the clock, outside of the band; 0: the PI loop */
} behaviours[SPEAKER_N_MODELS] = {
	[SPEAKER_FIXED] = { .placed = true },
	[SPEAKER_REBUFFER] = { .placed = false },
	[SPEAKER_DEADBAND] = { .locked = true, .band_ns = BAND_NS, .turn = BAND_TURN },
	[SPEAKER_PI] = { .locked = true },
};

const char * const speaker_model_names[SPEAKER_N_MODELS] = { "fixed", "rebuffer", "deadband", "pi" };
const char * const speaker_start_names[SPEAKER_N_STARTS] = { "level", "first" };
const char * const speaker_state_names[] = { "stopped", "waiting", "filling", "playing", "draining" };

struct speaker {
	struct speaker_config config;
	const struct behaviour *is;
	const struct speaker_events *events;
	void *data;
	struct random random;
	struct speaker_stats stats;

	enum speaker_state state;
	bool dry;		/* placed: nothing there for the time that has come */
	bool again;		/* this filling follows an underrun */
	double rate;		/* of the stream, in Hz */
	double turn;		/* of the clock by the model */
	double period;		/* between two samples that sound, in ns */
	double next_ns;		/* when the next sample sounds */
	double spread_ns;	/* drawn for this start */
	double decay_from_ns;	/* when the latency began to fall, */
	double decayed_ns;	/* and by how much it has fallen */
	uint32_t rtp;		/* expected */
	double awake_ns;	/* what sounds before is not heard */
	double loud_ns;		/* when the last sample sounded that was not 0 */

	struct cabinet cabinet;
	float *fifo;
	uint64_t head, tail;	/* in frames */

	/* How early the first packet was, against those that follow */
	uint32_t n_arrived;
	int64_t first_ns;
	uint32_t first_rtp;
	double steady_ns;	/* sum */

	/* The loop that holds the fill */
	uint64_t n_packets;
	double fill, target;	/* from arrival to sound, in ns */
	double sum;
	uint64_t n_sum;
	double integral;	/* in s^2 */
	int64_t begun_ns, last_ns;
	bool have_target;
};

struct speaker *speaker_new(const struct speaker_config *config, uint64_t seed,
			    const struct speaker_events *events, void *data)
{
	struct speaker *sp;

	sp = calloc(1, sizeof(*sp));
	if (sp == NULL)
		return NULL;
	sp->fifo = calloc(2 * (size_t)SIZE, sizeof(float));
	if (sp->fifo == NULL) {
		free(sp);
		return NULL;
	}
	sp->config = *config;
	sp->is = &behaviours[config->model];
	sp->events = events;
	sp->data = data;
	sp->random.state = seed;
	return sp;
}

void speaker_destroy(struct speaker *sp)
{
	if (sp == NULL)
		return;
	free(sp->fifo);
	free(sp);
}

static uint32_t fill_frames(const struct speaker *sp)
{
	return sp->tail - sp->head;
}

static void report(struct speaker *sp, double t_ns, const char *event, double value_ns)
{
	sp->events->event(sp->data, llround(t_ns), event, value_ns * 1e-6);
}

/* What its signal processor takes is a number of samples, whatever their rate. */
static double latency_ns(const struct speaker_config *config, double rate)
{
	return config->latency_ms * 1e6 + (rate > 0.0 ? config->dsp_frames * 1e9 / rate : 0.0);
}

static void set_turn(struct speaker *sp, double turn)
{
	sp->turn = turn;
	sp->period = 1e9 / (sp->rate * (1.0 + sp->config.ppm * 1e-6) * (1.0 + turn));
}

static void reset_loop(struct speaker *sp)
{
	sp->n_packets = sp->n_sum = 0;
	sp->sum = sp->integral = 0.0;
	sp->have_target = false;
	set_turn(sp, 0.0);
}

void speaker_start(struct speaker *sp, int64_t t_ns, uint32_t rate)
{
	speaker_cut(sp, t_ns);
	sp->rate = rate;
	cabinet_configure(&sp->cabinet, &sp->config.cabinet, rate);
	sp->state = SPEAKER_WAITING;
	sp->again = sp->dry = false;
}

void speaker_stop(struct speaker *sp, int64_t t_ns)
{
	speaker_advance(sp, t_ns);
	switch (sp->state) {
	case SPEAKER_STOPPED:
	case SPEAKER_WAITING:
		sp->state = SPEAKER_STOPPED;
		break;
	case SPEAKER_FILLING:
	case SPEAKER_PLAYING:
	case SPEAKER_DRAINING:
		sp->state = SPEAKER_DRAINING;
		break;
	}
}

void speaker_cut(struct speaker *sp, int64_t t_ns)
{
	speaker_advance(sp, t_ns);
	sp->head = sp->tail;
	sp->state = SPEAKER_STOPPED;
}

/* Whether the amplifier is on, when this frame sounds */
static bool is_awake(struct speaker *sp, double t_ns, const float *frame)
{
	if (frame[0] != 0.0f || frame[1] != 0.0f) {
		if (sp->config.sleep_ms > 0.0 && t_ns > sp->loud_ns + sp->config.sleep_ms * 1e6) {
			sp->awake_ns = t_ns + sp->config.wake_ms * 1e6;
			report(sp, (int64_t)t_ns, "woke", sp->config.wake_ms);
		}
		sp->loud_ns = t_ns;
	}
	return t_ns >= sp->awake_ns;
}

static void begin_decay(struct speaker *sp, double t_ns)
{
	sp->decay_from_ns = t_ns;
	sp->decayed_ns = 0.0;
}

/* A latency that falls takes the fill with it: no loop works against that. What it falls by until \a t_ns */
static double decay(struct speaker *sp, double t_ns)
{
	double s = (t_ns - sp->decay_from_ns) * 1e-9, fall = 0.0;

	if (sp->config.decay_ms > 0.0)
		fall = sp->config.decay_ms * 1e6 * -expm1(-s / sp->config.decay_s) - sp->decayed_ns;
	sp->decayed_ns += fall;
	sp->target -= fall;
	sp->fill -= fall;
	return fall;
}

/* Let up to n frames sound. */
static void sound(struct speaker *sp, uint32_t n)
{
	float block[2 * BLOCK];

	while (n > 0) {
		uint32_t at = sp->head & MASK, l = n < BLOCK ? n : BLOCK, i;
		double period;

		if (l > SIZE - at)
			l = SIZE - at;
		period = sp->period - decay(sp, sp->next_ns + l * sp->period) / l;
		for (i = 0; i < l; i++) {
			const float *frame = &sp->fifo[2 * (at + i)];
			float gain = is_awake(sp, sp->next_ns + i * period, frame) ?
				sp->config.gain : 0.0;

			block[2 * i] = frame[0] * gain;
			block[2 * i + 1] = frame[1] * gain;
		}
		cabinet_play(&sp->cabinet, block, l);
		sp->events->sound(sp->data, sp->next_ns, period, block, l);
		sp->head += l;
		sp->next_ns += l * period;
		sp->stats.frames += l;
		n -= l;
	}
}

static void run_dry(struct speaker *sp)
{
	if (sp->dry)
		return;
	sp->stats.underruns++;
	report(sp, sp->next_ns, "underrun", 0.0);
	if (sp->is->placed) {
		sp->dry = true;
		return;
	}
	sp->state = SPEAKER_WAITING;
	sp->again = true;
}

void speaker_advance(struct speaker *sp, int64_t t_ns)
{
	uint32_t n;

	switch (sp->state) {
	case SPEAKER_STOPPED:
	case SPEAKER_WAITING:
		return;
	case SPEAKER_FILLING:
		if (sp->next_ns > t_ns)
			return;
		sp->state = SPEAKER_PLAYING;
		begin_decay(sp, sp->next_ns);
		report(sp, sp->next_ns, "playing", fill_frames(sp) * 1e9 / sp->rate);
		break;
	case SPEAKER_PLAYING:
	case SPEAKER_DRAINING:
		break;
	}
	if (sp->next_ns > t_ns)
		return;
	n = 1 + (uint32_t)fmin((t_ns - sp->next_ns) / sp->period, SIZE);
	if (n > fill_frames(sp))
		n = fill_frames(sp);
	sound(sp, n);
	if (fill_frames(sp) > 0 || sp->next_ns > t_ns)
		return;
	if (sp->state == SPEAKER_DRAINING)
		sp->state = SPEAKER_STOPPED;
	else
		run_dry(sp);
}

static void push(struct speaker *sp, const float *frames, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++, sp->tail++) {
		float *to = sp->fifo + 2 * (sp->tail & MASK);

		to[0] = frames != NULL ? frames[2 * i] : 0.0f;
		to[1] = frames != NULL ? frames[2 * i + 1] : 0.0f;
	}
}

/* The time of the oldest samples is over: they never sound. */
static void skip_late(struct speaker *sp, int64_t t_ns)
{
	double late = t_ns - sp->next_ns;
	uint32_t n;

	if (late <= 0.0)
		return;
	n = (uint32_t)fmin(ceil(late / sp->period), fill_frames(sp));
	if (n == 0)
		return;
	sp->head += n;
	sp->next_ns += n * sp->period;
	sp->stats.late += n;
	report(sp, t_ns, "late", n * sp->period);
}

/*
 * The fill is how long the arriving packet will wait. It moves by a packet with
 * every packet that is lost, and by the difference of the clocks; the average
 * over the first second, but for the first packet, is where it belongs.
 */
static void hold_fill(struct speaker *sp, int64_t t_ns)
{
	double fill = sp->next_ns + fill_frames(sp) * sp->period - t_ns;
	double dt = t_ns - sp->last_ns, err;

	sp->last_ns = t_ns;
	if (sp->n_packets++ == 0) {
		sp->begun_ns = t_ns;
		return;
	}
	if (!sp->have_target) {
		sp->sum += fill;
		sp->n_sum++;
		sp->fill = sp->target = sp->sum / sp->n_sum;
		sp->have_target = t_ns - sp->begun_ns >= LOCK_NS;
		return;
	}
	sp->fill += (fill - sp->fill) * (1.0 - exp(-dt / SMOOTH_NS));
	err = sp->fill - sp->target;
	if (sp->is->turn > 0.0) {
		set_turn(sp, err > sp->is->band_ns ? sp->is->turn :
			     err < -sp->is->band_ns ? -sp->is->turn : 0.0);
	} else {
		/* Second order, damping 1 / sqrt(2): turn = sqrt(2) w err + w^2 integral(err) */
		double w = 2.0 * M_PI * PI_BANDWIDTH, turn;

		turn = M_SQRT2 * w * err * 1e-9 + w * w * sp->integral;
		if (fabs(turn) < PI_TURN)
			sp->integral += err * 1e-9 * dt * 1e-9;
		set_turn(sp, fmax(-PI_TURN, fmin(PI_TURN, turn)));
	}
}

/*
 * The start hangs on the arrival of one packet. What it would be if it hung on
 * the average is of interest to whoever wonders about a skew.
 */
static void watch_arrival(struct speaker *sp, int64_t t_ns, uint32_t rtp)
{
	if (sp->n_arrived++ < STEADY_FROM || sp->n_arrived > STEADY_TO)
		return;
	sp->steady_ns += (t_ns - sp->first_ns) - (int32_t)(rtp - sp->first_rtp) * 1e9 / sp->rate;
	if (sp->n_arrived == STEADY_TO)
		report(sp, t_ns, "steady", sp->steady_ns / (STEADY_TO - STEADY_FROM));
}

/* The first sample sounds when one that arrives now, after the fill, has its latency. */
static void place_start(struct speaker *sp, int64_t t_ns, uint32_t more_frames)
{
	sp->next_ns = t_ns + ((double)more_frames - fill_frames(sp)) * 1e9 / sp->rate +
		latency_ns(&sp->config, sp->rate) + sp->spread_ns;
	if (sp->next_ns < t_ns)
		sp->next_ns = t_ns;
}

static void begin(struct speaker *sp, int64_t t_ns, uint32_t rtp, uint32_t n_frames)
{
	reset_loop(sp);
	sp->n_arrived = 0;
	sp->steady_ns = 0.0;
	sp->first_ns = t_ns;
	sp->first_rtp = rtp;
	sp->state = SPEAKER_FILLING;
	sp->stats.starts++;
	sp->spread_ns = random_around(&sp->random, sp->config.spread_ms) * 1e6;
	place_start(sp, t_ns, sp->config.start == SPEAKER_START_FIRST ? n_frames : 0);
	if (!sp->again) {
		sp->awake_ns = sp->next_ns + sp->config.wake_ms * 1e6;
		sp->loud_ns = sp->next_ns;
	}
	report(sp, t_ns, sp->again ? "rebuffer" : "first-packet", sp->next_ns - t_ns);
}

/* A hole in the RTP time: samples that were sent, or should have been, and are not here */
static void fill_hole(struct speaker *sp, int64_t t_ns, uint32_t rtp)
{
	int32_t hole = (int32_t)(rtp - sp->rtp);

	if (hole <= 0 || hole > GAP_MAX_S * sp->rate)
		return;
	sp->stats.missing += hole;
	report(sp, t_ns, "missing", hole * 1e9 / sp->rate);
	if (sp->is->placed && fill_frames(sp) + hole < SIZE)
		push(sp, NULL, hole);
}

void speaker_packet(struct speaker *sp, int64_t t_ns, uint32_t rtp, const float *frames,
		    uint32_t n_frames)
{
	double room;

	speaker_advance(sp, t_ns);
	switch (sp->state) {
	case SPEAKER_STOPPED:
	case SPEAKER_DRAINING:
		return;
	case SPEAKER_WAITING:
		begin(sp, t_ns, rtp, n_frames);
		break;
	case SPEAKER_FILLING:
		fill_hole(sp, t_ns, rtp);
		if (sp->config.start == SPEAKER_START_LEVEL)
			place_start(sp, t_ns, 0);
		break;
	case SPEAKER_PLAYING:
		fill_hole(sp, t_ns, rtp);
		break;
	}
	watch_arrival(sp, t_ns, rtp);
	sp->rtp = rtp + n_frames;
	room = sp->is->placed ? SIZE :
		fmin(SIZE, (2.0 * latency_ns(&sp->config, sp->rate) + ROOM_NS) * sp->rate * 1e-9);
	if (fill_frames(sp) + n_frames > room) {
		sp->stats.overflows++;
		report(sp, t_ns, "overflow", n_frames * 1e9 / sp->rate);
		return;
	}
	if (sp->is->locked)
		hold_fill(sp, t_ns);
	push(sp, frames, n_frames);
	if (sp->is->placed) {
		skip_late(sp, t_ns);
		sp->dry = sp->dry && fill_frames(sp) == 0;
	}
}

void speaker_configure(struct speaker *sp, int64_t t_ns, const struct speaker_config *config)
{
	double moved = latency_ns(config, sp->rate) - latency_ns(&sp->config, sp->rate);

	speaker_advance(sp, t_ns);
	if (config->decay_ms != sp->config.decay_ms || config->decay_s != sp->config.decay_s)
		begin_decay(sp, sp->next_ns);
	sp->config = *config;
	sp->is = &behaviours[config->model];
	if (sp->rate > 0.0)
		cabinet_configure(&sp->cabinet, &config->cabinet, sp->rate);
	if (sp->state == SPEAKER_STOPPED || sp->state == SPEAKER_WAITING)
		return;
	set_turn(sp, sp->turn);
	if (moved == 0.0)
		return;
	sp->next_ns += moved;
	sp->target += moved;
	sp->fill += moved;
	report(sp, t_ns, "latency", moved);
	skip_late(sp, t_ns);
}

enum speaker_state speaker_state(const struct speaker *sp)
{
	return sp->state;
}

double speaker_fill_ms(const struct speaker *sp)
{
	return sp->rate > 0.0 ? fill_frames(sp) * 1e3 / sp->rate : 0.0;
}

double speaker_turn_ppm(const struct speaker *sp)
{
	return sp->config.ppm + sp->turn * 1e6;
}

const struct speaker_stats *speaker_stats(const struct speaker *sp)
{
	return &sp->stats;
}
