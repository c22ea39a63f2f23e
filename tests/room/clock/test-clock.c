/* Does the room's clock move on when it may, and only then? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <spa/support/plugin.h>
#include <spa/support/system.h>
#include <spa/utils/names.h>
#include <spa/utils/type.h>

#include "clock/clock-shm.h"

#define MSEC	G_GINT64_CONSTANT(1000000)
#define SEC	(1000 * MSEC)
#define START	CLOCK_SHM_START_NS

struct fixture {
	char *dir, *path;
	struct clock_owner *owner;
	struct clock_shm *clock;
	struct clock_participant *runner;
	char report[256];
	_Atomic int n_reports;
};

static void on_report(void *data, const char *text)
{
	struct fixture *f = data;

	g_strlcpy(f->report, text, sizeof(f->report));
	atomic_fetch_add(&f->n_reports, 1);
}

static void set_up(struct fixture *f, gconstpointer data)
{
	struct clock_owner_options options = {
		.paused = true, .report_sec = 0.1, .report = on_report, .data = f
	};

	f->dir = g_dir_make_tmp("test-clock-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "clock", NULL);
	f->owner = clock_owner_new(f->path, &options);
	g_assert_nonnull(f->owner);
	f->clock = clock_shm_open(f->path);
	g_assert_nonnull(f->clock);
	f->runner = clock_participant_new(f->clock, "runner");
	g_assert_nonnull(f->runner);
	clock_shm_set_fast(f->clock, true);
	clock_shm_set_paused(f->clock, false);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
	clock_participant_destroy(f->runner);
	clock_shm_close(f->clock);
	clock_owner_destroy(f->owner);
	g_rmdir(f->dir);
	g_free(f->dir);
	g_free(f->path);
}

static int64_t wall_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static int64_t now(struct fixture *f)
{
	return clock_shm_now_ns(f->clock) - START;
}

static void run_to(struct fixture *f, int64_t ns)
{
	struct epoll_event ev;
	g_assert_cmpint(clock_participant_wait(f->runner, START + ns, &ev, 1), ==, 0);
}

/* A thread that wakes every `period` and notes when that was. */
struct beat {
	struct clock_shm *clock;
	struct clock_participant *p;
	pthread_t thread;
	int64_t period_ns;
	_Atomic int64_t late_ns;
	_Atomic int n;
	_Atomic bool stop;
};

static void *beat_run(void *data)
{
	struct beat *b = data;
	int64_t next = clock_shm_now_ns(b->clock);
	struct epoll_event ev;

	while (!atomic_load(&b->stop)) {
		next += b->period_ns;
		clock_participant_wait(b->p, next, &ev, 1);
		b->late_ns += clock_shm_now_ns(b->clock) - next;
		b->n++;
	}
	clock_participant_destroy(b->p);
	return NULL;
}

static void beat_start(struct fixture *f, struct beat *b, int64_t period_ns)
{
	*b = (struct beat){ .clock = f->clock, .period_ns = period_ns };
	b->p = clock_participant_new(f->clock, "beat");
	pthread_create(&b->thread, NULL, beat_run, b);
}

static void beat_stop(struct fixture *f, struct beat *b)
{
	clock_participant_away(f->runner);
	atomic_store(&b->stop, true);
	pthread_join(b->thread, NULL);
	clock_participant_back(f->runner);
}

static void test_deadlines(struct fixture *f, gconstpointer data)
{
	struct beat a, b;
	int64_t began = wall_ns();

	g_assert_cmpint(now(f), ==, 0);
	beat_start(f, &a, 7 * MSEC);
	beat_start(f, &b, 10 * MSEC);
	run_to(f, 70 * SEC);
	g_assert_cmpint(now(f), ==, 70 * SEC);
	g_test_message("70 s of two beats in %.3f s", (wall_ns() - began) / 1e9);
	clock_participant_settle(f->runner);
	g_assert_cmpint(a.n, ==, 10000);
	g_assert_cmpint(b.n, ==, 7000);
	g_assert_cmpint(a.late_ns + b.late_ns, ==, 0);
	beat_stop(f, &a);
	beat_stop(f, &b);
}

