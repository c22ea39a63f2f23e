/* A data loop that runs cycles back to back */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <spa/utils/type.h>

#include "cycles.h"
#include "harness.h"

static struct {
	struct spa_loop loop;
	void (*cycle)(void *data);
	void *data;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t done;
	atomic_uint n_cycles;

	/* under the lock */
	spa_invoke_func_t func;		/* NULL: nothing to do */
	const void *func_data;
	size_t size;
	void *user_data;
	int res;
	bool stop;
} cycles = { .lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };

static int loop_invoke(void *object, spa_invoke_func_t func, uint32_t seq,
		const void *data, size_t size, bool block, void *user_data)
{
	int res;

	check(block);
	pthread_mutex_lock(&cycles.lock);
	cycles.func = func;
	cycles.func_data = data;
	cycles.size = size;
	cycles.user_data = user_data;
	while (cycles.func != NULL)
		pthread_cond_wait(&cycles.done, &cycles.lock);
	res = cycles.res;
	pthread_mutex_unlock(&cycles.lock);
	return res;
}

static const struct spa_loop_methods loop_methods = {
	SPA_VERSION_LOOP_METHODS,
	.invoke = loop_invoke,
};

static void *loop_run(void *data)
{
	bool stop = false;

	while (!stop) {
		pthread_mutex_lock(&cycles.lock);
		if (cycles.func != NULL) {
			cycles.res = cycles.func(&cycles.loop, false, 0, cycles.func_data,
					cycles.size, cycles.user_data);
			cycles.func = NULL;
			pthread_cond_signal(&cycles.done);
		}
		stop = cycles.stop;
		pthread_mutex_unlock(&cycles.lock);
		cycles.cycle(cycles.data);
		atomic_fetch_add(&cycles.n_cycles, 1);
		sched_yield();
	}
	return NULL;
}

struct spa_loop *cycles_start(void (*cycle)(void *data), void *data)
{
	cycles.loop.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Loop, SPA_VERSION_LOOP,
			&loop_methods, NULL);
	cycles.cycle = cycle;
	cycles.data = data;
	cycles.stop = false;
	check_int(pthread_create(&cycles.thread, NULL, loop_run, NULL), 0);
	return &cycles.loop;
}

void cycles_stop(void)
{
	pthread_mutex_lock(&cycles.lock);
	cycles.stop = true;
	pthread_mutex_unlock(&cycles.lock);
	pthread_join(cycles.thread, NULL);
}

void cycles_wait(uint32_t n)
{
	uint32_t until = cycles_count() + n;

	while ((int32_t)(cycles_count() - until) < 0)
		sched_yield();
}

uint32_t cycles_count(void)
{
	return atomic_load(&cycles.n_cycles);
}
