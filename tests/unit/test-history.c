/* Test: history ring */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "harness.h"
#include "dsp/history.h"

static void write_ramp(struct history *h, uint32_t from, uint32_t n)
{
	float buf[512];
	uint32_t i, c;

	for (c = 0; c < h->n_channels; c++) {
		for (i = 0; i < n; i++)
			buf[i] = (float)(from + i) + 10000.0f * c;
		history_write(h, c, buf, n, n);
	}
	history_advance(h, n);
}

static void a_ring_is_a_power_of_two(void)
{
	struct history h;

	check_int(history_init(&h, 2, 1000), 0);
	check_int(history_size(&h), 1024);
	history_finish(&h);
	check_int(history_init(&h, 2, 1024), 0);
	check_int(history_size(&h), 1024);
	history_finish(&h);
}

static void nothing_or_too_much_is_refused(void)
{
	struct history h;

	check_int(history_init(&h, 0, 1000), -EINVAL);
	check_int(history_init(&h, 2, 0), -EINVAL);
	check_int(history_init(&h, 2, UINT32_MAX), -EINVAL);
	history_finish(&h);
}

static void what_was_written_is_read_at_its_age(void)
{
	struct history h;
	float buf[64];
	uint32_t i, c;

	check_int(history_init(&h, 3, 256), 0);
	for (i = 0; i < 1000; i += 50)
		write_ramp(&h, i, 50);
	for (c = 0; c < 3; c++) {
		history_read(&h, c, 256, buf, 64);
		for (i = 0; i < 64; i++)
			check(buf[i] == 1000 - 256 + i + 10000.0f * c);
		history_read(&h, c, 64, buf, 64);
		for (i = 0; i < 64; i++)
			check(buf[i] == 1000 - 64 + i + 10000.0f * c);
	}
	history_finish(&h);
}

static void blocks_of_any_size_give_the_same_past(void)
{
	struct history a, b;
	float x[256], y[256];
	uint32_t at, n, seed = 1;

	check_int(history_init(&a, 1, 256), 0);
	check_int(history_init(&b, 1, 256), 0);
	for (at = 0; at < 2000; at += 200)
		write_ramp(&a, at, 200);
	for (at = 0; at < 2000; at += n) {
		n = 1 + (uint32_t)((harness_noise(&seed) + 1.0f) * 100);
		n = n < 2000 - at ? n : 2000 - at;
		write_ramp(&b, at, n);
	}
	history_read(&a, 0, 256, x, 256);
	history_read(&b, 0, 256, y, 256);
	check(memcmp(x, y, sizeof(x)) == 0);
	history_finish(&a);
	history_finish(&b);
}

static void before_the_first_sample_is_silence(void)
{
	struct history h;
	float buf[32];
	uint32_t i;

	check_int(history_init(&h, 1, 64), 0);
	write_ramp(&h, 1, 10);
	history_read(&h, 0, 20, buf, 20);
	for (i = 0; i < 10; i++)
		check(buf[i] == 0.0f);
	for (i = 0; i < 10; i++)
		check(buf[10 + i] == i + 1);
	history_read(&h, 0, 1000000, buf, 32);
	for (i = 0; i < 32; i++)
		check(buf[i] == 0.0f);
	history_finish(&h);
}

static void a_missing_or_short_input_is_filled_up_with_silence(void)
{
	struct history h;
	float one[40], buf[64];
	uint32_t i;

	for (i = 0; i < 40; i++)
		one[i] = 1.0f;
	check_int(history_init(&h, 1, 64), 0);
	/* starts at 50, so that both the samples and the silence wrap */
	history_write(&h, 0, NULL, 0, 50);
	history_advance(&h, 50);
	history_write(&h, 0, one, 20, 40);
	history_advance(&h, 40);
	history_read(&h, 0, 40, buf, 40);
	for (i = 0; i < 40; i++)
		check(buf[i] == (i < 20 ? 1.0f : 0.0f));
	history_write(&h, 0, one, 40, 40);
	history_advance(&h, 40);
	history_write(&h, 0, NULL, 40, 64);
	history_advance(&h, 64);
	history_read(&h, 0, 64, buf, 64);
	for (i = 0; i < 64; i++)
		check(buf[i] == 0.0f);
	history_finish(&h);
}

static void a_reset_forgets_everything_and_may_change_the_length(void)
{
	struct history h;
	float buf[64];
	uint32_t i;

	check_int(history_init(&h, 1, 1024), 0);
	write_ramp(&h, 1, 500);
	history_reset(&h, 100);
	check_int(history_size(&h), 128);
	history_read(&h, 0, 64, buf, 64);
	for (i = 0; i < 64; i++)
		check(buf[i] == 0.0f);
	history_reset(&h, 100000);
	check_int(history_size(&h), 1024);
	history_finish(&h);
}

static void the_count_of_samples_may_wrap(void)
{
	struct history h;
	float buf[100];
	uint32_t i;

	check_int(history_init(&h, 1, 256), 0);
	h.write = UINT32_MAX - 49;
	write_ramp(&h, 0, 100);
	history_read(&h, 0, 100, buf, 100);
	for (i = 0; i < 100; i++)
		check(buf[i] == i);
	history_finish(&h);
}

int main(void)
{
	run(a_ring_is_a_power_of_two);
	run(nothing_or_too_much_is_refused);
	run(what_was_written_is_read_at_its_age);
	run(blocks_of_any_size_give_the_same_past);
	run(before_the_first_sample_is_silence);
	run(a_missing_or_short_input_is_filled_up_with_silence);
	run(a_reset_forgets_everything_and_may_change_the_length);
	run(the_count_of_samples_may_wrap);
	return harness_finish();
}
