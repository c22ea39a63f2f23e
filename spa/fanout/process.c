/* Fan-out node: the data loop's half */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>

#include "fanout/node.h"

#define BLOCK_LIMIT	(1u << 16)	/* samples; a clock that tells more is not one */

/* The one place where ns become samples */
static double ns_to_samples(int64_t ns, uint32_t rate)
{
	return (double)ns * rate / SPA_NSEC_PER_SEC;
}

/* Beyond the longest delay: a block that is written before it is read, and what a tap
 * needs on the far side */
#define RING_EXTRA	(FANOUT_BLOCK_MAX + TAP_REACH)

uint32_t fanout_history_samples(uint32_t msec, uint32_t rate)
{
	return (uint32_t)ceil(ns_to_samples(msec * SPA_NSEC_PER_MSEC, rate)) + RING_EXTRA;
}

void fanout_output_restart(struct fanout_output *o, const struct fanout *f)
{
	tap_init(&o->tap, &f->tap_params);
	o->active = false;
}

static struct wobble_params wobble_params(const struct fanout_dither *dither, uint32_t rate)
{
	if (dither->code == 0 || dither->samples == 0 || dither->chip_ns == 0)
		return (struct wobble_params) { 0 };
	return (struct wobble_params) {
		.code = dither->code,
		.samples = dither->samples,
		.chip = lrint(ns_to_samples(dither->chip_ns, rate)),
	};
}

static void fanout_output_update_tap(struct fanout_output *o, const struct fanout *f, const struct fanout_wish *wish)
{
	const struct fanout_target *target = &wish->outputs[o->id];

	if (o->active && o->speed_ppm == wish->slew_ppm && fanout_target_equal(target, &o->seen))
		return;

	/* Never beyond the tap's longest: Props refuses what is, and the ring has room for it
	 * at all rates */
	tap_set(&o->tap, &(struct tap_target) {
		.delay = ns_to_samples(target->delay_ns, f->rate),
		.wait = lrint(ns_to_samples(target->wait_ns, f->rate)),
		.speed = target->at_once ? 0.0 : wish->slew_ppm * 1e-6,
		.wobble = wobble_params(&target->dither, f->rate),
		.gain = target->gain,
		.map = &f->maps[target->role],
	});
	o->seen = *target;
	o->speed_ppm = wish->slew_ppm;
	o->active = true;
}

void fanout_reset(struct fanout *f)
{
	uint32_t i;

	history_reset(&f->history, fanout_history_samples(f->args.history_msec, f->rate));
	tap_params_set_rate(&f->tap_params, f->rate);
	f->tap_params.delay_max = history_size(&f->history) - RING_EXTRA;
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++)
		if (f->playing[i])
			fanout_output_restart(f->playing[i], f);
}

/* The past at another rate is of no use: its pitch would be wrong */
static void update_rate(struct fanout *f)
{
	const struct spa_fraction *r;
	uint32_t rate;

	if (f->position == NULL)
		return;
	r = &f->position->clock.rate;
	if (SPA_LIKELY(r->num == 1 && r->denom == f->rate))
		return;
	if (r->num == 0 || r->denom == 0)
		return;
	rate = r->denom / r->num;
	if (rate == f->rate || rate < FANOUT_RATE_MIN || rate > FANOUT_RATE_MAX)
		return;
	f->rate = rate;
	fanout_reset(f);
}

/* Io areas and chunks are memory of others, too, who may be at it: what was checked is
 * what is used */
