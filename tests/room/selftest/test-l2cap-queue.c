/* Test of what a speaker's socket says of its queue */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

/* The ioctl() of world/l2cap-queue.c is linked into this program. */
#define MTU	672

static int free_bytes(int fd)
{
	int value = -1;

	g_assert_cmpint(ioctl(fd, TIOCOUTQ, &value), ==, 0);
	return value;
}

static int capacity(int fd)
{
	int value = 0;
	socklen_t size = sizeof(value);

	g_assert_cmpint(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &size), ==, 0);
	return value;
}

static void open_pair(int type, int fds[2])
{
	int size = 4 * MTU;	/* as bluez5 asks */

	g_assert_cmpint(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==, 0);
	g_assert_cmpint(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), ==, 0);
}

static void test_free(void)
{
	static const char packet[MTU];
	char got[MTU];
	int fds[2], before, after, n = 0;

	open_pair(SOCK_SEQPACKET, fds);
	before = free_bytes(fds[0]);
	g_assert_cmpint(before, ==, capacity(fds[0]));
	while (send(fds[0], packet, sizeof(packet) - 40, MSG_DONTWAIT) > 0) {
		/* what bluez5 would take for room is there: none is dropped before it says 0 */
		g_assert_cmpint(before, >, 0);
		after = free_bytes(fds[0]);
		g_assert_cmpint(after, <, before);
		before = after;
		n++;
	}
	g_assert_cmpint(errno, ==, EAGAIN);
	g_assert_cmpint(free_bytes(fds[0]), ==, 0);
	g_test_message("%d packets fit", n);
	g_assert_cmpint(n, >, 1);
	while (n-- > 0)
		g_assert_cmpint(recv(fds[1], got, sizeof(got), MSG_DONTWAIT), >, 0);
	g_assert_cmpint(free_bytes(fds[0]), ==, capacity(fds[0]));
	close(fds[0]);
	close(fds[1]);
}

static void test_others(void)
{
	int fds[2], pipes[2], queued = -1;

	open_pair(SOCK_STREAM, fds);
	g_assert_cmpint(free_bytes(fds[0]), ==, 0);
	g_assert_cmpint(write(fds[0], "abc", 3), ==, 3);
	g_assert_cmpint(ioctl(fds[1], FIONREAD, &queued), ==, 0);
	g_assert_cmpint(queued, ==, 3);
	g_assert_cmpint(pipe(pipes), ==, 0);
	errno = 0;
	g_assert_cmpint(ioctl(pipes[1], TIOCOUTQ, &queued), ==, -1);
	g_assert_cmpint(errno, ==, ENOTTY);
	close(pipes[0]);
	close(pipes[1]);
	close(fds[0]);
	close(fds[1]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/l2cap-queue/what_is_free_is_told_until_nothing_fits", test_free);
	g_test_add_func("/l2cap-queue/other_sockets_answer_as_ever", test_others);
	return g_test_run();
}
