/* Test: the fan-out node's buffers, and cycles that are not as usual */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <spa/node/utils.h>

#include "harness.h"
#include "names.h"
#include "player.h"

static void time_passes_without_input(void)
{
	struct spa_io_position position = { .clock = { .duration = QUANTUM, .rate = { 1, 48000 } } };
	uint32_t i, at;
	const float *samples;

	open_outputs(1, 1);
	set_delay(0, QUANTUM * SPA_NSEC_PER_SEC / 48000 + 1);
	check_int(spa_node_set_io(host.node, SPA_IO_Position, &position, sizeof(position)), 0);
	host_use_all(&host);
	play(0, 4096);
	/* not fed, fed with an empty chunk, io gone: silence, and the delay still holds */
	for (i = 0; i < 3; i++) {
		at = 4096 + 2 * i * QUANTUM;
		if (i == 1)
			host_feed(&host, 0, NULL, QUANTUM);
		if (i == 2)
			check_int(spa_node_port_set_io(host.node, IN, 0, SPA_IO_Buffers, NULL, 0), 0);
		check_int(host_process(&host), BOTH);
		samples = host_take(&host, 0, NULL);
		check(memcmp(samples, source[0] + at - QUANTUM, QUANTUM * sizeof(float)) == 0);
		if (i == 2)
			check_int(spa_node_port_set_io(host.node, IN, 0, SPA_IO_Buffers,
					&host.ports[IN][0].io, sizeof(struct spa_io_buffers)), 0);
		cycle(at + QUANTUM, QUANTUM);
		for (uint32_t k = 0; k < QUANTUM; k++)
			check(played[0][at + QUANTUM + k] == 0.0f);
	}
	host_close(&host);
}

static void a_shorter_input_is_filled_up(void)
{
	const float *samples;
	uint32_t i, n;

	open_outputs(2, 1);
	host_use_all(&host);
	play(0, 4096);
	host_feed(&host, 0, source[0], QUANTUM);
	host_feed(&host, 1, source[1], 100);
	host_process(&host);
	samples = host_take(&host, 1, &n);
	check_int(n, QUANTUM);
	check(memcmp(samples, source[1], 100 * sizeof(float)) == 0);
	for (i = 100; i < QUANTUM; i++)
		check(samples[i] == 0.0f);
	host_close(&host);
}

static void chunks_beyond_their_buffer_are_cut(void)
{
	struct spa_chunk *chunk;
	uint32_t n;

	open_outputs(1, 1);
	host_use_port(&host, IN, 0, 1, 100);
	host_use_port(&host, OUT, 0, 1, HOST_SAMPLES_MAX);
	host_feed(&host, 0, source[0], 100);
	chunk = &host.ports[IN][0].chunks[0];
	chunk->size = UINT32_MAX;
	chunk->offset = 42;
	host_process(&host);
	check(host_take(&host, 0, &n) != NULL);
	check_int(n, 90);
	host_feed(&host, 0, source[0], 100);
	chunk->offset = UINT32_MAX;
	host_process(&host);
	check_int(host.ports[IN][0].io.status, SPA_STATUS_NEED_DATA);
	/* and a buffer that there is not */
	host.ports[IN][0].io.buffer_id = 7;
	host.ports[IN][0].io.status = SPA_STATUS_HAVE_DATA;
	host_process(&host);
	check_int(host.ports[IN][0].io.status, SPA_STATUS_NEED_DATA);
	host_close(&host);
}

static void a_small_output_buffer_gets_what_fits(void)
{
	const float *samples;
	uint32_t n;

	open_outputs(1, 1);
	host_use_port(&host, IN, 0, 1, HOST_SAMPLES_MAX);
	host_use_port(&host, OUT, 0, 1, 300);
	host_feed(&host, 0, source[0], 4096);
	check_int(host_process(&host), BOTH);
	host_take(&host, 0, &n);
	check_int(n, 300);
	host_feed(&host, 0, source[0] + 4096, QUANTUM);
	host_process(&host);
	samples = host_take(&host, 0, &n);
	check_int(n, 300);
	check(memcmp(samples, source[0] + 4096, 300 * sizeof(float)) == 0);
	host_close(&host);
}

