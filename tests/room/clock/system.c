/* SPA system on the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <spa/support/log.h>
#include <spa/support/loop.h>
#include <spa/support/system.h>
#include <spa/support/thread.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include "clock/clock-user.h"
#include "clock/signals.h"
#include "clock/system.h"

SPA_LOG_TOPIC_DEFINE_STATIC(log_topic, "spa.room-clock");
#undef SPA_LOG_TOPIC_DEFAULT
#define SPA_LOG_TOPIC_DEFAULT &log_topic

#define FDS_MAX		65536	/* beyond it nothing can be on the room's clock */
#define N_EVENTS	64

/* Which slot belongs to a descriptor; 0: none. They are closed by any of the process's systems. */
#define KIND_LOOP	0x10000
#define KIND_TIMER	0x20000
#define SLOT_MASK	0x0ffff

static struct {
	pthread_mutex_t lock;
	struct clock_shm *clock;	/**< one connection for the whole process, for good */
	_Atomic uint32_t fds[FDS_MAX];
} process = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct impl {
	struct spa_handle handle;
	struct spa_system system;
	struct spa_log *log;

	struct clock_shm *clock;
	enum clock_class klass;
	char name[CLOCK_NAME_MAX];	/**< of the loop, for reports */
};

static inline ssize_t result(ssize_t res)
{
	return res < 0 ? -errno : res;
}

static int set_slot(int fd, uint32_t kind, int slot)
{
	if (fd >= FDS_MAX)
		return -EMFILE;
	atomic_store(&process.fds[fd], kind | (uint32_t)slot);
	return 0;
}

static int get_slot(int fd, uint32_t kind)
{
	uint32_t v = fd >= 0 && fd < FDS_MAX ? atomic_load(&process.fds[fd]) : 0;
	return v & kind ? (int)(v & SLOT_MASK) : -EBADF;
}

/* Files */

static ssize_t impl_read(void *object, int fd, void *buf, size_t count)
{
	return result(read(fd, buf, count));
}

static ssize_t impl_write(void *object, int fd, const void *buf, size_t count)
{
	return result(write(fd, buf, count));
}

static int impl_ioctl(void *object, int fd, unsigned long request, ...)
{
	va_list ap;
	long arg;

	va_start(ap, request);
	arg = va_arg(ap, long);
	va_end(ap);
	return result(ioctl(fd, request, arg));
}

static int impl_close(void *object, int fd)
{
	struct impl *this = object;
	int slot;

	if ((slot = get_slot(fd, KIND_LOOP)) >= 0)
		clock_loop_remove(this->clock, slot);
	else if ((slot = get_slot(fd, KIND_TIMER)) >= 0)
		clock_timer_remove(this->clock, slot);
	if (slot >= 0)
		set_slot(fd, 0, 0);
	return result(close(fd));
}

/* Clock */

static bool is_cpu_clock(int clockid)
{
	return clockid == CLOCK_PROCESS_CPUTIME_ID || clockid == CLOCK_THREAD_CPUTIME_ID ||
		clockid < 0;
}

/* What the clock's zero is on the room's clock. */
static int64_t offset_ns(struct impl *this, int clockid)
{
	switch (clockid) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		return this->clock->page->realtime_offset_ns + atomic_load(&this->clock->page->asleep_ns);
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return atomic_load(&this->clock->page->asleep_ns);
	default:
		return 0;
	}
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / SPA_NSEC_PER_SEC, .tv_nsec = ns % SPA_NSEC_PER_SEC };
}

static int impl_clock_gettime(void *object, int clockid, struct timespec *value)
{
	struct impl *this = object;

	if (is_cpu_clock(clockid))
		return result(clock_gettime(clockid, value));
	*value = to_timespec(clock_shm_now_ns(this->clock) + offset_ns(this, clockid));
	return 0;
}

static int impl_clock_getres(void *object, int clockid, struct timespec *res)
{
	if (is_cpu_clock(clockid))
		return result(clock_getres(clockid, res));
	*res = to_timespec(1);
	return 0;
}

/* Polling */

static int impl_pollfd_create(void *object, int flags)
{
	struct impl *this = object;
	int fd, slot, res;

	if ((fd = epoll_create1(flags & SPA_FD_CLOEXEC ? EPOLL_CLOEXEC : 0)) < 0)
		return -errno;
	if ((slot = clock_loop_add(this->clock, fd, this->klass, this->name)) < 0 ||
	    (slot = set_slot(fd, KIND_LOOP, slot)) < 0) {
		res = slot;
		spa_log_error(this->log, "%p: no place on the room's clock: %s",
				this, strerror(-res));
		close(fd);
		return res;
	}
	return fd;
}