static uint32_t read_once(const uint32_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

/* What an input port brings */
struct block {
	const float *data;		/**< NULL: silence */
	uint32_t n_samples;
};

static struct block take_input(struct port *p, uint32_t cycle)
{
	struct spa_io_buffers *io = p->io[cycle];
	struct block block = { 0 };
	struct spa_data *d;
	uint32_t id, offset;

	if (io == NULL || io->status != SPA_STATUS_HAVE_DATA)
		return block;
	io->status = SPA_STATUS_NEED_DATA;
	if ((id = read_once(&io->buffer_id)) >= p->use.n_buffers)
		return block;

	d = &p->use.buffers[id]->datas[0];
	offset = SPA_MIN(read_once(&d->chunk->offset), d->maxsize);
	offset = SPA_ROUND_DOWN_N(offset, (uint32_t)sizeof(float));
	block.n_samples = SPA_MIN(read_once(&d->chunk->size), d->maxsize - offset) / sizeof(float);
	if (d->data != NULL && !SPA_FLAG_IS_SET(d->chunk->flags, SPA_CHUNK_FLAG_EMPTY))
		block.data = SPA_PTROFF(d->data, offset, const float);
	return block;
}

int fanout_reuse_buffer(struct fanout *f, struct port *p, uint32_t buffer_id)
{
	if (buffer_id >= p->use.n_buffers)
		return -EINVAL;
	p->use.free |= 1u << buffer_id;
	return 0;
}

/* Whether anybody listens; if so, dst is a buffer to fill, if there is one */
static bool take_output(struct fanout_output *o, struct port *p, uint32_t cycle)
{
	struct spa_io_buffers *io = p->io[cycle];
	struct spa_data *d;
	uint32_t id;

	p->dst = NULL;
	if (io == NULL || p->use.n_buffers == 0)
		return false;
	if (io->status == SPA_STATUS_HAVE_DATA)
		return true;		/* the last one was not taken yet */

	if ((id = read_once(&io->buffer_id)) < p->use.n_buffers)
		p->use.free |= 1u << id;
	io->buffer_id = SPA_ID_INVALID;

	if (p->use.free == 0) {
		io->status = -EPIPE;
		return true;
	}
	id = __builtin_ctz(p->use.free);
	d = &p->use.buffers[id]->datas[0];
	if (d->data == NULL) {
		io->status = SPA_STATUS_OK;
		return true;
	}
	p->use.free &= ~(1u << id);
	p->dst = d->data;
	p->chunk = d->chunk;
	o->room = SPA_MIN(o->room, d->maxsize / (uint32_t)sizeof(float));
	io->buffer_id = id;
	io->status = SPA_STATUS_HAVE_DATA;
	return true;
}

static void finish_output(const struct fanout_output *o, struct port *p, uint32_t n, bool silent)
{
	*p->chunk = (struct spa_chunk) {
		.size = SPA_MIN(n, o->room) * sizeof(float),
		.stride = sizeof(float),
		.flags = silent ? SPA_CHUNK_FLAG_EMPTY : 0,
	};
}

/* Samples offset..offset+n of this cycle are the newest n of the history */
static void play_output(struct fanout_output *o, const struct fanout *f, uint32_t offset, uint32_t n)
{
	float *dst[ROLE_CHANNELS_MAX] = { 0 };
	static float * const nowhere[ROLE_CHANNELS_MAX];
	uint32_t c, fits = SPA_CLAMP(o->room, offset, offset + n) - offset;

	for (c = 0; c < f->n_channels; c++)
		if (o->ports[c].dst)
			dst[c] = o->ports[c].dst + offset;

	tap_process(&o->tap, &f->history, n, dst, fits);
	if (fits < n)
		tap_process(&o->tap, &f->history, n - fits, nowhere, n - fits);
}

/* Inputs decide how long a cycle is; without any, time still passes */
static uint32_t block_size(const struct fanout *f, const struct block *in)
{
	uint32_t c, n = 0;

	for (c = 0; c < f->n_channels; c++)
		n = SPA_MAX(n, in[c].n_samples);
	if (n == 0)
		n = f->position ? f->position->clock.duration : f->last_block;
	return SPA_MIN(n, BLOCK_LIMIT);
}

static void write_history(struct fanout *f, const struct block *in, uint32_t offset, uint32_t n)
{
	uint32_t c;

	for (c = 0; c < f->n_channels; c++) {
		uint32_t skip = SPA_MIN(offset, in[c].n_samples);

		history_write(&f->history, c, in[c].data ? in[c].data + skip : NULL,
				in[c].n_samples - skip, n);
	}
	history_advance(&f->history, n);
}

/* The outputs that somebody listens to, in this cycle */
struct listeners {
	struct fanout_output *outputs[FANOUT_OUTPUTS_MAX];
	bool silent[FANOUT_OUTPUTS_MAX];	/**< before this cycle, and so in all of it */
	uint32_t n_outputs;
};

static void take_outputs(struct fanout *f, struct listeners *l, uint32_t cycle, uint32_t n)
{
	const struct fanout_wish *wish = fanout_targets_take(&f->targets);
	uint32_t i, c;

	l->n_outputs = 0;
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		struct fanout_output *o = f->playing[i];
		bool listening = false;

		if (o == NULL)
			continue;
		o->room = n;
		for (c = 0; c < f->n_channels; c++)
			listening |= take_output(o, &o->ports[c], cycle);
		if (!listening) {
			if (o->active)
				fanout_output_restart(o, f);
			continue;
		}
		fanout_output_update_tap(o, f, wish);
		l->silent[l->n_outputs] = tap_is_silent(&o->tap);
		l->outputs[l->n_outputs++] = o;
	}
}

static int finish_outputs(const struct fanout *f, const struct listeners *l, uint32_t n)
{
	uint32_t i, c;
	int status = 0;

	for (i = 0; i < l->n_outputs; i++) {
		for (c = 0; c < f->n_channels; c++) {
			struct port *p = &l->outputs[i]->ports[c];

			if (p->dst == NULL)
				continue;
			finish_output(l->outputs[i], p, n, l->silent[i]);
			status = SPA_STATUS_HAVE_DATA;
		}
	}
	return status;
}

int fanout_process(struct fanout *f)
{
	struct block in[ROLE_CHANNELS_MAX];
	struct listeners listeners;
	uint32_t i, c, n, m, done, cycle;

	cycle = f->position ? f->position->clock.cycle & 1 : 0;
	update_rate(f);

	for (c = 0; c < f->n_channels; c++)
		in[c] = take_input(&f->inputs[c], cycle);
	n = f->last_block = block_size(f, in);
	if (n == 0)
		return SPA_STATUS_NEED_DATA;

	take_outputs(f, &listeners, cycle, n);
	for (done = 0; done < n; done += m) {
		m = SPA_MIN(n - done, (uint32_t)FANOUT_BLOCK_MAX);
		write_history(f, in, done, m);
		for (i = 0; i < listeners.n_outputs; i++)
			play_output(listeners.outputs[i], f, done, m);
	}
	return SPA_STATUS_NEED_DATA | finish_outputs(f, &listeners, n);
}
