/* Test: what the fan-out node plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/node/utils.h>
#include <spa/utils/string.h>

#include "harness.h"
#include "host.h"
#include "names.h"

#define OUT	SPA_DIRECTION_OUTPUT
#define IN	SPA_DIRECTION_INPUT

#define QUANTUM	1024
#define FADE	1440		/* 30 ms at 48 kHz */
#define LENGTH	48000
#define BOTH	(SPA_STATUS_HAVE_DATA | SPA_STATUS_NEED_DATA)

static struct host host;
static float source[8][LENGTH], played[64 * 8][LENGTH];

static void make_noise(void)
{
	uint32_t c, i, seed = 11;

	for (c = 0; c < 8; c++)
		for (i = 0; i < LENGTH; i++)
			source[c][i] = harness_noise(&seed);
}

/* One cycle of n samples from source[][at], recorded in played[][at] */
static void cycle(uint32_t at, uint32_t n)
{
	uint32_t c, i, got;
	const float *samples;

	for (c = 0; c < host.n_channels; c++)
		host_feed(&host, c, source[c] + at, n);
	host_process(&host);
	for (c = 0; c < host.n_channels; c++)
		check_int(host.ports[IN][c].io.status, SPA_STATUS_NEED_DATA);
	for (i = 0; i < HOST_PORTS_MAX; i++) {
		if (!host.ports[OUT][i].present || host.ports[OUT][i].memory == NULL)
			continue;
		samples = host_take(&host, i, &got);
		check(samples != NULL);
		check_int(got, n);
		memcpy(played[i] + at, samples, n * sizeof(float));
	}
}

static void play(uint32_t from, uint32_t to)
{
	uint32_t n;

	for (; from < to; from += n) {
		n = SPA_MIN((uint32_t)QUANTUM, to - from);
		cycle(from, n);
	}
}

/* From the first sample that was asked for on, to the last */
static void check_exact(uint32_t port, const float *src, uint32_t delay, uint32_t from, uint32_t to)
{
	check(memcmp(played[port] + from, src + from - delay, (to - from) * sizeof(float)) == 0);
}

static void set_delay(uint32_t output, int64_t ns)
{
	char key[64];

	snprintf(key, sizeof(key), BLUEZ_COMBINE_OUTPUT_PREFIX "%u." BLUEZ_COMBINE_OUTPUT_DELAY, output);
	check_int(host_set_long(&host, key, ns), 0);
}

static void open_outputs(uint32_t channels, uint32_t outputs)
{
	char c[8], o[8];

	snprintf(c, sizeof(c), "%u", channels);
	snprintf(o, sizeof(o), "%u", outputs);
	make_noise();
	check_int(host_open(&host, "audio.channels", c, BLUEZ_COMBINE_FANOUT_OUTPUTS, o, NULL), 0);
}

static void one_to_eight_channels_are_played_bit_for_bit(void)
{
	uint32_t n, o, c;

	for (n = 1; n <= 8; n++) {
		open_outputs(n, 3);
		for (o = 0; o < 3; o++)
			set_delay(o, o * 50 * SPA_NSEC_PER_MSEC);
		host_use_all(&host);
		play(0, 12000);
		for (o = 0; o < 3; o++)
			for (c = 0; c < n; c++)
				check_exact(o * n + c, source[c], o * 2400, o * 2400 + FADE, 12000);
		host_close(&host);
	}
}

static void sixty_four_outputs_have_a_delay_each(void)
{
	uint32_t o, c;

	open_outputs(2, 64);
	for (o = 0; o < 64; o++)
		set_delay(o, o * SPA_NSEC_PER_MSEC);
	host_use_all(&host);
	play(0, 10000);
	for (o = 0; o < 64; o++)
		for (c = 0; c < 2; c++)
			check_exact(o * 2 + c, source[c], o * 48, o * 48 + FADE, 10000);
	host_close(&host);
}

static void blocks_of_any_size_give_the_same_samples(void)
{
	static float first[8][LENGTH];
	uint32_t round, at, n, seed = 21;

	for (round = 0; round < 2; round++) {
		open_outputs(2, 2);
		set_delay(0, 10 * SPA_NSEC_PER_MSEC);
		host_use_all(&host);
		for (at = 0; at < LENGTH; at += n) {
			if (at == 16384) {
				set_delay(0, 200 * SPA_NSEC_PER_MSEC);
				host_set_double(&host, "output.1.gain", 0.3);
				host_set_string(&host, "output.1.role", "mono");
			}
			n = round == 0 ? QUANTUM : 1 + (uint32_t)((harness_noise(&seed) + 1) * 3000);
			n = SPA_MIN(n, (at < 16384 ? 16384u : LENGTH) - at);
			cycle(at, n);
		}
		if (round == 0)
			memcpy(first, played, sizeof(first));
		host_close(&host);
	}
	for (n = 0; n < 4; n++)
		check(memcmp(first[n], played[n], sizeof(first[n])) == 0);
}