static int control(int op, int pfd, int fd, uint32_t events, void *data)
{
	struct epoll_event ev = { .events = events, .data.ptr = data };
	return result(epoll_ctl(pfd, op, fd, &ev));
}

static int impl_pollfd_add(void *object, int pfd, int fd, uint32_t events, void *data)
{
	return control(EPOLL_CTL_ADD, pfd, fd, events, data);
}

static int impl_pollfd_mod(void *object, int pfd, int fd, uint32_t events, void *data)
{
	return control(EPOLL_CTL_MOD, pfd, fd, events, data);
}

static int impl_pollfd_del(void *object, int pfd, int fd)
{
	return control(EPOLL_CTL_DEL, pfd, fd, 0, NULL);
}

/*
 * A wait of no length is the sign of a loop inside another main loop, as
 * WirePlumber's in GLib's: when that one sleeps is not to be seen from here.
 * Lengths other than 0 and for ever stay real; PipeWire's loops have none.
 */
static int impl_pollfd_wait(void *object, int pfd, struct spa_poll_event *ev, int n_ev, int timeout)
{
	struct impl *this = object;
	struct epoll_event ep[N_EVENTS];
	int i, n, error, slot = get_slot(pfd, KIND_LOOP);

	if (slot >= 0)
		clock_loop_enter_wait(this->clock, slot,
				timeout == 0 ? CLOCK_LOOP_POLLED : CLOCK_LOOP_WAITING);
	n = epoll_wait(pfd, ep, SPA_MIN(n_ev, N_EVENTS), timeout);
	error = -errno;
	if (slot >= 0 && timeout != 0)
		clock_loop_leave_wait(this->clock, slot);
	if (n < 0)
		return error;

	for (i = 0; i < n; i++) {
		ev[i].events = ep[i].events;
		ev[i].data = ep[i].data.ptr;
	}
	return n;
}

/* Timers: eventfds that the owner of the clock writes to */

static int impl_timerfd_create(void *object, int clockid, int flags)
{
	struct impl *this = object;
	int fd, slot, fl = EFD_NONBLOCK;

	if (flags & SPA_FD_CLOEXEC)
		fl |= EFD_CLOEXEC;
	if ((fd = eventfd(0, fl)) < 0)
		return -errno;
	if ((slot = clock_timer_add(this->clock, fd, this->klass)) < 0 ||
	    (slot = set_slot(fd, KIND_TIMER, slot)) < 0) {
		spa_log_error(this->log, "%p: no place on the room's clock: %s",
				this, strerror(-slot));
		close(fd);
		return slot;
	}
	return fd;
}

static int impl_timerfd_gettime(void *object, int fd, struct itimerspec *curr_value)
{
	struct impl *this = object;
	int slot = get_slot(fd, KIND_TIMER);

	if (slot < 0)
		return slot;
	curr_value->it_value = to_timespec(clock_timer_remaining_ns(this->clock, slot));
	curr_value->it_interval = to_timespec(
			atomic_load(&this->clock->page->timers[slot].interval_ns));
	return 0;
}

static int impl_timerfd_settime(void *object, int fd, int flags,
		const struct itimerspec *new_value, struct itimerspec *old_value)
{
	struct impl *this = object;
	int slot = get_slot(fd, KIND_TIMER);
	int64_t value = SPA_TIMESPEC_TO_NSEC(&new_value->it_value);

	if (slot < 0)
		return slot;
	if (old_value)
		impl_timerfd_gettime(object, fd, old_value);
	if (value != 0) {
		int64_t now = clock_shm_now_ns(this->clock);

		/* Timers of PipeWire run on CLOCK_MONOTONIC unless they follow another clock. */
		if (!(flags & SPA_FD_TIMER_ABSTIME))
			value += now;
		else if (value > now + this->clock->page->realtime_offset_ns / 2)
			value -= this->clock->page->realtime_offset_ns;
		value = SPA_MAX(value, INT64_C(1));
	}
	clock_timer_set(this->clock, slot, fd, value, SPA_TIMESPEC_TO_NSEC(&new_value->it_interval));
	return 0;
}

static int impl_timerfd_read(void *object, int fd, uint64_t *expirations)
{
	struct impl *this = object;
	int slot = get_slot(fd, KIND_TIMER);
	uint64_t count;

	if (slot < 0)
		return slot;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return -errno;
	*expirations = clock_timer_take(this->clock, slot);
	return *expirations > 0 ? 0 : -EAGAIN;
}

/* Events */

static int impl_eventfd_create(void *object, int flags)
{
	int fl = 0;

	if (flags & SPA_FD_CLOEXEC)
		fl |= EFD_CLOEXEC;
	if (flags & SPA_FD_NONBLOCK)
		fl |= EFD_NONBLOCK;
	if (flags & SPA_FD_EVENT_SEMAPHORE)
		fl |= EFD_SEMAPHORE;
	return result(eventfd(0, fl));
}

