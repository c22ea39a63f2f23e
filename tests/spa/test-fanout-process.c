/* Test: what the fan-out node plays */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <spa/node/utils.h>

#include "harness.h"
#include "names.h"
#include "player.h"

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
	check(worst <= own + 1.5f / FADE);
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
	for (i = 0; i < FADE; i++) {
		double u = (i + 1.0) / FADE;

		check(fabs(played[0][5120 + i] - u * u * (3 - 2 * u)) < 1e-6);
	}
	check(played[0][5120 + FADE] == 1.0f);
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
	/* one so small that it would make denormals is silence, too */
	check_int(host_set_double(&host, "output.0.gain", 1e-40), 0);
	play(9216, 9216 + 4096);
	for (i = 9216 + 2 * FADE; i < 9216 + 4096; i++)
		check(played[0][i] == 0.0f);
	check_int(host.ports[OUT][0].chunks[0].flags, SPA_CHUNK_FLAG_EMPTY);
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
	struct spa_io_position position = { .clock = { .duration = 8192, .rate = { 1, 384000 } } };
	uint32_t i, n = 0;
	const float *samples;

	check_int(host_open(&host, "audio.channels", "1", BLUEZ_COMBINE_FANOUT_OUTPUTS, "1", NULL), 0);
	set_delay(0, 4000 * SPA_NSEC_PER_MSEC);
	check_int(spa_node_set_io(host.node, SPA_IO_Position, &position, sizeof(position)), 0);
	host_use_all(&host);
	/* an impulse comes out 1536000 samples later */
	for (i = 0; n == 0 && i < 300; i++) {
		float block[8192] = { i == 1 ? 1.0f : 0.0f };
		uint32_t k;

		host_feed(&host, 0, block, 8192);
		host_process(&host);
		samples = host_take(&host, 0, NULL);
		for (k = 0; k < 8192; k++)
			if (samples[k] != 0.0f)
				n = i * 8192 + k - 8192;
	}
	check_int(n, 1536000);
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

/* Tools that keep books of all memory have pages of their own, for each of ours */
static bool is_watched(void)
{
	const char *preload = getenv("LD_PRELOAD");

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#endif
	return preload && strstr(preload, "vgpreload");
}

static long page_faults(void)
{
	struct rusage usage;

	check_int(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_minflt + usage.ru_majflt;
}

/* The system gives memory when it is first written to, and takes its time: not in process() */
static void no_cycle_waits_for_memory(void)
{
	const uint32_t warm = 4, cycles = 1000;	/* code has to be loaded, too */
	long faults = 0, before;
	uint32_t i, o, n;

	open_outputs(2, 3);
	for (o = 0; o < 3; o++)
		set_delay(o, o * 900 * SPA_NSEC_PER_MSEC);
	host_use_all(&host);
	for (i = 0; i < warm + cycles; i++) {
		host_feed(&host, 0, source[0], QUANTUM);
		host_feed(&host, 1, source[1], QUANTUM);
		before = page_faults();
		check_int(host_process(&host), BOTH);
		if (i >= warm)
			faults += page_faults() - before;
		for (o = 0; o < 6; o++)
			host_take(&host, o, &n);
	}
	note("%ld page faults in %u cycles%s", faults, cycles, is_watched() ? ", not judged" : "");
	if (!is_watched())
		check(faults == 0);
	host_close(&host);
}

int main(int argc, char *argv[])
{
	host_load(argc > 1 ? argv[1] : "");
	/* First: later there is memory that a former node has written to */
	run(no_cycle_waits_for_memory);
	run(one_to_eight_channels_are_played_bit_for_bit);
	run(sixty_four_outputs_have_a_delay_each);
	run(blocks_of_any_size_give_the_same_samples);
	run(a_block_larger_than_any_quantum_is_played_whole);
	run(others_hear_nothing_of_an_output_that_comes_or_goes);
	run(a_joiner_fades_in_and_does_not_click);
	run(an_output_that_is_linked_again_fades_in_at_its_new_place);
	run(gain_and_role_are_heard);
	run(the_clock_turns_nanoseconds_into_samples);
	run(the_longest_delay_fits_at_any_rate);
	run(start_and_flush_forget_the_past);
	return harness_finish();
}
