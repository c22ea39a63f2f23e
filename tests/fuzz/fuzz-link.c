/* Fuzz target: the packets that a speaker of the room receives */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/*
 * The input is two bytes for the speaker's model and the codec's configuration,
 * and then packets: a byte for the time that passes, two for the length, and what
 * is in it.
 */

#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sbc/sbc.h>

#include "fuzz.h"
#include "world/link.h"

#define PACKETS_MAX	64

static int64_t now_ns;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static int64_t clock_now(struct room_clock *clock)
{
	return now_ns;
}

static int64_t clock_stamp(struct room_clock *clock, struct msghdr *msg)
{
	return now_ns;
}

static const struct room_clock_ops clock_ops = {
	.now = clock_now,
	.stamp = clock_stamp,
};

/* In place of what writes files */
int room_clock_watch(int fd)
{
	return 0;
}

void recorder_event(struct recorder *recorder, int64_t t_ns, const char *device, const char *event,
		    const char *fields, ...)
{
	fuzz_check(device != NULL && event != NULL);
}

void track_add(struct track *track, double t_ns, double period_ns, const float *frames, uint32_t n_frames)
{
	uint32_t i;

	fuzz_check(isfinite(t_ns) && isfinite(period_ns) && period_ns > 0.0);
	for (i = 0; i < 2 * n_frames; i++)
		fuzz_check(fabsf(frames[i]) <= 1.0f);
}

static void send_packets(struct link *link, struct fuzz_input *in, int fd)
{
	uint8_t data[LINK_MTU_MAX];
	uint32_t n, size;

	for (n = 0; n < PACKETS_MAX && in->size > 0; n++) {
		now_ns += fuzz_u8(in) * 1000000;
		size = fuzz_u8(in);
		size |= fuzz_u8(in) << 8;
		size = size % sizeof(data);
		if (size > in->size)
			size = in->size;
		memcpy(data, in->data, size);
		in->data += size;
		in->size -= size;
		if (send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
		link_process(link, now_ns);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct room_clock clock = { .ops = &clock_ops };
	struct fuzz_input in = { data, size };
	uint32_t model = fuzz_u8(&in), codec = fuzz_u8(&in);
	const struct link_config config = { .queue_packets = 8, .loss = model & 0x40 ? 0.1 : 0.0 };
	const struct speaker_config speaker = {
		.model = (model & 15) % SPEAKER_N_MODELS,
		.start = (model >> 4 & 1) ? SPEAKER_START_FIRST : SPEAKER_START_LEVEL,
		.latency_ms = 50.0,
		.gain = 1.0,
	};
	const uint8_t configuration[4] = { codec, 0x15, 2, 53 };
	struct link *link;
	int fds[2];

	now_ns = 1000000000;
	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	link = link_new(&clock, NULL, "speaker", NULL, &config, &speaker, 1);
	fuzz_check(link != NULL);
	if (link_attach(link, fds[0], configuration, sizeof(configuration)) == 0) {
		send_packets(link, &in, fds[1]);
		now_ns += 100000000;
		link_process(link, now_ns);
		link_detach(link, model & 0x80);
	}
	link_destroy(link);
	close(fds[1]);
	return 0;
}
