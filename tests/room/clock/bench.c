/* Daemons on the room's clock, for its tests */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock/bench.h"

#define LIMIT_MSEC	20000	/* for anything that is waited for */
#define RAMP		(1 << 23)

static const char config[] =
	"context.properties = { core.daemon = true core.name = pipewire-0\n"
	"  default.clock.rate = 48000 default.clock.quantum = 1024\n"
	"  default.clock.min-quantum = 1024 default.clock.max-quantum = 1024 }\n"
	"context.spa-libs = { audio.convert.* = audioconvert/libspa-audioconvert\n"
	"  audio.adapt = audioconvert/libspa-audioconvert\n"
	"  support.* = support/libspa-support }\n"
	"context.modules = [\n"
	"  { name = libpipewire-module-protocol-native }\n"
	"  { name = libpipewire-module-metadata }\n"
	"  { name = libpipewire-module-spa-node-factory }\n"
	"  { name = libpipewire-module-client-node }\n"
	"  { name = libpipewire-module-access }\n"
	"  { name = libpipewire-module-adapter }\n"
	"  { name = libpipewire-module-link-factory } ]\n"
	"context.objects = [\n"
	"  { factory = spa-node-factory args = { factory.name = support.node.driver\n"
	"      node.name = clock-driver node.group = clock-test priority.driver = 30000 } }\n"
	"  { factory = adapter args = { factory.name = support.null-audio-sink\n"
	"      node.name = clock-a media.class = Audio/Sink audio.position = [ MONO ]\n"
	"      node.group = clock-test } }\n"
	"  { factory = adapter args = { factory.name = support.null-audio-sink\n"
	"      node.name = clock-b media.class = Audio/Sink audio.position = [ MONO ]\n"
	"      node.group = clock-test } } ]\n";

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void on_report(void *data, const char *text)
{
	struct bench *b = data;

	snprintf(b->report, sizeof(b->report), "%s", text);
	atomic_fetch_add(&b->n_reports, 1);
	fprintf(stderr, "room clock: %s\n", text);
}

/*
 * A plugin that was built with the address sanitizer needs its library in the
 * daemon from the start. NULL: there is none, or it is part of our program.
 */
static const char *sanitizer_library(void)
{
	void *init = dlsym(RTLD_DEFAULT, "__asan_init");
	static Dl_info info;
	struct link_map *map;

	if (init == NULL || dladdr1(init, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 ||
	    map->l_name[0] == '\0')
		return NULL;
	return info.dli_fname;
}

const char *bench_hindrance(void)
{
	if (dlsym(RTLD_DEFAULT, "__tsan_init"))
		return "a daemon without the thread sanitizer cannot load a plugin with it";
	if (dlsym(RTLD_DEFAULT, "__asan_init") && sanitizer_library() == NULL)
		return "the address sanitizer is not a library here";
	return NULL;
}

static void set_environment(const struct bench *b)
{
	const char *sanitizer = sanitizer_library();
	char path[PATH_MAX];

	setenv("XDG_RUNTIME_DIR", b->dir, 1);
	setenv("XDG_CONFIG_HOME", b->dir, 1);
	setenv("XDG_STATE_HOME", b->dir, 1);
	setenv("HOME", b->dir, 1);
	setenv("PIPEWIRE_RUNTIME_DIR", b->dir, 1);
	unsetenv("PIPEWIRE_REMOTE");
	setenv("WIREPLUMBER_DEBUG", "E", 0);
	if (sanitizer) {
		setenv("LD_PRELOAD", sanitizer, 1);
		/* What the daemons leave at their end is not ours. */
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	}
	snprintf(path, sizeof(path), "%s/clock", b->dir);
	setenv(CLOCK_SHM_ENV, path, 1);
	setenv("SPA_SUPPORT_LIB", CLOCK_PLUGIN, 1);
	setenv("SPA_PLUGIN_DIR", CLOCK_PLUGIN_DIR ":" SPA_PLUGIN_DIR_DEFAULT, 1);
}

void bench_init(struct bench *b, double report_sec)
{
	struct clock_owner_options options = {
		.paused = true, .report_sec = report_sec, .report = on_report, .data = b
	};
	char path[PATH_MAX];
	FILE *f;

	memset(b, 0, sizeof(*b));
	snprintf(b->dir, sizeof(b->dir), "/tmp/room-clock-XXXXXX");
	if (mkdtemp(b->dir) == NULL)
		fail("mkdtemp");
	snprintf(path, sizeof(path), "%s/pipewire.conf", b->dir);
	if ((f = fopen(path, "w")) == NULL || fputs(config, f) < 0 || fclose(f) != 0)
		fail(path);
	snprintf(path, sizeof(path), "%s/clock", b->dir);
	if ((b->owner = clock_owner_new(path, &options)) == NULL ||
	    (b->clock = clock_shm_open(path)) == NULL ||
	    (b->runner = clock_participant_new(b->clock, "runner")) == NULL)
		fail("clock");
	clock_shm_set_fast(b->clock, true);
	clock_shm_set_paused(b->clock, false);
	set_environment(b);
}

static void remove_dir(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)) != NULL) {
		char path[PATH_MAX];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (unlink(path) < 0)
			remove_dir(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

void bench_finish(struct bench *b)
{
	while (b->n_pids > 0)
		bench_end(b, b->pids[b->n_pids - 1], SIGTERM);
	clock_participant_destroy(b->runner);
	clock_shm_close(b->clock);
	clock_owner_destroy(b->owner);
	if (getenv("ROOM_CLOCK_KEEP") == NULL)
		remove_dir(b->dir);
}

pid_t bench_start(struct bench *b, int *out_fd, char *const argv[])
{
	int fds[2] = { -1, -1 };
	pid_t pid;

	if (out_fd && pipe2(fds, O_CLOEXEC) < 0)
		fail("pipe");
	if ((pid = fork()) < 0)
		fail("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (out_fd)
			dup2(fds[1], STDOUT_FILENO);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (out_fd) {
		close(fds[1]);
		*out_fd = fds[0];
	}
	b->pids[b->n_pids++] = pid;
	/* From its first instruction on, not only when it has come to the clock. */
	clock_shm_watch(b->clock, pid, true);
	return pid;
}

int bench_end(struct bench *b, pid_t pid, int signal)
{
	int i, status = 0, waited = 0;

	/* Its end is real: time goes on, or stands where somebody else holds it. */
	kill(pid, signal);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (waited++ == LIMIT_MSEC) {
			fprintf(stderr, "bench: process %d does not end\n", (int)pid);
			kill(pid, SIGKILL);
		}
		usleep(1000);
	}
	clock_shm_watch(b->clock, pid, false);
	for (i = 0; i < b->n_pids; i++)
		if (b->pids[i] == pid)
			b->pids[i--] = b->pids[--b->n_pids];
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void wait_readable(int fd, const char *what)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, LIMIT_MSEC) == 1)
		return;
	fprintf(stderr, "bench: waited %d s for %s\n", LIMIT_MSEC / 1000, what);
	exit(1);
}