/* A packet every ms; the reader notes the time at which it has come. */
struct reader {
	struct clock_shm *clock;
	struct clock_participant *p;
	pthread_t thread;
	int fd;
	_Atomic int n;
	_Atomic int64_t late_ns;
};

static void *reader_run(void *data)
{
	struct reader *r = data;
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	int64_t sent;

	while (clock_participant_poll(r->p, CLOCK_SHM_NEVER, &p, 1) == 1) {
		if (read(r->fd, &sent, sizeof(sent)) != sizeof(sent))
			break;
		r->late_ns += clock_shm_now_ns(r->clock) - sent;
		r->n++;
	}
	clock_participant_destroy(r->p);
	return NULL;
}

static void test_in_flight(struct fixture *f, gconstpointer data)
{
	struct reader r = { .clock = f->clock };
	int i, fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), ==, 0);
	r.fd = fds[1];
	r.p = clock_participant_new(f->clock, "reader");
	pthread_create(&r.thread, NULL, reader_run, &r);
	for (i = 1; i <= 5000; i++) {
		int64_t sent;

		run_to(f, i * MSEC);
		sent = clock_shm_now_ns(f->clock);
		g_assert_cmpint(write(fds[0], &sent, sizeof(sent)), ==, sizeof(sent));
	}
	clock_participant_settle(f->runner);
	g_assert_cmpint(r.n, ==, 5000);
	g_assert_cmpint(r.late_ns, ==, 0);
	close(fds[0]);
	pthread_join(r.thread, NULL);
	close(fds[1]);
}

static void test_real(struct fixture *f, gconstpointer data)
{
	struct clock_shm_stats stats;
	struct beat b;
	int64_t began, i;

	clock_shm_set_fast(f->clock, false);
	beat_start(f, &b, MSEC);
	run_to(f, 10 * MSEC);
	began = wall_ns() - now(f);
	for (i = 1; i <= 40; i++) {
		run_to(f, (10 + i * 5) * MSEC);
		/* Ahead by what one late wake-up at the beginning may be made up for. */
		g_assert_cmpint(now(f), <=, wall_ns() - began + 2 * MSEC);
	}
	g_assert_cmpint(b.late_ns, ==, 0);
	clock_shm_get_stats(f->clock, &stats);
	g_test_message("200 ms took %.1f ms, %.1f ms of them stalls of the machine",
			(wall_ns() - began) / 1e6, stats.stood_ns / 1e6);
	beat_stop(f, &b);
}

static void test_no_catching_up(struct fixture *f, gconstpointer data)
{
	struct clock_shm_stats stats;
	int64_t before, wall;

	clock_shm_set_fast(f->clock, false);
	run_to(f, 20 * MSEC);
	before = now(f);
	g_usleep(100000);
	g_assert_cmpint(now(f), ==, before);
	wall = wall_ns();
	run_to(f, before + 50 * MSEC);
	g_assert_cmpint(wall_ns() - wall, >=, 45 * MSEC);
	clock_shm_get_stats(f->clock, &stats);
	g_assert_cmpint(stats.stood_max_ns, >=, 90 * MSEC);
}

static void test_pause_and_cap(struct fixture *f, gconstpointer data)
{
	struct beat b;

	beat_start(f, &b, MSEC);
	clock_shm_set_cap_ns(f->clock, START + 100 * MSEC + 1);
	clock_participant_away(f->runner);
	while (now(f) < 100 * MSEC + 1)
		g_usleep(1000);
	g_usleep(20000);
	g_assert_cmpint(now(f), ==, 100 * MSEC + 1);
	clock_participant_back(f->runner);

	clock_shm_set_paused(f->clock, true);
	clock_shm_set_cap_ns(f->clock, CLOCK_SHM_NEVER);
	clock_participant_away(f->runner);
	g_usleep(20000);
	g_assert_cmpint(now(f), ==, 100 * MSEC + 1);
	clock_shm_set_paused(f->clock, false);
	clock_participant_back(f->runner);
	run_to(f, 300 * MSEC);
	clock_participant_settle(f->runner);
	g_assert_cmpint(b.n, ==, 300);
	beat_stop(f, &b);
}

