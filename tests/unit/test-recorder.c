/* Nothing that a microphone hears is lost between the loops */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "hearing/recorder.h"
#include "harness.h"

/* As the data loop does */
static void put(struct recorder *r, uint32_t n)
{
	uint32_t index, i;

	spa_ringbuffer_get_write_index(&r->samples_ring, &index);
	for (i = 0; i < n; i++)
		r->ring[(index + i) % RECORDER_RING] = index + i;
	spa_ringbuffer_write_update(&r->samples_ring, index + n);
}

static void begin(struct recorder *r)
{
	*r = (struct recorder) { .ring = calloc(RECORDER_RING, sizeof(float)) };
	spa_ringbuffer_init(&r->samples_ring);
}

static void what_comes_while_it_is_passed_on_is_taken_next(void)
{
	struct recorder r;

	begin(&r);
	put(&r, 100);
	check(recorder_take(&r) == 0 && r.n == 100 && r.first == 0);
	put(&r, 50);
	recorder_drop(&r);
	check(r.n == 0 && r.first == 100);
	check(recorder_take(&r) == 0 && r.n == 50 && r.samples[0] == 100.0f && r.samples[49] == 149.0f);
	recorder_finish(&r);
}

static void what_is_forgotten_is_all_that_has_come(void)
{
	struct recorder r;

	begin(&r);
	put(&r, 100);
	check(recorder_take(&r) == 0);
	put(&r, 50);
	recorder_forget(&r);
	check(r.n == 0 && r.first == 150);
	check(recorder_take(&r) == 0 && r.n == 0);
	recorder_finish(&r);
}

int main(void)
{
	run(what_comes_while_it_is_passed_on_is_taken_next);
	run(what_is_forgotten_is_all_that_has_come);
	return harness_finish();
}
