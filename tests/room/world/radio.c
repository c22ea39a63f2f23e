/* The thread that serves all links */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "world/radio.h"

#define MAX		64		/* links, and senders */
#define PRIORITY	30		/* above normal, below PipeWire's data loops at 88 */
#define ADVANCE_NS	250000000LL	/* between two looks at what is written out */
#define SETTLED_NS	1000000000LL	/* nothing older than this is still on its way */

struct radio {
	struct room_clock *clock;
	struct recorder *recorder;
	pthread_t thread;
	pthread_mutex_t lock;
	int wake_fd;
	bool quit;		/* under the lock, as all that follows */
	struct link *links[MAX];
	struct sender *senders[MAX];
	unsigned n_links, n_senders;
	int64_t advance_ns;
	int64_t alarm_ns;
	void (*alarm)(void *data);
	void *alarm_data;
	int64_t (*listen)(void *data, int64_t now_ns);
	void *listen_data;
};

static unsigned collect(struct radio *radio, struct pollfd *fds)
{
	unsigned n = 0, i;

	fds[n++] = (struct pollfd) { .fd = radio->wake_fd, .events = POLLIN };
	for (i = 0; i < radio->n_links; i++)
		if (link_fd(radio->links[i]) >= 0)
			fds[n++] = (struct pollfd) { .fd = link_fd(radio->links[i]), .events = POLLIN };
	return n;
}

static int64_t process(struct radio *radio)
{
	int64_t now = room_clock_now_ns(radio->clock), next, t;
	unsigned i;

	if (now >= radio->advance_ns) {
		recorder_advance(radio->recorder, now - SETTLED_NS);
		radio->advance_ns = now + ADVANCE_NS;
	}
	next = radio->advance_ns;
	if (now >= radio->alarm_ns) {
		radio->alarm_ns = ROOM_CLOCK_NEVER;
		radio->alarm(radio->alarm_data);
	}
	if (radio->alarm_ns < next)
		next = radio->alarm_ns;
	for (i = 0; i < radio->n_senders; i++)
		if ((t = sender_process(radio->senders[i], now)) < next)
			next = t;
	for (i = 0; i < radio->n_links; i++)
		if ((t = link_process(radio->links[i], now)) < next)
			next = t;
	/* after what sounds until now is known */
	if (radio->listen != NULL && (t = radio->listen(radio->listen_data, now)) < next)
		next = t;
	return next;
}

static void *run(void *data)
{
	struct radio *radio = data;
	struct pollfd fds[MAX + 1];
	struct sched_param param = { .sched_priority = PRIORITY };
	int res;

	if ((res = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param)) != 0)
		fprintf(stderr, "roomd: the radio has no real-time priority: %s\n", strerror(res));
	for (;;) {
		unsigned n_fds;
		int64_t next;
		eventfd_t woken;

		pthread_mutex_lock(&radio->lock);
		if (radio->quit)
			break;
		next = process(radio);
		n_fds = collect(radio, fds);
		pthread_mutex_unlock(&radio->lock);
		if ((res = room_clock_wait(radio->clock, fds, n_fds, next)) < 0)
			fprintf(stderr, "roomd: the radio cannot wait: %s\n", strerror(-res));
		if (fds[0].revents & POLLIN)
			eventfd_read(radio->wake_fd, &woken);
	}
	pthread_mutex_unlock(&radio->lock);
	return NULL;
}

struct radio *radio_new(struct room_clock *clock, struct recorder *recorder)
{
	pthread_mutexattr_t attr;
	struct radio *radio;
	int res;

	radio = calloc(1, sizeof(*radio));
	if (radio == NULL)
		return NULL;
	radio->clock = clock;
	radio->recorder = recorder;
	radio->alarm_ns = ROOM_CLOCK_NEVER;
	radio->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* The main thread lends the radio its time while it holds the lock. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&radio->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	if (radio->wake_fd < 0 || (res = pthread_create(&radio->thread, NULL, run, radio)) != 0) {
		res = radio->wake_fd < 0 ? errno : res;
		if (radio->wake_fd >= 0)
			close(radio->wake_fd);
		pthread_mutex_destroy(&radio->lock);
		free(radio);
		errno = res;
		return NULL;
	}
	return radio;
}

void radio_destroy(struct radio *radio)
{
	if (radio == NULL)
		return;
	radio_lock(radio);
	radio->quit = true;
	radio_unlock(radio);
	pthread_join(radio->thread, NULL);
	pthread_mutex_destroy(&radio->lock);
	close(radio->wake_fd);
	free(radio);
}

void radio_lock(struct radio *radio)
{
	pthread_mutex_lock(&radio->lock);
}

void radio_unlock(struct radio *radio)
{
	pthread_mutex_unlock(&radio->lock);
	eventfd_write(radio->wake_fd, 1);
}

void radio_set_alarm(struct radio *radio, int64_t t_ns, void (*alarm)(void *data), void *data)
{
	radio->alarm_ns = t_ns;
	radio->alarm = alarm;
	radio->alarm_data = data;
}

void radio_set_listener(struct radio *radio, int64_t (*listen)(void *data, int64_t now_ns), void *data)
{
	radio->listen = listen;
	radio->listen_data = data;
}

int radio_add_link(struct radio *radio, struct link *link)
{
	if (radio->n_links == MAX)
		return -ENOSPC;
	radio->links[radio->n_links++] = link;
	return 0;
}

int radio_add_sender(struct radio *radio, struct sender *sender)
{
	if (radio->n_senders == MAX)
		return -ENOSPC;
	radio->senders[radio->n_senders++] = sender;
	return 0;
}
