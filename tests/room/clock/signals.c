/* Signals for loops that another process looks at */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock/signals.h"

/*
 * Whether a signalfd is ready depends on who asks: it shows the signals of the
 * asking process. When the owner of the clock asks an epoll set that has one,
 * the kernel finds it not ready and takes it off the set's list, and the
 * signal is lost on the loop. So a thread of the process itself
 * waits for the signal, and the loop gets a pipe.
 */
struct forward {
	int signal_fd;
	int pipe_fd;			/**< its end for writing */
};

static void *forward_run(void *data)
{
	struct forward *f = data;
	struct pollfd fds[2] = {
		{ .fd = f->signal_fd, .events = POLLIN },
		{ .fd = f->pipe_fd },	/* POLLERR when the other end is closed */
	};
	struct signalfd_siginfo info;

	for (;;) {
		int number;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			break;
		if (read(f->signal_fd, &info, sizeof(info)) != sizeof(info))
			continue;
		number = info.ssi_signo;
		if (write(f->pipe_fd, &number, sizeof(number)) < 0)
			break;
	}
	close(f->signal_fd);
	close(f->pipe_fd);
	free(f);
	return NULL;
}

static int forward_start(struct forward *f)
{
	sigset_t all, before;
	pthread_t thread;
	int res;

	/* It inherits the mask: no handler of the program runs here, and no SIGPIPE. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	res = pthread_create(&thread, NULL, forward_run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (res == 0)
		pthread_detach(thread);
	return -res;
}

int clock_signal_open(int signal, bool cloexec, bool nonblock)
{
	struct forward *f = calloc(1, sizeof(*f));
	int fds[2] = { -1, -1 }, res;
	sigset_t mask;

	if (f == NULL)
		return -errno;
	sigemptyset(&mask);
	sigaddset(&mask, signal);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	f->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signal_fd < 0 || pipe2(fds, O_CLOEXEC) < 0) {
		res = -errno;
		goto error;
	}
	f->pipe_fd = fds[1];
	if ((!cloexec && fcntl(fds[0], F_SETFD, 0) < 0) ||
	    (nonblock && fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)) {
		res = -errno;
		goto error;
	}
	if ((res = forward_start(f)) < 0)
		goto error;
	return fds[0];

error:
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	if (f->signal_fd >= 0)
		close(f->signal_fd);
	free(f);
	return res;
}
