/* Is the unmodified PipeWire deterministic on the room's clock? */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "clock/bench.h"

#define SECONDS		20
#define RATE		48000
#define QUANTUM		1024
#define STOP_MSEC	50
#define N_TROUBLES	3	/* each other ones; the scene trouble stages more of them */

static double wall_sec(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* Trouble */

static pid_t start_hog(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		;
}

static void stop_hog(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Stops this program and all or some that it has started for 50 ms, again and again, until `fd` is closed. */
static void stop_at_random(const struct bench *b, int fd, unsigned int seed)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t parent = getppid();
	int i, n = 0;

	while (poll(&p, 1, rand_r(&seed) % 10) == 0) {
		bool all = rand_r(&seed) % 2;

		for (i = 0; i < b->n_pids; i++)
			if (all || rand_r(&seed) % 2)
				kill(b->pids[i], SIGSTOP);
		if (all)
			kill(parent, SIGSTOP);
		usleep(STOP_MSEC * 1000);
		kill(parent, SIGCONT);
		n++;
		for (i = 0; i < b->n_pids; i++)
			kill(b->pids[i], SIGCONT);
	}
	_exit(n);
}

static pid_t start_stops(const struct bench *b, int *fd, unsigned int seed)
{
	int fds[2];
	pid_t pid;

	g_assert_cmpint(pipe(fds), ==, 0);
	if ((pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[1]);
		stop_at_random(b, fds[0], seed);
	}
	close(fds[0]);
	*fd = fds[1];
	return pid;
}

static void end_stops(pid_t pid, int fd)
{
	int status;

	close(fd);
	waitpid(pid, &status, 0);
	g_test_message("%d stops", WEXITSTATUS(status));
}

/* The ramp */

struct outcome {
	uint64_t hash;
	uint32_t samples;
	double wall_sec;
};

static struct outcome play_ramp(int n_hogs, unsigned int stops)
{
	struct outcome o = { 0 };
	struct bench b;
	char file[128];
	uint32_t first, last;
	pid_t hogs[4], peer, stopper = 0;
	int i, fd = -1;

	bench_init(&b, 10.0);
	for (i = 0; i < n_hogs; i++)
		hogs[i] = start_hog();
	snprintf(file, sizeof(file), "%s/kept", b.dir);
	bench_start_pipewire(&b);
	peer = bench_start_peer(&b, file, SECONDS + 1);
	if (stops)
		stopper = start_stops(&b, &fd, stops);
	o.wall_sec = wall_sec();
	bench_run(&b, SECONDS);
	o.wall_sec = wall_sec() - o.wall_sec;
	if (stopper)
		end_stops(stopper, fd);
	g_assert_cmpint(bench_end(&b, peer, SIGTERM), ==, 0);
	g_assert_true(bench_ramp_is_whole(file, &first, &last, &o.hash));
	o.samples = last + 1 - first;
	g_assert_cmpint(b.n_reports, ==, 0);
	bench_finish(&b);
	for (i = 0; i < n_hogs; i++)
		stop_hog(hogs[i]);
	return o;
}

static void test_whole(void)
{
	struct outcome o = play_ramp(0, 0);

	g_test_message("%d s in %.3f s: %.0f times real speed", SECONDS, o.wall_sec,
			SECONDS / o.wall_sec);
	g_assert_cmpint(o.samples, ==, (SECONDS * RATE / QUANTUM + 1) * QUANTUM);
}

static void test_same(void)
{
	struct outcome quiet = play_ramp(0, 0);
	unsigned int i;

	for (i = 1; i <= N_TROUBLES; i++) {
		struct outcome o = play_ramp(2, i);

		g_test_message("two busy loops, all stopped for %d ms at random: %.3f s",
				STOP_MSEC, o.wall_sec);
		g_assert_cmpuint(o.hash, ==, quiet.hash);
		g_assert_cmpint(o.samples, ==, quiet.samples);
	}
}

static void test_killed(void)
{
	struct bench b;
	char file[128];
	pid_t peer;

	bench_init(&b, 10.0);
	snprintf(file, sizeof(file), "%s/kept", b.dir);
	bench_start_pipewire(&b);
	peer = bench_start_peer(&b, file, SECONDS + 1);
	bench_run(&b, 2.0);
	clock_participant_away(b.runner);
	g_assert_cmpint(bench_end(&b, peer, SIGKILL), ==, 128 + SIGKILL);
	clock_participant_back(b.runner);
	bench_run(&b, SECONDS);
	g_assert_cmpint(b.n_reports, ==, 0);
	bench_finish(&b);
}

/* The client is stopped, the graph goes on without it: then it plays and records again. */
static void test_staged(void)
{
	uint32_t first, last;
	uint64_t hash, last_hash = 0;
	struct bench b;
	char file[128];
	pid_t peer;
	int i;

	for (i = 0; i < 3; i++) {
		bench_init(&b, 10.0);
		snprintf(file, sizeof(file), "%s/kept", b.dir);
		bench_start_pipewire(&b);
		peer = bench_start_peer(&b, file, SECONDS + 1);
		bench_run(&b, 5.005);
		g_assert_cmpint(clock_shm_stall(b.clock, peer, true), ==, 0);
		bench_run(&b, 0.4);
		g_assert_cmpint(clock_shm_stall(b.clock, peer, false), ==, 0);
		bench_run(&b, 5.0);
		g_assert_cmpint(bench_end(&b, peer, SIGTERM), ==, 0);
		bench_ramp_is_whole(file, &first, &last, &hash);
		/* 10 s were kept and 0.4 s, to the cycle, are missing in between. */
		g_assert_cmpint(abs((int)(last + 1 - first) - 10 * RATE), <=, 2 * QUANTUM);
		if (i > 0)
			g_assert_cmpuint(hash, ==, last_hash);
		last_hash = hash;
		bench_finish(&b);
	}
}

static void test_real(void)
{
	struct clock_shm_stats stats;
	uint32_t first, last;
	struct bench b;
	char file[128];
	uint64_t hash;
	double sec;
	pid_t peer;

	bench_init(&b, 10.0);
	clock_shm_set_fast(b.clock, false);
	snprintf(file, sizeof(file), "%s/kept", b.dir);
	bench_start_pipewire(&b);
	peer = bench_start_peer(&b, file, SECONDS + 1);
	sec = wall_sec();
	bench_run(&b, 2.0);
	sec = wall_sec() - sec;
	clock_shm_get_stats(b.clock, &stats);
	g_test_message("2 s took %.3f s, %.3f s of them stalls", sec, stats.stood_ns * 1e-9);
	g_assert_cmpfloat(sec, >=, 1.99);
	g_assert_cmpint(bench_end(&b, peer, SIGTERM), ==, 0);
	g_assert_true(bench_ramp_is_whole(file, &first, &last, &hash));
	g_assert_cmpint(last + 1 - first, ==, (2 * RATE / QUANTUM + 1) * QUANTUM);
	bench_finish(&b);
}

/* A whole session: WirePlumber links pw-play and pw-record */

static void write_noise(const char *file)
{
	uint32_t n = (SECONDS + 2) * RATE, i, state = 1;
	struct {
		char riff[4]; uint32_t size; char wave[8]; uint32_t fmt_size;
		uint16_t format, channels; uint32_t rate, bytes; uint16_t align, bits;
		char data[4]; uint32_t data_size;
	} header = {
		{ 'R', 'I', 'F', 'F' }, 36 + 2 * n, { 'W', 'A', 'V', 'E', 'f', 'm', 't', ' ' },
		16, 1, 1, RATE, 2 * RATE, 2, 16, { 'd', 'a', 't', 'a' }, 2 * n
	};
	FILE *f = fopen(file, "w");

	G_STATIC_ASSERT(sizeof(header) == 44);
	memcpy(header.riff, "RIFF", 4);
	g_assert_cmpint(fwrite(&header, sizeof(header), 1, f), ==, 1);
	for (i = 0; i < n; i++) {
		int16_t v = (state = state * 1664525u + 1013904223u) >> 16;
		g_assert_cmpint(fwrite(&v, sizeof(v), 1, f), ==, 1);
	}
	fclose(f);
}

/* Of noise, one byte in 256. */
static int count_zeros(const char *data, gsize size)
{
	int n = 0;
	gsize i;

	for (i = 0; i < size; i++)
		n += data[i] == 0;
	return n;
}

static char *play_session(int n_hogs, unsigned int stops, double *sec)
{
	char in[128], out[128], *data, *sum;
	pid_t hogs[4], record, stopper = 0;
	struct bench b;
	gsize size;
	int i, fd = -1;

	bench_init(&b, 10.0);
	for (i = 0; i < n_hogs; i++)
		hogs[i] = start_hog();
	snprintf(in, sizeof(in), "%s/in.wav", b.dir);
	snprintf(out, sizeof(out), "%s/out.wav", b.dir);
	write_noise(in);
	bench_start_pipewire(&b);
	bench_start(&b, NULL, (char *[]) { "wireplumber", "-p", "policy", NULL });
	clock_participant_settle(b.runner);
	/* Both do their work in their main loops. */
	setenv(CLOCK_SHM_ENV_LOOPS, "data", 1);
	bench_start(&b, NULL, (char *[]) { "pw-play", "--target", "clock-a", in, NULL });
	clock_participant_settle(b.runner);
	record = bench_start(&b, NULL, (char *[]) { "pw-record", "--target", "clock-a",
			"-P", "{ stream.capture.sink = true }", out, NULL });
	unsetenv(CLOCK_SHM_ENV_LOOPS);
	clock_participant_settle(b.runner);
	if (stops)
		stopper = start_stops(&b, &fd, stops);
	*sec = wall_sec();
	bench_run(&b, SECONDS);
	*sec = wall_sec() - *sec;
	if (stopper)
		end_stops(stopper, fd);
	bench_end(&b, record, SIGTERM);
	g_assert_true(g_file_get_contents(out, &data, &size, NULL));
	g_assert_cmpint(size, >=, (SECONDS * RATE - 4 * QUANTUM) * 2);
	g_assert_cmpint(count_zeros(data, size), <, (int)size / 20);
	sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)data, size);
	g_free(data);
	g_assert_cmpint(b.n_reports, ==, 0);
	bench_finish(&b);
	for (i = 0; i < n_hogs; i++)
		stop_hog(hogs[i]);
	return sum;
}