/* Another process that beats, and says so in a pipe. */
static pid_t fork_beat(struct fixture *f, int64_t period_ns, int *fd)
{
	int fds[2];
	pid_t pid;
	char byte;

	g_assert_cmpint(pipe(fds), ==, 0);
	g_assert_cmpint(pid = fork(), >=, 0);
	if (pid == 0) {
		struct clock_shm *c = clock_shm_open(f->path);
		struct clock_participant *p = clock_participant_new(c, "other");
		int64_t next = clock_shm_now_ns(c);
		struct epoll_event ev;

		while (write(fds[1], "x", 1) == 1)
			clock_participant_wait(p, next += period_ns, &ev, 1);
		_exit(0);
	}
	close(fds[1]);
	g_assert_cmpint(read(fds[0], &byte, 1), ==, 1);
	*fd = fds[0];
	return pid;
}

static void test_killed(struct fixture *f, gconstpointer data)
{
	struct clock_shm_stats stats;
	int i, fd, status;

	for (i = 0; i < 20; i++) {
		pid_t pid = fork_beat(f, 10000, &fd);

		/* While it runs, most likely: it never waits for long. */
		clock_participant_away(f->runner);
		g_usleep(1000 + 100 * i);
		kill(pid, SIGKILL);
		clock_participant_back(f->runner);
		run_to(f, now(f) + SEC);
		waitpid(pid, &status, 0);
		close(fd);
	}
	clock_participant_settle(f->runner);
	clock_shm_get_stats(f->clock, &stats);
	g_assert_cmpint(stats.reaped, ==, 20);
}

static void *cont_later(void *data)
{
	g_usleep(150000);
	kill(GPOINTER_TO_INT(data), SIGCONT);
	return NULL;
}

static void test_stopped(struct fixture *f, gconstpointer data)
{
	int fd, status;
	pid_t pid = fork_beat(f, 10 * MSEC, &fd);
	int64_t began = wall_ns();
	pthread_t thread;

	/* By accident: time waits for it. */
	kill(pid, SIGSTOP);
	pthread_create(&thread, NULL, cont_later, GINT_TO_POINTER(pid));
	run_to(f, SEC);
	g_assert_cmpint(wall_ns() - began, >=, 140 * MSEC);
	pthread_join(thread, NULL);

	/* On purpose: time goes on. */
	g_assert_cmpint(clock_shm_stall(f->clock, pid, true), ==, 0);
	run_to(f, 2 * SEC);
	g_assert_cmpint(clock_shm_stall(f->clock, pid, false), ==, 0);
	run_to(f, 3 * SEC);

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fd);
}

static void test_told(struct fixture *f, gconstpointer data)
{
	int fd, status;
	pid_t pid = fork_beat(f, 10 * MSEC, &fd);
	char *name = g_strdup_printf("[%d] other", (int)pid);

	kill(pid, SIGSTOP);
	clock_participant_away(f->runner);
	while (atomic_load(&f->n_reports) == 0)
		g_usleep(1000);
	clock_participant_back(f->runner);
	g_test_message("%s", f->report);
	g_assert_nonnull(strstr(f->report, name));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	run_to(f, SEC);
	close(fd);
	g_free(name);
}

