/* A recording that is still being written */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <unistd.h>

#include "listen/tape.h"

#define FRAME	(2 * (int64_t)sizeof(float))
#define HEADER	256	/* more than libsndfile writes before the samples */
#define BLOCK	4096

int tape_open(struct tape *t, const char *path)
{
	*t = (struct tape) { .fd = open(path, O_RDWR | O_CLOEXEC) };
	if (t->fd >= 0)
		return 0;
	t->fd = 0;
	return -errno;
}

void tape_close(struct tape *t)
{
	if (t->fd > 0)
		close(t->fd);
	*t = (struct tape) { 0 };
}

static int find_samples(struct tape *t)
{
	char header[HEADER];
	ssize_t n = pread(t->fd, header, sizeof(header), 0);

	for (ssize_t i = 12; i + 8 <= n; i++)
		if (memcmp(&header[i], "data", 4) == 0) {
			t->offset = i + 8;
			return 0;
		}
	return -ENODATA;
}

int tape_read(struct tape *t, int64_t from, int64_t to, float *frames)
{
	char *end = (char *)frames + (to - from) * FRAME, *p = (char *)frames;
	int res;

	memset(frames, 0, (to - from) * FRAME);
	if (t->offset == 0 && (res = find_samples(t)) < 0)
		return res;
	while (p < end) {
		ssize_t n = pread(t->fd, p, end - p, t->offset + from * FRAME + (p - (char *)frames));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		p += n > 0 ? n : 0;
	}
	return 0;
}

void tape_forget(struct tape *t, int64_t before)
{
	/* the header stays */
	int64_t end = (t->offset + before * FRAME) / BLOCK * BLOCK;

	if (t->offset > 0 && end > BLOCK)
		(void)fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, BLOCK, end - BLOCK);
}