pid_t bench_start_pipewire(struct bench *b)
{
	char conf[PATH_MAX], socket[PATH_MAX], events[4096];
	int fd = inotify_init1(IN_CLOEXEC);
	pid_t pid;

	snprintf(conf, sizeof(conf), "%s/pipewire.conf", b->dir);
	snprintf(socket, sizeof(socket), "%s/pipewire-0", b->dir);
	if (fd < 0 || inotify_add_watch(fd, b->dir, IN_CREATE) < 0)
		fail("inotify");
	pid = bench_start(b, NULL, (char *[]) { "pipewire", "-c", conf, NULL });
	while (access(socket, F_OK) < 0) {
		wait_readable(fd, "pipewire's socket");
		if (read(fd, events, sizeof(events)) < 0)
			fail("inotify");
	}
	close(fd);
	return pid;
}

pid_t bench_start_peer(struct bench *b, const char *file, int seconds)
{
	char n[16], line[16] = "";
	int fd;
	pid_t pid;

	snprintf(n, sizeof(n), "%d", seconds);
	pid = bench_start(b, &fd, (char *[]) { CLOCK_PEER, (char *)file, n, NULL });
	wait_readable(fd, "the links");
	if (read(fd, line, sizeof(line) - 1) <= 0 || strncmp(line, "linked", 6) != 0) {
		fprintf(stderr, "bench: the peer did not link\n");
		exit(1);
	}
	close(fd);
	return pid;
}

void bench_run(struct bench *b, double seconds)
{
	struct epoll_event ev;
	int64_t until = clock_shm_now_ns(b->clock) + (int64_t)(seconds * 1e9);

	if (clock_participant_wait(b->runner, until, &ev, 1) < 0)
		fail("wait");
}

bool bench_ramp_is_whole(const char *file, uint32_t *first, uint32_t *last, uint64_t *hash)
{
	FILE *f = fopen(file, "r");
	uint32_t n = 0, expected = 0;
	bool whole = true;
	float v;

	*first = *last = 0;
	*hash = UINT64_C(14695981039346656037);
	while (f && fread(&v, sizeof(v), 1, f) == 1) {
		uint32_t bits, step = (uint32_t)(v * RAMP);

		memcpy(&bits, &v, sizeof(bits));
		*hash = (*hash ^ bits) * UINT64_C(1099511628211);
		if (step != 0 && expected == 0)
			*first = n;
		if (expected != 0 && step != expected) {
			if (whole)
				printf("# sample %u is step %u, not %u\n", n, step, expected);
			whole = false;
		}
		if (step != 0) {
			expected = step + 1;
			*last = n;
		}
		n++;
	}
	if (f)
		fclose(f);
	return whole && expected > 0;
}
