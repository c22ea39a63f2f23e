/* Child processes that do not outlive us */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "stage/process.h"

/* Between fork and exec: only what is safe with the parent's threads about */
static void become(const char *file, const char *const *argv, char **env, int log, int out,
		   pid_t parent, int flags)
{
	struct sched_param param = { .sched_priority = 20 };
	struct rlimit rt = { 99, 99 };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	/* the terminal's input is for its foreground group only */
	if (!(flags & PROCESS_VISIBLE))
		setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* what a desktop's limits.d gives to its users; root needs none */
	setrlimit(RLIMIT_RTPRIO, &rt);
	if (flags & PROCESS_REALTIME)
		sched_setscheduler(0, SCHED_FIFO, &param);
	if (!(flags & PROCESS_VISIBLE)) {
		dup2(log, 2);
		dup2(out >= 0 ? out : log, 1);
	}
	execve(file, (char *const *)argv, env);
	_exit(127);
}

int process_start(struct process *p, const char *name, const char *dir,
		  const char *const *argv, char **env, int flags)
{
	g_autofree char *file = g_find_program_in_path(argv[0]);
	pid_t parent = getpid();
	int log, fds[2] = { -1, -1 }, res = 0;

	*p = (struct process) { .pidfd = -1, .out = -1 };
	p->name = g_strdup(name);
	p->log = g_strdup_printf("%s/%s.log", dir, name);
	if (file == NULL)
		return -ENOENT;
	log = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0)
		return -errno;
	if ((flags & PROCESS_PIPE_OUT) && pipe2(fds, O_CLOEXEC) < 0) {
		res = -errno;
		goto done;
	}
	if ((p->pid = fork()) < 0) {
		res = -errno;
		p->pid = 0;
		goto done;
	}
	if (p->pid == 0)
		become(file, argv, env, log, fds[1], parent, flags);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	p->out = fds[0];
	fds[0] = -1;
done:
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	close(log);
	return res;
}

bool process_ended(struct process *p)
{
	if (p->pid > 0 && waitpid(p->pid, &p->status, WNOHANG) == p->pid) {
		p->pid = 0;
		p->ended = true;
	}
	return p->ended;
}

char *process_read_line(struct process *p, int ms)
{
	GString *line = g_string_new(NULL);
	int64_t end = g_get_monotonic_time() + ms * 1000LL;
	char c;

	for (;;) {
		struct pollfd fd = { .fd = p->out, .events = POLLIN };
		int64_t left = (end - g_get_monotonic_time()) / 1000;

		if (left < 0 || poll(&fd, 1, (int)left) <= 0 || read(p->out, &c, 1) != 1) {
			g_string_free(line, TRUE);
			return NULL;
		}
		if (c == '\n')
			return g_string_free(line, FALSE);
		g_string_append_c(line, c);
	}
}

void process_signal(struct process *p, int sig)
{
	if (!process_ended(p) && p->pid > 0)
		kill(p->pid, sig);
}

void process_stop(struct process *p, int ms)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };

	if (p->pid > 0 && !process_ended(p)) {
		kill(p->pid, SIGTERM);
		kill(p->pid, SIGCONT);
		if (fd.fd < 0 || poll(&fd, 1, ms) <= 0)
			kill(p->pid, SIGKILL);
		waitpid(p->pid, &p->status, 0);
		p->pid = 0;
		p->ended = true;
	}
}

void process_finish(struct process *p)
{
	process_stop(p, 2000);
	if (p->pidfd > 0)
		close(p->pidfd);
	if (p->out > 0)
		close(p->out);
	g_free(p->name);
	g_free(p->log);
	*p = (struct process) { .pidfd = -1, .out = -1 };
}

void process_print_tail(const struct process *p, int lines)
{
	g_autofree char *text = NULL;
	size_t size, at;

	if (p->log == NULL || !g_file_get_contents(p->log, &text, &size, NULL))
		return;
	for (at = size; at > 0 && lines >= 0; at--)
		if (text[at - 1] == '\n' && lines-- == 0)
			break;
	fprintf(stderr, "--- %s%s\n%s", p->log, p->ended ? " (ended)" : "", text + at);
}