static void test_watched(struct fixture *f, gconstpointer data)
{
	int64_t began = wall_ns();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		while (wall_ns() - began < 100 * MSEC)
			;
		pause();
	}
	g_assert_cmpint(clock_shm_watch(f->clock, pid, true), ==, 0);
	run_to(f, SEC);
	g_assert_cmpint(wall_ns() - began, >=, 100 * MSEC);
	g_assert_cmpint(clock_shm_watch(f->clock, pid, false), ==, 0);
	g_assert_cmpint(clock_shm_watch(f->clock, pid, false), ==, -ENOENT);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void test_alarm(struct fixture *f, gconstpointer data)
{
	struct clock_alarm *alarm = clock_alarm_new(f->clock);
	struct pollfd p = { .fd = clock_alarm_fd(alarm), .events = POLLIN };
	int i;

	/* This thread and the clock's are all that there is in this process. */
	g_assert_cmpint(clock_shm_watch(f->clock, getpid(), true), ==, 0);
	clock_participant_away(f->runner);
	for (i = 1; i <= 1000; i++) {
		volatile int spin;

		clock_alarm_set(alarm, START + i * SEC);
		g_assert_cmpint(poll(&p, 1, -1), ==, 1);
		for (spin = 0; spin < 1000; spin++)
			;
		g_assert_cmpint(now(f), ==, i * SEC);
		g_assert_true(clock_alarm_take(alarm));
		g_assert_false(clock_alarm_take(alarm));
	}
	clock_participant_back(f->runner);
	g_assert_cmpint(clock_shm_watch(f->clock, getpid(), false), ==, 0);
	clock_alarm_destroy(alarm);
}

/* The plugin, as a host loads it */

static struct spa_system *load_system(struct spa_handle **handle)
{
	const struct spa_handle_factory *factory;
	spa_handle_factory_enum_func_t enum_func;
	void *iface, *lib = dlopen(CLOCK_PLUGIN_DIR "/" CLOCK_PLUGIN ".so", RTLD_NOW);
	uint32_t index = 0;

	g_assert_nonnull(lib);
	*(void **)&enum_func = dlsym(lib, SPA_HANDLE_FACTORY_ENUM_FUNC_NAME);
	do {
		g_assert_cmpint(enum_func(&factory, &index), ==, 1);
	} while (strcmp(factory->name, SPA_NAME_SUPPORT_SYSTEM) != 0);
	*handle = g_malloc0(spa_handle_factory_get_size(factory, NULL));
	g_assert_cmpint(spa_handle_factory_init(factory, *handle, NULL, NULL, 0), ==, 0);
	g_assert_cmpint(spa_handle_get_interface(*handle, SPA_TYPE_INTERFACE_System, &iface), ==, 0);
	return iface;
}

static struct timespec timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / SEC, .tv_nsec = ns % SEC };
}