static void ports_that_nobody_uses_are_passed_over(void)
{
	open_outputs(2, 2);
	check_int(host_process(&host), SPA_STATUS_NEED_DATA);
	host_use_port(&host, IN, 0, 1, QUANTUM);
	host_use_port(&host, IN, 1, 1, QUANTUM);
	host_feed(&host, 0, source[0], QUANTUM);
	check_int(host_process(&host), SPA_STATUS_NEED_DATA);
	/* one port of one output */
	host_use_port(&host, OUT, 3, 1, QUANTUM);
	cycle(0, QUANTUM);
	cycle(QUANTUM, QUANTUM);
	cycle(2 * QUANTUM, QUANTUM);
	check_exact(3, source[1], 0, FADE, 3 * QUANTUM);
	check_int(host.ports[OUT][0].io.status, 0);
	host_close(&host);
}

static void buffers_are_recycled(void)
{
	struct host_port *p = &host.ports[OUT][0];
	uint32_t first, i;

	open_outputs(1, 1);
	host_use_port(&host, IN, 0, 1, QUANTUM);
	host_use_port(&host, OUT, 0, 2, QUANTUM);

	/* the buffer in io comes back in the next cycle */
	for (i = 0; i < 10; i++)
		cycle(0, QUANTUM);
	first = p->io.buffer_id;

	/* kept by the host: the other one, then none */
	p->io = SPA_IO_BUFFERS_INIT;
	cycle(0, QUANTUM);
	check(p->io.buffer_id != first && p->io.buffer_id < 2);
	p->io = SPA_IO_BUFFERS_INIT;
	host_feed(&host, 0, source[0], QUANTUM);
	check_int(host_process(&host), SPA_STATUS_NEED_DATA);
	check_int(p->io.status, -EPIPE);

	/* given back by its id */
	check_int(spa_node_port_reuse_buffer(host.node, 0, first), 0);
	check_int(spa_node_port_reuse_buffer(host.node, 0, 2), -EINVAL);
	check_int(spa_node_port_reuse_buffer(host.node, 1, 0), -EINVAL);
	cycle(0, QUANTUM);
	check_int(p->io.buffer_id, first);
	host_close(&host);
}

static void what_was_not_taken_is_left_alone_and_time_passes(void)
{
	struct host_port *p = &host.ports[OUT][0];
	float *before;

	open_outputs(1, 1);
	host_use_port(&host, IN, 0, 1, QUANTUM);
	host_use_port(&host, OUT, 0, 2, QUANTUM);
	play(0, 4 * QUANTUM);
	host_feed(&host, 0, source[0] + 4 * QUANTUM, QUANTUM);
	check_int(host_process(&host), BOTH);
	before = p->datas[p->io.buffer_id].data;
	host_feed(&host, 0, source[0] + 5 * QUANTUM, QUANTUM);
	check_int(host_process(&host), SPA_STATUS_NEED_DATA);
	check(before == host_take(&host, 0, NULL));
	check(memcmp(before, source[0] + 4 * QUANTUM, QUANTUM * sizeof(float)) == 0);
	cycle(6 * QUANTUM, QUANTUM);
	check_exact(0, source[0], 0, 6 * QUANTUM, 7 * QUANTUM);
	host_close(&host);
}

