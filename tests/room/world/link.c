/* The way of a stream through the air to a speaker */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sbc/sbc.h>

#include "world/link.h"

#define RTP_HEADER	13	/* with the byte that counts the frames */
#define FRAME_MAX	128	/* samples in an SBC frame */
#define TICK_NS		20000000LL

struct packet {
	int64_t sent_ns;
	int64_t done_ns;	/* 0: not yet on the air */
	uint32_t size;
	uint8_t data[LINK_MTU_MAX];
};

struct link {
	struct room_clock *clock;
	struct recorder *recorder;
	char *name;
	struct track *track;
	link_sound_t listener;
	void *listener_data;
	struct link_config config;
	struct link_stats stats;
	struct random random;
	struct speaker *speaker;

	int fd;
	bool has_codec;
	sbc_t sbc;
	struct packet queue[LINK_QUEUE_MAX];
	uint32_t first, n_queued;
	int64_t free_ns;	/* the air, again */
	int64_t last_ns;	/* the newest packet's arrival */
	uint32_t drop;
	uint8_t bitpool;	/* of the newest packet, 0: none yet */
};

static void on_sound(void *data, double t_ns, double period_ns, const float *frames, uint32_t n)
{
	struct link *link = data;

	track_add(link->track, t_ns, period_ns, frames, n);
	if (link->listener != NULL)
		link->listener(link->listener_data, t_ns, period_ns, frames, n);
}

static void on_event(void *data, int64_t t_ns, const char *event, double value_ms)
{
	struct link *link = data;

	recorder_event(link->recorder, t_ns, link->name, event, "\"msec\": %.6f", value_ms);
}

static const struct speaker_events speaker_events = {
	.sound = on_sound,
	.event = on_event,
};

struct link *link_new(struct room_clock *clock, struct recorder *recorder, const char *name,
		      struct track *track, const struct link_config *config,
		      const struct speaker_config *speaker, uint64_t seed)
{
	struct link *link;

	link = calloc(1, sizeof(*link));
	if (link == NULL)
		return NULL;
	link->fd = -1;
	link->clock = clock;
	link->recorder = recorder;
	link->track = track;
	link->config = *config;
	link->random.state = seed;
	link->name = strdup(name);
	link->speaker = speaker_new(speaker, seed ^ 0x5bd1e995, &speaker_events, link);
	if (link->name == NULL || link->speaker == NULL) {
		link_destroy(link);
		return NULL;
	}
	return link;
}

void link_destroy(struct link *link)
{
	if (link == NULL)
		return;
	if (link->fd >= 0)
		close(link->fd);
	if (link->has_codec)
		sbc_finish(&link->sbc);
	speaker_destroy(link->speaker);
	free(link->name);
	free(link);
}

void link_set_listener(struct link *link, link_sound_t listener, void *data)
{
	link->listener = listener;
	link->listener_data = data;
}

void link_configure(struct link *link, const struct link_config *config,
		    const struct speaker_config *speaker)
{
	link->config = *config;
	speaker_configure(link->speaker, room_clock_now_ns(link->clock), speaker);
}

static uint32_t configured_rate(const uint8_t *configuration)
{
	switch (configuration[0] & 0xf0) {
	case 0x10: return 48000;
	case 0x20: return 44100;
	case 0x40: return 32000;
	default: return 16000;
	}
}

int link_attach(struct link *link, int fd, const uint8_t *configuration, uint32_t size)
{
	int64_t now = room_clock_now_ns(link->clock);
	int res;

	link_detach(link, false);
	if (sbc_init_a2dp(&link->sbc, 0, configuration, size) < 0) {
		close(fd);
		return -EINVAL;
	}
	link->sbc.endian = SBC_LE;
	link->has_codec = true;
	link->bitpool = 0;
	if ((res = room_clock_watch(fd)) < 0) {
		close(fd);
		return res;
	}
	link->fd = fd;
	speaker_start(link->speaker, now, configured_rate(configuration));
	return 0;
}

void link_detach(struct link *link, bool cut)
{
	int64_t now = room_clock_now_ns(link->clock);

	link_process(link, now);
	if (cut)
		speaker_cut(link->speaker, now);
	else
		speaker_stop(link->speaker, now);
	if (link->fd >= 0) {
		shutdown(link->fd, SHUT_RDWR);
		close(link->fd);
	}
	link->fd = -1;
	link->n_queued = 0;
	if (link->has_codec)
		sbc_finish(&link->sbc);
	link->has_codec = false;
}

void link_stall(struct link *link, int64_t t_ns)
{
	if (link->free_ns < t_ns)
		link->free_ns = t_ns;
	/* What is on the air has to begin again. */
	if (link->n_queued > 0)
		link->queue[link->first].done_ns = 0;
}

void link_drop(struct link *link, uint32_t packets)
{
	link->drop += packets;
}

