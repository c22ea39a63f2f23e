/* An Echo: a WAV, encoded and sent by its own clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sbc/sbc.h>
#include <sndfile.h>

#include "listen/sinc.h"
#include "world/echo.h"

#define RTP_HEADER	13	/* with the byte that counts the frames */
#define FRAMES_MAX	15	/* that byte has four bits for it */
#define BURST_ODDS	16	/* one packet in so many begins a burst */

const char * const echo_jitter_names[ECHO_N_JITTERS] = { "uniform", "burst" };

struct echo {
	struct echo_config config;
	struct random random;

	int16_t *pcm;		/* stereo, at config.rate */
	uint64_t n_pcm, at;	/* in frames */
	uint64_t packet_at;	/* where the packet that is ready begins */

	sbc_t sbc;
	bool streaming, ready;
	uint32_t codesize, frames_per_packet;
	uint16_t seq;
	uint32_t rtp;
	double next_ns;		/* nominal time of the next packet's first sample */
	int64_t held_ns;	/* packets of a burst wait until then */
	int64_t last_ns;
	struct echo_packet packet;
};

static float *read_file(const char *path, uint64_t *n_frames, uint32_t *rate, char **error)
{
	SF_INFO info = { 0 };
	SNDFILE *file = sf_open(path, SFM_READ, &info);
	float *in = NULL, *out = NULL;
	sf_count_t i, n;

	if (file == NULL) {
		if (asprintf(error, "%s: %s", path, sf_strerror(NULL)) < 0)
			*error = NULL;
		return NULL;
	}
	in = calloc((size_t)info.frames * info.channels + 1, sizeof(float));
	out = calloc((size_t)info.frames * 2 + 2 * SINC_TAPS, sizeof(float));
	if (in == NULL || out == NULL || info.frames == 0) {
		if (asprintf(error, "%s: %s", path, info.frames == 0 ? "empty" : strerror(ENOMEM)) < 0)
			*error = NULL;
		free(out);
		out = NULL;
		goto done;
	}
	n = sf_readf_float(file, in, info.frames);
	for (i = 0; i < n; i++) {
		out[2 * i] = in[i * info.channels];
		out[2 * i + 1] = in[i * info.channels + (info.channels > 1 ? 1 : 0)];
	}
	*n_frames = n;
	*rate = info.samplerate;
done:
	sf_close(file);
	free(in);
	return out;
}

static int16_t to_s16(float v)
{
	return (int16_t)lrintf(fmaxf(-32768.0f, fminf(32767.0f, v * 32768.0f)));
}

static int load(struct echo *echo, const char *path, char **error)
{
	uint32_t rate = 0;
	uint64_t n = 0, i;
	float *in, *padded;
	double step;

	in = read_file(path, &n, &rate, error);
	if (in == NULL)
		return -EIO;
	step = (double)rate / echo->config.rate;
	echo->n_pcm = (uint64_t)floor(n / step);
	echo->pcm = calloc(2 * echo->n_pcm + 2, sizeof(int16_t));
	padded = calloc(2 * (n + 2 * SINC_TAPS), sizeof(float));
	if (echo->pcm == NULL || padded == NULL || echo->n_pcm == 0) {
		free(in);
		free(padded);
		return -ENOMEM;
	}
	memcpy(padded + 2 * (SINC_HALF - 1), in, 2 * n * sizeof(float));
	sinc_init();
	for (i = 0; i < echo->n_pcm; i++) {
		double x = i * step;
		float v[2];

		if (rate == echo->config.rate)
			memcpy(v, in + 2 * i, sizeof(v));
		else
			sinc_stereo(padded + 2 * (uint64_t)x, x - floor(x), v);
		echo->pcm[2 * i] = to_s16(v[0]);
		echo->pcm[2 * i + 1] = to_s16(v[1]);
	}
	free(in);
	free(padded);
	return 0;
}

struct echo *echo_new(const struct echo_config *config, const char *path, uint64_t seed,
		      char **error)
{
	struct echo *echo;

	*error = NULL;
	echo = calloc(1, sizeof(*echo));
	if (echo == NULL)
		return NULL;
	echo->config = *config;
	echo->random.state = seed;
	if (load(echo, path, error) < 0) {
		echo_destroy(echo);
		return NULL;
	}
	return echo;
}

void echo_destroy(struct echo *echo)
{
	if (echo == NULL)
		return;
	echo_stop(echo);
	free(echo->pcm);
	free(echo);
}

void echo_configure(struct echo *echo, const struct echo_config *config)
{
	uint32_t rate = echo->config.rate;

	echo->config = *config;
	echo->config.rate = rate;
}