static void data_may_move_between_cycles(void)
{
	static float here[QUANTUM], there[QUANTUM];
	struct host_port *in = &host.ports[IN][0], *out = &host.ports[OUT][0];
	uint32_t i;

	open_outputs(1, 1);
	host_use_all(&host);
	play(0, 4 * QUANTUM);
	for (i = 0; i < 4; i++) {
		in->datas[0].data = in->memory;
		host_feed(&host, 0, source[0], QUANTUM);
		in->datas[0].data = source[0] + i * 100;
		out->datas[0].data = i & 1 ? here : there;
		host_process(&host);
		check(host_take(&host, 0, NULL) == out->datas[0].data);
		check(memcmp(out->datas[0].data, source[0] + i * 100, sizeof(here)) == 0);
	}
	/* nowhere to read from or write to */
	host_feed(&host, 0, NULL, QUANTUM);
	in->chunks[0].flags = 0;
	in->datas[0].data = out->datas[0].data = NULL;
	check_int(host_process(&host), SPA_STATUS_NEED_DATA);
	check_int(out->io.status, SPA_STATUS_OK);
	out->datas[0].data = here;
	in->datas[0].data = in->memory;
	out->io.status = SPA_STATUS_NEED_DATA;
	cycle(0, QUANTUM);
	host_close(&host);
}

static void asynchronous_links_alternate(void)
{
	struct spa_io_position position = { .clock = { .duration = QUANTUM, .rate = { 1, 48000 } } };
	struct spa_io_async_buffers async = {{ SPA_IO_BUFFERS_INIT, SPA_IO_BUFFERS_INIT }};
	uint32_t i;

	open_outputs(1, 1);
	host_use_port(&host, IN, 0, 1, QUANTUM);
	host_use_port(&host, OUT, 0, 2, QUANTUM);
	check_int(spa_node_set_io(host.node, SPA_IO_Position, &position, sizeof(position)), 0);
	check_int(spa_node_port_set_io(host.node, OUT, 0, SPA_IO_AsyncBuffers, &async, sizeof(async)), 0);
	for (i = 0; i < 6; i++) {
		struct spa_io_buffers *io = &async.buffers[(OUT ^ i) & 1];

		position.clock.cycle = i;
		host_feed(&host, 0, source[0], QUANTUM);
		check_int(host_process(&host), BOTH);
		check_int(io->status, SPA_STATUS_HAVE_DATA);
		io->status = SPA_STATUS_NEED_DATA;
	}
	check(async.buffers[0].buffer_id != async.buffers[1].buffer_id);
	host_close(&host);
}

static atomic_bool scribble_ends;
static atomic_uint n_scribbles;

/* Another process, which the node shares the memory with */
__attribute__((no_sanitize("thread")))
static void *scribble(void *arg)
{
	static const uint32_t ids[] = { 0, SPA_ID_INVALID, 1000000, 1 };
	volatile struct spa_io_buffers *in = &host.ports[IN][0].io, *out = &host.ports[OUT][0].io;
	uint32_t i;

	for (i = 0; !atomic_load_explicit(&scribble_ends, memory_order_relaxed); i++) {
		in->buffer_id = out->buffer_id = ids[i % SPA_N_ELEMENTS(ids)];
		atomic_store_explicit(&n_scribbles, i, memory_order_relaxed);
	}
	return NULL;
}

static void io_that_others_write_to_meanwhile_does_no_harm(void)
{
	pthread_t thread;
	uint32_t i;

	open_outputs(1, 1);
	host_use_all(&host);
	host_feed(&host, 0, source[0], QUANTUM);
	atomic_store(&scribble_ends, false);
	check_int(pthread_create(&thread, NULL, scribble, NULL), 0);
	for (i = 0; i < 20000 || atomic_load(&n_scribbles) < 1000000; i++) {
		host.ports[IN][0].io.status = SPA_STATUS_HAVE_DATA;
		host.ports[OUT][0].io.status = SPA_STATUS_NEED_DATA;
		check(host_process(&host) >= 0);
	}
	atomic_store(&scribble_ends, true);
	check_int(pthread_join(thread, NULL), 0);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	run(time_passes_without_input);
	run(a_shorter_input_is_filled_up);
	run(chunks_beyond_their_buffer_are_cut);
	run(a_small_output_buffer_gets_what_fits);
	run(ports_that_nobody_uses_are_passed_over);
	run(buffers_are_recycled);
	run(what_was_not_taken_is_left_alone_and_time_passes);
	run(data_may_move_between_cycles);
	run(asynchronous_links_alternate);
	run(io_that_others_write_to_meanwhile_does_no_harm);
	return harness_finish();
}