static void a_block_larger_than_any_quantum_is_played_whole(void)
{
	open_outputs(1, 1);
	host_use_port(&host, IN, 0, 1, HOST_SAMPLES_MAX);
	host_use_port(&host, OUT, 0, 1, HOST_SAMPLES_MAX);
	cycle(0, HOST_SAMPLES_MAX);
	cycle(HOST_SAMPLES_MAX, HOST_SAMPLES_MAX);
	check_exact(0, source[0], 0, FADE, 2 * HOST_SAMPLES_MAX);
	host_close(&host);
}

static void others_hear_nothing_of_an_output_that_comes_or_goes(void)
{
	open_outputs(2, 1);
	set_delay(0, 100 * SPA_NSEC_PER_MSEC);
	host_use_all(&host);
	play(0, 10240);
	check_int(host_set_int(&host, BLUEZ_COMBINE_FANOUT_OUTPUTS, 4), 0);
	set_delay(3, 100 * SPA_NSEC_PER_MSEC);
	host_use_all(&host);
	play(10240, 20480);
	check_int(spa_node_remove_port(host.node, OUT, 4), 0);
	play(20480, 30720);
	check_exact(0, source[0], 4800, 4800 + FADE, 30720);
	check_exact(1, source[1], 4800, 4800 + FADE, 30720);
	/* the joiner plays the same past, also of the time before it came */
	check_exact(6, source[0], 4800, 10240 + FADE, 30720);
	host_close(&host);
}

static void a_joiner_fades_in_and_does_not_click(void)
{
	float own = 0.0f, worst = 0.0f;
	uint32_t i;

	open_outputs(1, 1);
	for (i = 0; i < LENGTH; i++)
		source[0][i] = sinf((float)(2 * M_PI * 440.0 * i / 48000));
	host_use_port(&host, IN, 0, 1, HOST_SAMPLES_MAX);
	play(0, 10240);
	host_use_all(&host);
	play(10240, 20480);
	check(fabsf(played[0][10240]) < 1.0f / FADE);
	for (i = 10241; i < 20480; i++)
		worst = fmaxf(worst, fabsf(played[0][i] - played[0][i - 1]));
	for (i = 1; i < LENGTH; i++)
		own = fmaxf(own, fabsf(source[0][i] - source[0][i - 1]));
	note("steepest step %.5f, the signal's own %.5f", worst, own);
	check(worst <= own + 1.0f / FADE);
	host_close(&host);
}

static void an_output_that_is_linked_again_fades_in_at_its_new_place(void)
{
	struct host_port *p = &host.ports[OUT][0];
	uint32_t i;

	open_outputs(1, 1);
	for (i = 0; i < LENGTH; i++)
		source[0][i] = 1.0f;
	host_use_all(&host);
	play(0, 4096);
	check(played[0][4095] == 1.0f);
	check_int(spa_node_port_set_io(host.node, OUT, 0, SPA_IO_Buffers, NULL, 0), 0);
	host_feed(&host, 0, source[0], QUANTUM);
	check_int(host_process(&host), SPA_STATUS_NEED_DATA);
	set_delay(0, 10 * SPA_NSEC_PER_MSEC);
	check_int(spa_node_port_set_io(host.node, OUT, 0, SPA_IO_Buffers, &p->io, sizeof(p->io)), 0);
	play(5120, 9216);
	for (i = 0; i < FADE; i++)
		check(fabsf(played[0][5120 + i] - (float)(i + 1) / FADE) < 1e-6f);
	check(played[0][5120 + FADE] == 1.0f);
	host_close(&host);
}

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

static void gain_and_role_are_heard(void)
{
	uint32_t i;

	open_outputs(2, 1);
	check_int(host_set_double(&host, "output.0.gain", 0.25), 0);
	check_int(host_set_string(&host, "output.0.role", "right"), 0);
	host_use_all(&host);
	play(0, 4096);
	for (i = FADE; i < 4096; i++) {
		check(played[0][i] == source[1][i] * 0.25f);
		check(played[1][i] == source[1][i] * 0.25f);
	}
	check_int(host_set_double(&host, "output.0.gain", 0.0), 0);
	play(4096, 8192);
	for (i = 4096 + FADE; i < 8192; i++)
		check(played[0][i] == 0.0f);
	check_int(host.ports[OUT][0].chunks[0].flags, SPA_CHUNK_FLAG_EMPTY);
	check_int(host_set_double(&host, "output.0.gain", 1.0), 0);
	play(8192, 9216);
	check_int(host.ports[OUT][0].chunks[0].flags, 0);
	host_close(&host);
}

