/* When the machine stood still */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "stage/watchdog.h"

#define PERIOD_NS	1000000
#define PRIORITY	98	/* above all audio threads: they must not look like the machine */
#define MAX_STALLS	65536	/* noted; more are counted with the last */

struct dog {
	struct watchdog *watchdog;
	pthread_t thread;
	bool started, realtime;
	int cpu;
	int64_t used_ns[WATCHDOG_PIDS_MAX];	/**< processor time when it last looked, -1: not known */
};

struct watchdog {
	atomic_bool stop;
	atomic_int pids[WATCHDOG_PIDS_MAX];	/**< 0: none */
	pthread_mutex_t lock;
	struct stall *stalls;	/**< in the order in which they ended */
	int n_stalls;
	int n_dogs;
	struct dog *dogs;
};

int64_t watchdog_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The kernel's name for the processor time of a process: as clock_getcpuclockid(), which looks it up */
static clockid_t process_clock(pid_t pid)
{
	return (clockid_t)(~(unsigned)pid << 3 | 2);
}

/* By all that are looked after, since this dog last asked */
static int64_t take_used(struct dog *dog)
{
	int64_t sum = 0;

	for (int i = 0; i < WATCHDOG_PIDS_MAX; i++) {
		pid_t pid = atomic_load_explicit(&dog->watchdog->pids[i], memory_order_relaxed);
		int64_t used = -1;
		struct timespec t;

		if (pid != 0 && clock_gettime(process_clock(pid), &t) == 0)
			used = t.tv_sec * 1000000000LL + t.tv_nsec;
		if (used > dog->used_ns[i] && dog->used_ns[i] >= 0)
			sum += used - dog->used_ns[i];
		dog->used_ns[i] = used;
	}
	return sum;
}

static void note(struct watchdog *w, const struct dog *dog, int64_t t_ns, int64_t late_ns,
		 int64_t used_ns)
{
	struct stall stall = { t_ns, late_ns, used_ns, dog->cpu };

	pthread_mutex_lock(&w->lock);
	if (w->n_stalls < MAX_STALLS)
		w->stalls[w->n_stalls++] = stall;
	else if (late_ns > w->stalls[MAX_STALLS - 1].late_ns)
		w->stalls[MAX_STALLS - 1] = stall;
	pthread_mutex_unlock(&w->lock);
}

static void *run(void *data)
{
	struct dog *dog = data;
	int64_t next = watchdog_now();

	while (!atomic_load_explicit(&dog->watchdog->stop, memory_order_relaxed)) {
		struct timespec t;
		int64_t now, used;

		next += PERIOD_NS;
		t.tv_sec = next / 1000000000;
		t.tv_nsec = next % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		now = watchdog_now();
		used = take_used(dog);
		if (now - next > STALL_MIN_NS) {
			note(dog->watchdog, dog, next, now - next, used);
			next = now;
		}
	}
	return NULL;
}

static int dog_start(struct watchdog *w, struct dog *dog, int cpu)
{
	pthread_attr_t attr;
	struct sched_param param = { .sched_priority = PRIORITY };
	cpu_set_t set;
	int res;

	*dog = (struct dog) { .watchdog = w, .cpu = cpu };
	for (int i = 0; i < WATCHDOG_PIDS_MAX; i++)
		dog->used_ns[i] = -1;
	pthread_attr_init(&attr);
	if (cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
		pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
		pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
		pthread_attr_setschedparam(&attr, &param);
	}
	res = pthread_create(&dog->thread, &attr, run, dog);
	dog->realtime = cpu >= 0 && res == 0;
	if (res == EPERM && cpu >= 0) {
		/* without the right to it we still see as much as a normal thread can */
		pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
		param.sched_priority = 0;
		pthread_attr_setschedparam(&attr, &param);
		res = pthread_create(&dog->thread, &attr, run, dog);
	}
	dog->started = res == 0;
	pthread_attr_destroy(&attr);
	return -res;
}

struct watchdog *watchdog_new(void)
{
	struct watchdog *w = calloc(1, sizeof(*w));
	cpu_set_t allowed;
	int res = 0;

	if (w == NULL)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	w->stalls = calloc(MAX_STALLS, sizeof(struct stall));
	w->dogs = calloc(CPU_SETSIZE + 1, sizeof(struct dog));
	if (w->stalls == NULL || w->dogs == NULL) {
		res = -ENOMEM;
		goto error;
	}
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
		res = -errno;
		goto error;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE && res == 0; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			res = dog_start(w, &w->dogs[w->n_dogs++], cpu);
	if (res == 0)
		res = dog_start(w, &w->dogs[w->n_dogs++], -1);
	if (res == 0)
		return w;
error:
	watchdog_destroy(w);
	errno = -res;
	return NULL;
}

void watchdog_destroy(struct watchdog *w)
{
	if (w == NULL)
		return;
	atomic_store(&w->stop, true);
	for (int i = 0; i < w->n_dogs; i++)
		if (w->dogs[i].started)
			pthread_join(w->dogs[i].thread, NULL);
	pthread_mutex_destroy(&w->lock);
	free(w->dogs);
	free(w->stalls);
	free(w);
}

void watchdog_look_after(struct watchdog *w, const pid_t *pids, int n)
{
	for (int i = 0; i < WATCHDOG_PIDS_MAX; i++)
		atomic_store(&w->pids[i], i < n ? pids[i] : 0);
}

bool watchdog_realtime(const struct watchdog *w)
{
	for (int i = 0; i < w->n_dogs; i++)
		if (w->dogs[i].cpu >= 0 && !w->dogs[i].realtime)
			return false;
	return true;
}

static bool overlaps(const struct stall *s, int64_t from_ns, int64_t to_ns)
{
	return s->t_ns < to_ns && s->t_ns + s->late_ns > from_ns;
}

struct stalls watchdog_stalls(struct watchdog *w, int64_t from_ns, int64_t to_ns)
{
	struct stalls sum = { 0 };

	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < w->n_stalls; i++) {
		const struct stall *s = &w->stalls[i];

		if (!overlaps(s, from_ns, to_ns))
			continue;
		if (s->cpu < 0) {
			sum.starved++;
			if (s->late_ns > sum.worst_starved_ns)
				sum.worst_starved_ns = s->late_ns;
			if (s->used_ns <= STALL_OWN * s->late_ns &&
			    s->late_ns > sum.worst_starved_by_others_ns)
				sum.worst_starved_by_others_ns = s->late_ns;
			continue;
		}
		sum.count++;
		sum.lost_ns += s->late_ns;
		if (s->used_ns > STALL_OWN * s->late_ns) {
			sum.own++;
			sum.lost_own_ns += s->late_ns;
			if (s->late_ns > sum.worst_own_ns)
				sum.worst_own_ns = s->late_ns;
		}
		if (s->late_ns > sum.worst_ns) {
			sum.worst_ns = s->late_ns;
			sum.worst_t_ns = s->t_ns;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return sum;
}

bool watchdog_stall(struct watchdog *w, int64_t from_ns, int64_t to_ns, int n,
		    struct stall *stall)
{
	bool found = false;

	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < w->n_stalls && !found; i++) {
		if (w->stalls[i].cpu < 0 || !overlaps(&w->stalls[i], from_ns, to_ns) || n-- > 0)
			continue;
		*stall = w->stalls[i];
		found = true;
	}
	pthread_mutex_unlock(&w->lock);
	return found;
}