int echo_start(struct echo *echo, int64_t t_ns, const uint8_t *configuration, uint32_t size,
	       uint32_t mtu)
{
	uint32_t length;

	echo_stop(echo);
	if (sbc_init_a2dp(&echo->sbc, 0, configuration, size) < 0)
		return -EINVAL;
	echo->sbc.endian = SBC_LE;
	echo->sbc.bitpool = configuration[3];
	echo->streaming = true;
	echo->codesize = sbc_get_codesize(&echo->sbc);
	length = sbc_get_frame_length(&echo->sbc);
	if (mtu > sizeof(echo->packet.data))
		mtu = sizeof(echo->packet.data);
	echo->frames_per_packet = mtu > RTP_HEADER ? (mtu - RTP_HEADER) / length : 0;
	if (echo->frames_per_packet == 0) {
		echo_stop(echo);
		return -EMSGSIZE;
	}
	if (echo->frames_per_packet > FRAMES_MAX)
		echo->frames_per_packet = FRAMES_MAX;
	echo->next_ns = t_ns;
	echo->held_ns = echo->last_ns = t_ns;
	echo->ready = false;
	return 0;
}

void echo_stop(struct echo *echo)
{
	if (echo->streaming)
		sbc_finish(&echo->sbc);
	/* A packet that was not sent is played when the music goes on. */
	if (echo->ready)
		echo->at = echo->packet_at;
	echo->streaming = echo->ready = false;
}

/* Jitter delays packets and keeps their order. */
static int64_t sending_time(struct echo *echo, double nominal)
{
	double jitter = echo->config.jitter_ms * 1e6;
	int64_t t = llround(nominal);

	switch (echo->config.kind) {
	case ECHO_JITTER_UNIFORM:
		t += random_unit(&echo->random) * jitter;
		break;
	case ECHO_JITTER_BURST:
		if (t >= echo->held_ns && random_next(&echo->random) % BURST_ODDS == 0)
			echo->held_ns = t + (int64_t)jitter;
		if (t < echo->held_ns)
			t = echo->held_ns;
		break;
	case ECHO_N_JITTERS:
		break;
	}
	return t < echo->last_ns ? echo->last_ns : t;
}

static void make_packet(struct echo *echo)
{
	struct echo_packet *p = &echo->packet;
	uint32_t per_frame = echo->codesize / (2 * sizeof(int16_t)), i, f;
	int16_t pcm[2 * 16 * 8];

	memset(p->data, 0, RTP_HEADER);
	p->data[0] = 0x80;	/* version 2 */
	p->data[1] = 96;
	*(uint16_t *)(p->data + 2) = htons(echo->seq++);
	*(uint32_t *)(p->data + 4) = htonl(echo->rtp);
	p->data[11] = 1;
	p->size = RTP_HEADER;
	p->n_frames = 0;
	echo->packet_at = echo->at;
	for (f = 0; f < echo->frames_per_packet; f++) {
		ssize_t written = 0;

		for (i = 0; i < per_frame; i++) {
			if (echo->at == echo->n_pcm && echo->config.loop)
				echo->at = 0;
			if (echo->at < echo->n_pcm) {
				memcpy(pcm + 2 * i, echo->pcm + 2 * echo->at, 2 * sizeof(int16_t));
				echo->at++;
			} else {
				pcm[2 * i] = pcm[2 * i + 1] = 0;
			}
			p->frames[2 * p->n_frames] = pcm[2 * i] / 32768.0f;
			p->frames[2 * p->n_frames + 1] = pcm[2 * i + 1] / 32768.0f;
			p->n_frames++;
		}
		if (sbc_encode(&echo->sbc, pcm, echo->codesize, p->data + p->size,
			       sizeof(p->data) - p->size, &written) < 0 || written <= 0)
			break;
		p->size += written;
		p->data[12]++;
	}
	p->period_ns = 1e9 / (echo->config.rate * (1.0 + echo->config.ppm * 1e-6));
	p->nominal_ns = echo->next_ns;
	p->t_ns = echo->last_ns = sending_time(echo, echo->next_ns);
	echo->next_ns += p->n_frames * p->period_ns;
	echo->rtp += p->n_frames;
	echo->ready = true;
}

const struct echo_packet *echo_next(struct echo *echo)
{
	if (!echo->streaming)
		return NULL;
	if (!echo->ready) {
		if (echo->at == echo->n_pcm && !echo->config.loop)
			return NULL;
		make_packet(echo);
	}
	return &echo->packet;
}

void echo_sent(struct echo *echo)
{
	echo->ready = false;
}