static int impl_eventfd_write(void *object, int fd, uint64_t count)
{
	return write(fd, &count, sizeof(count)) == sizeof(count) ? 0 : -errno;
}

static int impl_eventfd_read(void *object, int fd, uint64_t *count)
{
	return read(fd, count, sizeof(*count)) == sizeof(*count) ? 0 : -errno;
}

/* Signals: through signals.c */

static int impl_signalfd_create(void *object, int signal, int flags)
{
	return clock_signal_open(signal, flags & SPA_FD_CLOEXEC, flags & SPA_FD_NONBLOCK);
}

static int impl_signalfd_read(void *object, int fd, int *signal)
{
	return read(fd, signal, sizeof(*signal)) == sizeof(*signal) ? 0 : -errno;
}

static const struct spa_system_methods impl_system = {
	SPA_VERSION_SYSTEM_METHODS,
	.read = impl_read,
	.write = impl_write,
	.ioctl = impl_ioctl,
	.close = impl_close,
	.clock_gettime = impl_clock_gettime,
	.clock_getres = impl_clock_getres,
	.pollfd_create = impl_pollfd_create,
	.pollfd_add = impl_pollfd_add,
	.pollfd_mod = impl_pollfd_mod,
	.pollfd_del = impl_pollfd_del,
	.pollfd_wait = impl_pollfd_wait,
	.timerfd_create = impl_timerfd_create,
	.timerfd_settime = impl_timerfd_settime,
	.timerfd_gettime = impl_timerfd_gettime,
	.timerfd_read = impl_timerfd_read,
	.eventfd_create = impl_eventfd_create,
	.eventfd_write = impl_eventfd_write,
	.eventfd_read = impl_eventfd_read,
	.signalfd_create = impl_signalfd_create,
	.signalfd_read = impl_signalfd_read,
};

/* Factory */

static struct clock_shm *get_clock(void)
{
	struct clock_shm *c;

	pthread_mutex_lock(&process.lock);
	if (process.clock == NULL) {
		const char *path = getenv(CLOCK_SHM_ENV);

		process.clock = path ? clock_shm_open(path) : NULL;
		if (process.clock == NULL)
			fprintf(stderr, "room clock: cannot connect to %s=%s: %s\n", CLOCK_SHM_ENV,
					path ? path : "", path ? strerror(errno) : "not set");
	}
	c = process.clock;
	pthread_mutex_unlock(&process.lock);
	return c;
}

static int impl_get_interface(struct spa_handle *handle, const char *type, void **interface)
{
	struct impl *this = (struct impl *)handle;

	if (!spa_streq(type, SPA_TYPE_INTERFACE_System))
		return -ENOENT;
	*interface = &this->system;
	return 0;
}

static int impl_clear(struct spa_handle *handle)
{
	return 0;
}

static size_t impl_get_size(const struct spa_handle_factory *factory, const struct spa_dict *params)
{
	return sizeof(struct impl);
}

/* A data loop has a thread of its own, and that has a name. */
static void set_class(struct impl *this, const struct spa_dict *info)
{
	const char *thread = info ? spa_dict_lookup(info, SPA_KEY_THREAD_NAME) : NULL;
	const char *all = getenv(CLOCK_SHM_ENV_LOOPS);

	this->klass = thread || spa_streq(all, "data") ? CLOCK_CLASS_DATA : CLOCK_CLASS_CONTROL;
	snprintf(this->name, sizeof(this->name), "%s", thread ? thread : "main loop");
}

static int impl_init(const struct spa_handle_factory *factory, struct spa_handle *handle,
		const struct spa_dict *info, const struct spa_support *support, uint32_t n_support)
{
	struct impl *this = (struct impl *)handle;

	handle->get_interface = impl_get_interface;
	handle->clear = impl_clear;

	if ((this->clock = get_clock()) == NULL)
		return -ENOTCONN;
	this->system.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_System, SPA_VERSION_SYSTEM,
			&impl_system, this);
	this->log = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_Log);
	spa_log_topic_init(this->log, &log_topic);
	set_class(this, info);
	return 0;
}

static const struct spa_interface_info impl_interfaces[] = {
	{ SPA_TYPE_INTERFACE_System, },
};

static int impl_enum_interface_info(const struct spa_handle_factory *factory,
		const struct spa_interface_info **info, uint32_t *index)
{
	if (*index >= SPA_N_ELEMENTS(impl_interfaces))
		return 0;
	*info = &impl_interfaces[(*index)++];
	return 1;
}

const struct spa_handle_factory room_clock_system_factory = {
	SPA_VERSION_HANDLE_FACTORY,
	SPA_NAME_SUPPORT_SYSTEM,
	NULL,
	impl_get_size,
	impl_init,
	impl_enum_interface_info
};