static bool is_lost(struct link *link)
{
	/* Drawn for every packet: what is dropped by hand must not move the rest. */
	bool lost = random_unit(&link->random) < link->config.loss;

	if (link->drop > 0) {
		link->drop--;
		lost = true;
	}
	return lost;
}

/* The third byte of a frame. It is lowered when the socket was full, and raised again. */
static void watch_bitpool(struct link *link, const struct packet *p)
{
	uint8_t bitpool = p->size > RTP_HEADER + 2 ? p->data[RTP_HEADER + 2] : link->bitpool;

	if (bitpool != link->bitpool)
		recorder_event(link->recorder, p->done_ns, link->name, "bitpool", "\"bitpool\": %u", bitpool);
	link->bitpool = bitpool;
}

static void deliver(struct link *link, const struct packet *p)
{
	float frames[2 * FRAME_MAX * 16];
	uint32_t n = 0, at = RTP_HEADER, count, rtp;
	uint16_t seq;

	if (p->size < RTP_HEADER)
		return;
	memcpy(&seq, p->data + 2, sizeof(seq));
	memcpy(&rtp, p->data + 4, sizeof(rtp));
	if (is_lost(link)) {
		link->stats.lost++;
		recorder_event(link->recorder, p->done_ns, link->name, "lost", "\"seq\": %u", ntohs(seq));
		return;
	}
	link->stats.packets++;
	watch_bitpool(link, p);
	for (count = p->data[12] & 0x0f; count > 0 && at < p->size; count--) {
		int16_t pcm[2 * FRAME_MAX];
		size_t written = 0, i, channels = link->sbc.mode == SBC_MODE_MONO ? 1 : 2;
		ssize_t used = sbc_decode(&link->sbc, p->data + at, p->size - at, pcm, sizeof(pcm), &written);

		if (used <= 0) {
			link->stats.corrupt++;
			recorder_event(link->recorder, p->done_ns, link->name, "corrupt", "\"seq\": %u",
				       ntohs(seq));
			break;
		}
		for (i = 0; i < written / sizeof(int16_t) / channels; i++, n++) {
			frames[2 * n] = pcm[channels * i] / 32768.0f;
			frames[2 * n + 1] = pcm[channels * i + channels - 1] / 32768.0f;
		}
		at += used;
	}
	if (n > 0)
		speaker_packet(link->speaker, p->done_ns, ntohl(rtp), frames, n);
}

/* \return whether there was something to read */
static bool receive(struct link *link)
{
	uint32_t index = (link->first + link->n_queued) % LINK_QUEUE_MAX;
	struct packet *p = &link->queue[index];
	uint8_t control[ROOM_CLOCK_CONTROL];
	struct iovec iov = { p->data, sizeof(p->data) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size;

	if (link->fd < 0 || link->n_queued >= link->config.queue_packets)
		return false;
	size = recvmsg(link->fd, &msg, MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (size <= 0) {
		/* The other end is closed. Who ends the stream is not decided here. */
		close(link->fd);
		link->fd = -1;
		return false;
	}
	p->sent_ns = room_clock_stamp_ns(link->clock, &msg);
	p->done_ns = 0;
	p->size = size;
	link->n_queued++;
	return true;
}

static void put_on_air(struct link *link, struct packet *p)
{
	int64_t start = p->sent_ns > link->free_ns ? p->sent_ns : link->free_ns;

	link->free_ns = start + (int64_t)(link->config.service_ms * 1e6);
	p->done_ns = link->free_ns + (int64_t)(random_unit(&link->random) * link->config.jitter_ms * 1e6);
	if (p->done_ns < link->last_ns)
		p->done_ns = link->last_ns;
}

int64_t link_process(struct link *link, int64_t now)
{
	int64_t next = ROOM_CLOCK_NEVER;
	bool more = true;

	while (more) {
		struct packet *p = &link->queue[link->first];

		more = false;
		while (receive(link))
			;
		if (link->n_queued == 0)
			break;
		if (p->done_ns == 0)
			put_on_air(link, p);
		/* A packet without service may carry a stamp after this cycle's time. */
		if (p->done_ns > now + LINK_KNOWN_NS || (p->done_ns > now && p->done_ns != p->sent_ns)) {
			next = p->done_ns;
			break;
		}
		link->last_ns = p->done_ns;
		deliver(link, p);
		link->first = (link->first + 1) % LINK_QUEUE_MAX;
		link->n_queued--;
		more = true;
	}
	link->stats.queued = link->n_queued;
	speaker_advance(link->speaker, now - LINK_KNOWN_NS);
	if (speaker_state(link->speaker) != SPEAKER_STOPPED && next > now + TICK_NS)
		next = now + TICK_NS;
	return next;
}

int link_fd(const struct link *link)
{
	return link->n_queued < link->config.queue_packets ? link->fd : -1;
}

struct speaker *link_speaker(struct link *link)
{
	return link->speaker;
}

const struct link_stats *link_stats(const struct link *link)
{
	return &link->stats;
}