static void test_session(void)
{
	char *quiet, *busy, *program = g_find_program_in_path("wireplumber");
	double sec;
	unsigned int i;

	if (program == NULL) {
		g_test_skip("wireplumber is not installed");
		return;
	}
	g_free(program);
	quiet = play_session(0, 0, &sec);
	g_test_message("%d s in %.3f s: %.0f times real speed", SECONDS, sec, SECONDS / sec);
	for (i = 1; i <= N_TROUBLES; i++) {
		busy = play_session(2, i, &sec);
		g_test_message("two busy loops, all stopped for %d ms at random: %.3f s", STOP_MSEC, sec);
		g_assert_cmpstr(busy, ==, quiet);
		g_free(busy);
	}
	g_free(quiet);
}

int main(int argc, char *argv[])
{
	static const char *const programs[] = { "pipewire", "pw-play", "pw-record" };
	unsigned int i;

	if (bench_hindrance()) {
		printf("1..0 # SKIP %s\n", bench_hindrance());
		return 0;
	}
	for (i = 0; i < G_N_ELEMENTS(programs); i++) {
		char *path = g_find_program_in_path(programs[i]);

		if (path == NULL) {
			printf("1..0 # SKIP %s is not installed\n", programs[i]);
			return 0;
		}
		g_free(path);
	}
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/clock/pipewire/a ramp through two sinks is whole", test_whole);
	g_test_add_func("/clock/pipewire/the same bits under busy loops and random stops", test_same);
	g_test_add_func("/clock/pipewire/a client that is killed does not hold time", test_killed);
	g_test_add_func("/clock/pipewire/a staged stall repeats to the bit", test_staged);
	g_test_add_func("/clock/pipewire/real speed is not exceeded", test_real);
	g_test_add_func("/clock/pipewire/a whole session repeats to the bit", test_session);
	return g_test_run();
}