static void the_clock_turns_nanoseconds_into_samples(void)
{
	struct spa_io_position position = { .clock = { .duration = QUANTUM, .rate = { 1, 44100 } } };
	uint32_t at = 0, i;
	static const struct { uint32_t rate, delay; } rates[] = {
		{ 44100, 441 }, { 96000, 960 }, { 192000, 1920 }, { 8000, 80 }, { 48000, 480 },
	};

	open_outputs(1, 1);
	set_delay(0, 10 * SPA_NSEC_PER_MSEC);
	check_int(spa_node_set_io(host.node, SPA_IO_Position, &position, sizeof(position)), 0);
	host_use_all(&host);
	for (i = 0; i < SPA_N_ELEMENTS(rates); i++) {
		position.clock.rate.denom = rates[i].rate;
		play(at, at + 9000);
		check_exact(0, source[0], rates[i].delay, at + 8000, at + 9000);
		/* the past at the old rate is gone */
		check(played[0][at] == 0.0f);
		at += 9000;
	}
	/* a clock without a rate changes nothing */
	position.clock.rate = (struct spa_fraction) { 0, 0 };
	at = LENGTH - 2000;
	cycle(at - 1000, 1000);
	cycle(at, 1000);
	check_exact(0, source[0], 480, at, at + 1000);
	host_close(&host);
}

static void the_longest_delay_fits_at_any_rate(void)
{
	struct spa_io_position position = { .clock = { .duration = 8192, .rate = { 1, 192000 } } };
	uint32_t i, n = 0;
	const float *samples;

	check_int(host_open(&host, "audio.channels", "1", BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	set_delay(0, 4000 * SPA_NSEC_PER_MSEC);
	check_int(spa_node_set_io(host.node, SPA_IO_Position, &position, sizeof(position)), 0);
	host_use_all(&host);
	/* an impulse comes out 768000 samples later */
	for (i = 0; n == 0 && i < 200; i++) {
		float block[8192] = { i == 1 ? 1.0f : 0.0f };
		uint32_t k;

		host_feed(&host, 0, block, 8192);
		host_process(&host);
		samples = host_take(&host, 0, NULL);
		for (k = 0; k < 8192; k++)
			if (samples[k] != 0.0f)
				n = i * 8192 + k - 8192;
	}
	check_int(n, 768000);
	host_close(&host);
}

static void start_and_flush_forget_the_past(void)
{
	uint32_t i;

	open_outputs(1, 1);
	set_delay(0, 50 * SPA_NSEC_PER_MSEC);
	host_use_all(&host);
	check_int(spa_node_send_command(host.node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Start)), 0);
	play(0, 8192);
	check_exact(0, source[0], 2400, 2400 + FADE, 8192);
	/* already started: plays on */
	check_int(spa_node_send_command(host.node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Start)), 0);
	play(8192, 9216);
	check_exact(0, source[0], 2400, 2400 + FADE, 9216);

	check_int(spa_node_send_command(host.node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Pause)), 0);
	check_int(spa_node_send_command(host.node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Start)), 0);
	play(9216, 13312);
	for (i = 9216; i < 9216 + 2400; i++)
		check(played[0][i] == 0.0f);
	check_int(spa_node_send_command(host.node, &SPA_NODE_COMMAND_INIT(SPA_NODE_COMMAND_Flush)), 0);
	play(13312, 15360);
	for (i = 13312; i < 15360; i++)
		check(played[0][i] == 0.0f);
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

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	run(one_to_eight_channels_are_played_bit_for_bit);
	run(sixty_four_outputs_have_a_delay_each);
	run(blocks_of_any_size_give_the_same_samples);
	run(a_block_larger_than_any_quantum_is_played_whole);
	run(others_hear_nothing_of_an_output_that_comes_or_goes);
	run(a_joiner_fades_in_and_does_not_click);
	run(an_output_that_is_linked_again_fades_in_at_its_new_place);
	run(time_passes_without_input);
	run(a_shorter_input_is_filled_up);
	run(chunks_beyond_their_buffer_are_cut);
	run(a_small_output_buffer_gets_what_fits);
	run(ports_that_nobody_uses_are_passed_over);
	run(buffers_are_recycled);
	run(what_was_not_taken_is_left_alone_and_time_passes);
	run(data_may_move_between_cycles);
	run(gain_and_role_are_heard);
	run(the_clock_turns_nanoseconds_into_samples);
	run(the_longest_delay_fits_at_any_rate);
	run(start_and_flush_forget_the_past);
	run(asynchronous_links_alternate);
	return harness_finish();
}