static void test_plugin(struct fixture *f, gconstpointer data)
{
	struct itimerspec its = { .it_value = timespec(30 * MSEC), .it_interval = timespec(20 * MSEC) };
	struct spa_handle *handle;
	struct spa_system *s;
	struct timespec ts;
	uint64_t n;
	int fd;

	g_setenv(CLOCK_SHM_ENV, f->path, TRUE);
	s = load_system(&handle);
	g_unsetenv(CLOCK_SHM_ENV);

	run_to(f, SEC);
	g_assert_cmpint(spa_system_clock_gettime(s, CLOCK_MONOTONIC, &ts), ==, 0);
	g_assert_cmpint(ts.tv_sec * SEC + ts.tv_nsec, ==, START + SEC);
	g_assert_cmpint(spa_system_clock_gettime(s, CLOCK_REALTIME, &ts), ==, 0);
	g_assert_cmpint(llabs(ts.tv_sec - time(NULL)), <=, 10);

	/* a machine that sleeps: the other two jump */
	clock_shm_sleep(f->clock, 300 * SEC);
	g_assert_cmpint(spa_system_clock_gettime(s, CLOCK_BOOTTIME, &ts), ==, 0);
	g_assert_cmpint(ts.tv_sec * SEC + ts.tv_nsec, ==, START + 301 * SEC);
	g_assert_cmpint(spa_system_clock_gettime(s, CLOCK_REALTIME, &ts), ==, 0);
	g_assert_cmpint(llabs(ts.tv_sec - 300 - time(NULL)), <=, 10);
	g_assert_cmpint(spa_system_clock_gettime(s, CLOCK_MONOTONIC, &ts), ==, 0);
	g_assert_cmpint(ts.tv_sec * SEC + ts.tv_nsec, ==, START + SEC);

	/* relative, with an interval that is missed once */
	fd = spa_system_timerfd_create(s, CLOCK_MONOTONIC, SPA_FD_CLOEXEC | SPA_FD_NONBLOCK);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(spa_system_timerfd_settime(s, fd, 0, &its, NULL), ==, 0);
	run_to(f, SEC + 29 * MSEC);
	g_assert_cmpint(spa_system_timerfd_read(s, fd, &n), ==, -EAGAIN);
	run_to(f, SEC + 51 * MSEC);
	g_assert_cmpint(spa_system_timerfd_read(s, fd, &n), ==, 0);
	g_assert_cmpint(n, ==, 2);
	g_assert_cmpint(spa_system_timerfd_gettime(s, fd, &its), ==, 0);
	g_assert_cmpint(its.it_value.tv_nsec, ==, 19 * MSEC);

	/* absolute, once; setting it anew takes back what has not been read */
	its = (struct itimerspec){ .it_value = timespec(START + 2 * SEC) };
	g_assert_cmpint(spa_system_timerfd_settime(s, fd, SPA_FD_TIMER_ABSTIME, &its, NULL), ==, 0);
	run_to(f, 2 * SEC + 1);
	its.it_value = timespec(START + 3 * SEC);
	g_assert_cmpint(spa_system_timerfd_settime(s, fd, SPA_FD_TIMER_ABSTIME, &its, NULL), ==, 0);
	g_assert_cmpint(spa_system_timerfd_read(s, fd, &n), ==, -EAGAIN);
	run_to(f, 3 * SEC + 1);
	g_assert_cmpint(spa_system_timerfd_read(s, fd, &n), ==, 0);
	g_assert_cmpint(n, ==, 1);
	run_to(f, 9 * SEC);
	g_assert_cmpint(spa_system_timerfd_read(s, fd, &n), ==, -EAGAIN);

	/* a deadline in the past is due at once */
	its.it_value = timespec(START + 3 * SEC);
	g_assert_cmpint(spa_system_timerfd_settime(s, fd, SPA_FD_TIMER_ABSTIME, &its, NULL), ==, 0);
	clock_participant_settle(f->runner);
	g_assert_cmpint(spa_system_timerfd_read(s, fd, &n), ==, 0);
	g_assert_cmpint(now(f), ==, 9 * SEC);

	g_assert_cmpint(spa_system_close(s, fd), ==, 0);
	spa_handle_clear(handle);
	g_free(handle);
}

#define ADD(name, function) \
	g_test_add("/clock/" name, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	ADD("deadlines are kept to the ns, in order", test_deadlines);
	ADD("what is on its way over a socket arrives before time moves on", test_in_flight);
	ADD("at real speed time is not ahead of the wall clock", test_real);
	ADD("a stall at real speed is not caught up", test_no_catching_up);
	ADD("a pause and a cap hold time", test_pause_and_cap);
	ADD("a process that is killed does not hold time", test_killed);
	ADD("a process stopped by accident holds time, one stopped on purpose does not", test_stopped);
	ADD("who holds time is told by name", test_told);
	ADD("a watched process holds time while it is busy", test_watched);
	ADD("an alarm wakes a watched main loop, and time stands while it is awake", test_alarm);
	ADD("timers of SPA are on the room's clock", test_plugin);
	return g_test_run();
}
