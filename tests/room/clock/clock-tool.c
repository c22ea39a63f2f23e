/* room-clock: the room's clock by hand */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock/clock-shm.h"

static const char usage[] =
	"usage: room-clock PATH COMMAND...   (PATH as in " CLOCK_SHM_ENV ")\n"
	"  own              open the clock and own it, paused, until SIGTERM\n"
	"  now              print the time in ns\n"
	"  fast | real      as fast as possible, at real speed\n"
	"  pause | go       hold time, let it go\n"
	"  pass | wait      main loops and watched processes hold up time or do not\n"
	"  run SECONDS      let time go on for so long, and hold it then\n"
	"  settle           until all have come to rest, without time moving on\n"
	"  watch PID | unwatch PID\n"
	"  exclude PID | include PID\n"
	"  stall PID | resume PID\n"
	"  stats            print what has happened so far\n";

static int own(const char *path)
{
	struct clock_owner_options options = { .paused = true };
	struct clock_owner *o;
	struct clock_shm *c;
	const char *trace = getenv("ROOM_CLOCK_TRACE");
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	options.trace = trace ? fopen(trace, "w") : NULL;
	if ((o = clock_owner_new(path, &options)) == NULL || (c = clock_shm_open(path)) == NULL) {
		perror(path);
		clock_owner_destroy(o);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	sigwait(&set, &sig);
	clock_shm_close(c);
	clock_owner_destroy(o);
	if (options.trace)
		fclose(options.trace);
	return 0;
}

static int run(struct clock_shm *c, double seconds)
{
	struct clock_participant *p = clock_participant_new(c, "room-clock");
	struct epoll_event ev;
	int res;

	if (p == NULL)
		return -errno;
	clock_shm_set_paused(c, false);
	res = clock_participant_wait(p, clock_shm_now_ns(c) + (int64_t)(seconds * 1e9), &ev, 1);
	clock_shm_set_paused(c, true);
	clock_participant_destroy(p);
	return res;
}

static int settle(struct clock_shm *c)
{
	struct clock_participant *p = clock_participant_new(c, "room-clock");
	int res;

	if (p == NULL)
		return -errno;
	res = clock_participant_settle(p);
	clock_participant_destroy(p);
	return res;
}

static int print_stats(struct clock_shm *c)
{
	struct clock_shm_stats s;

	clock_shm_get_stats(c, &s);
	printf("fired %" PRIu64 " reaped %" PRIu64 " stood %.3f s, longest %.3f s\n",
			s.fired, s.reaped, s.stood_ns * 1e-9, s.stood_max_ns * 1e-9);
	return 0;
}

/* Returns 0, -errno, or 1 for no such command. */
static int command(struct clock_shm *c, const char *name, const char *arg)
{
	if (strcmp(name, "now") == 0)
		printf("%" PRId64 "\n", clock_shm_now_ns(c));
	else if (strcmp(name, "fast") == 0 || strcmp(name, "real") == 0)
		clock_shm_set_fast(c, name[0] == 'f');
	else if (strcmp(name, "pause") == 0 || strcmp(name, "go") == 0)
		clock_shm_set_paused(c, name[0] == 'p');
	else if (strcmp(name, "pass") == 0 || strcmp(name, "wait") == 0)
		clock_shm_set_pass(c, name[0] == 'p');
	else if (strcmp(name, "settle") == 0)
		return settle(c);
	else if (strcmp(name, "stats") == 0)
		return print_stats(c);
	else if (arg == NULL)
		return 1;
	else if (strcmp(name, "run") == 0)
		return run(c, atof(arg));
	else if (strcmp(name, "watch") == 0 || strcmp(name, "unwatch") == 0)
		return clock_shm_watch(c, atoi(arg), name[0] == 'w');
	else if (strcmp(name, "exclude") == 0 || strcmp(name, "include") == 0)
		return clock_shm_exclude(c, atoi(arg), name[0] == 'e');
	else if (strcmp(name, "stall") == 0 || strcmp(name, "resume") == 0)
		return clock_shm_stall(c, atoi(arg), name[0] == 's');
	else
		return 1;
	return 0;
}

int main(int argc, char *argv[])
{
	struct clock_shm *c;
	int res;

	if (argc < 3) {
		fputs(usage, stderr);
		return 2;
	}
	if (strcmp(argv[2], "own") == 0)
		return own(argv[1]);
	if ((c = clock_shm_open(argv[1])) == NULL) {
		perror(argv[1]);
		return 1;
	}
	res = command(c, argv[2], argv[3]);
	clock_shm_close(c);
	if (res > 0)
		fputs(usage, stderr);
	else if (res < 0)
		fprintf(stderr, "room-clock: %s: %s\n", argv[2], strerror(-res));
	return res > 0 ? 2 : res < 0;
}
