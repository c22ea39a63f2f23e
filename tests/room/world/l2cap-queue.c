/* What a socket of the room says of its queue: as one of L2CAP does */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Loaded before libc in the process of the Bluetooth nodes (LD_PRELOAD). A speaker's socket is of AF_UNIX here. What
 * one takes is decided by the same function of the kernel, sock_alloc_send_pskb(), from the same SO_SNDBUF
 * and the same sizes. But asked how full it is (TIOCOUTQ), AF_UNIX tells what is queued, and L2CAP
 * what is free (bt_sock_ioctl()): SO_SNDBUF less that, and nothing less than 0. bluez5 raises a lowered bitpool when all is
 * free, which would never be the case here.
 */
static int is_packets(int fd)
{
	int type = 0, domain = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET &&
		getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

__attribute__((visibility("default")))
int ioctl(int fd, unsigned long request, ...)
{
	int res, saved, room = 0;
	socklen_t size = sizeof(room);
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	res = (int)syscall(SYS_ioctl, fd, request, arg);
	if (request != TIOCOUTQ || res < 0)
		return res;
	saved = errno;
	if (is_packets(fd) && getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &size) == 0) {
		int *value = arg;

		*value = room > *value ? room - *value : 0;
	}
	errno = saved;
	return res;
}
