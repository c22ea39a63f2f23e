/* Test: the real-time sanitizer sees a process() that blocks */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "dsp/history.h"
#include "host.h"

/*
 * That the other tests pass under the sanitizer says something only if it would
 * not have let them. So here is the node with a fault: the linker puts
 * __wrap_history_read() where the taps call history_read() (--wrap), and each
 * child process below runs one cycle of it. In the others nothing is wrapped.
 */

#define CAUGHT	43	/* exit status of what the sanitizer ends */

extern const struct spa_handle_factory bluez_combine_fanout_factory;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void (*block)(void);

void __real_history_read(const struct history *h, uint32_t c, uint32_t age, float *dst, uint32_t n);
void __wrap_history_read(const struct history *h, uint32_t c, uint32_t age, float *dst, uint32_t n);

void __wrap_history_read(const struct history *h, uint32_t c, uint32_t age, float *dst, uint32_t n)
{
	if (block)
		block();
	__real_history_read(h, c, age, dst, n);
}

static void take_memory(void)
{
	void * volatile p = malloc(16);
	free(p);
}

static void take_a_lock(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

static void sleep_a_little(void)
{
	usleep(1);
}

static void write_something(void)
{
	check_int(write(STDERR_FILENO, "x", 1), 1);
}

static void run_one_cycle(void)
{
	static struct host host;
	static const float sound[64] = { 1.0f };

	host_use_factory(&bluez_combine_fanout_factory);
	check_int(host_open(&host, "fanout.outputs", "1", NULL), 0);
	host_use_all(&host);
	host_feed(&host, 0, sound, 64);
	host_feed(&host, 1, sound, 64);
	host_process(&host);
	check(host_take(&host, 0, NULL) != NULL);
	host_close(&host);
}

/* Exit status of a child process that blocks like this; what it says is in text */
static int run_in_child(void (*how)(void), char *text, size_t size)
{
	int fds[2], status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	check_int(pipe2(fds, O_CLOEXEC), 0);
	check((pid = fork()) >= 0);
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		block = how;
		run_one_cycle();
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(fds[0]);
	check_int(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_caught(void (*how)(void), const char *call)
{
	static char text[1 << 16], expected[64];

	check_int(run_in_child(how, text, sizeof(text)), CAUGHT);
	snprintf(expected, sizeof(expected), "unsafe function `%s`", call);
	check(strstr(text, expected) != NULL);
}

static void a_process_that_takes_memory_is_caught(void)
{
	check_caught(take_memory, "malloc");
}

static void a_process_that_takes_a_lock_is_caught(void)
{
	check_caught(take_a_lock, "pthread_mutex_lock");
}

static void a_process_that_sleeps_is_caught(void)
{
	check_caught(sleep_a_little, "usleep");
}

static void a_process_that_writes_is_caught(void)
{
	check_caught(write_something, "write");
}

static void a_process_without_a_fault_is_not(void)
{
	static char text[1 << 16];

	check_int(run_in_child(NULL, text, sizeof(text)), 0);
	check(text[0] == '\0');
}

int main(void)
{
	run(a_process_without_a_fault_is_not);
	run(a_process_that_takes_memory_is_caught);
	run(a_process_that_takes_a_lock_is_caught);
	run(a_process_that_sleeps_is_caught);
	run(a_process_that_writes_is_caught);
	return harness_finish();
}
