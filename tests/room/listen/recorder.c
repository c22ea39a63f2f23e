/* What the room leaves behind: WAV timelines and events */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

#include "listen/recorder.h"
#include "listen/timeline.h"

enum message_type {
	MESSAGE_OPEN,
	MESSAGE_SOUND,
	MESSAGE_EVENT,
	MESSAGE_ADVANCE,
	MESSAGE_FINISH,
};

struct message {
	struct message *next;
	enum message_type type;
	struct track *track;
	double t, period;
	uint32_t size;		/* frames, or bytes of text */
	float payload[];
};

struct track {
	struct track *next;
	struct recorder *recorder;
	struct timeline *timeline;
	SNDFILE *file;
	char *path;
	bool broken;		/* said once */
};

struct recorder {
	char *dir;
	FILE *events;
	pthread_t thread;
	sem_t wake;
	_Atomic(struct message *) pushed;	/* newest first */
	atomic_bool finished;
	struct track *tracks;			/* of the recorder's thread */
	int result;
};

static void push(struct recorder *rec, struct message *m)
{
	if (atomic_load(&rec->finished)) {
		free(m);
		return;
	}
	m->next = atomic_load(&rec->pushed);
	while (!atomic_compare_exchange_weak(&rec->pushed, &m->next, m))
		;
	sem_post(&rec->wake);
}

static struct message *message_new(enum message_type type, size_t payload)
{
	struct message *m = calloc(1, sizeof(*m) + payload);

	if (m != NULL)
		m->type = type;
	return m;
}

static int write_frames(void *data, const float *frames, size_t n_frames)
{
	struct track *track = data;

	return sf_writef_float(track->file, frames, n_frames) == (sf_count_t)n_frames ? 0 : -EIO;
}

static void check(struct track *track, int res)
{
	if (res >= 0 || track->broken)
		return;
	fprintf(stderr, "roomd: %s: %s\n", track->path,
		res == -EINVAL ? "samples before the end of those before" : strerror(-res));
	track->recorder->result = res;
	track->broken = true;
}

static void handle(struct recorder *rec, struct message *m)
{
	struct track *track = m->track;

	switch (m->type) {
	case MESSAGE_OPEN:
		track->next = rec->tracks;
		rec->tracks = track;
		break;
	case MESSAGE_SOUND:
		check(track, timeline_add(track->timeline, m->t, m->period, m->payload, m->size));
		break;
	case MESSAGE_EVENT:
		fwrite(m->payload, 1, m->size, rec->events);
		fflush(rec->events);
		break;
	case MESSAGE_ADVANCE:
		for (track = rec->tracks; track != NULL; track = track->next)
			check(track, timeline_advance(track->timeline, m->t));
		break;
	case MESSAGE_FINISH:
		for (track = rec->tracks; track != NULL; track = track->next) {
			check(track, timeline_finish(track->timeline, m->t));
			sf_close(track->file);
			track->file = NULL;
		}
		break;
	}
}

static void *run(void *data)
{
	struct recorder *rec = data;
	bool finished = false;

	while (!finished) {
		struct message *newest, *oldest = NULL;

		while (sem_wait(&rec->wake) < 0 && errno == EINTR)
			;
		newest = atomic_exchange(&rec->pushed, NULL);
		while (newest != NULL) {
			struct message *m = newest;

			newest = m->next;
			m->next = oldest;
			oldest = m;
		}
		while (oldest != NULL) {
			struct message *m = oldest;

			oldest = m->next;
			if (!finished)
				handle(rec, m);
			finished = finished || m->type == MESSAGE_FINISH;
			free(m);
		}
	}
	return NULL;
}

struct recorder *recorder_new(const char *dir)
{
	struct recorder *rec;
	char *path = NULL;
	int res;

	rec = calloc(1, sizeof(*rec));
	if (rec == NULL)
		return NULL;
	rec->dir = strdup(dir);
	if (rec->dir == NULL || asprintf(&path, "%s/events.jsonl", dir) < 0)
		goto error;
	rec->events = fopen(path, "we");
	free(path);
	if (rec->events == NULL)
		goto error;
	sem_init(&rec->wake, 0, 0);
	if ((res = pthread_create(&rec->thread, NULL, run, rec)) != 0) {
		errno = res;
		goto error;
	}
	return rec;
error:
	res = errno;
	if (rec->events != NULL)
		fclose(rec->events);
	free(rec->dir);
	free(rec);
	errno = res;
	return NULL;
}

static void track_destroy(struct track *track)
{
	timeline_destroy(track->timeline);
	if (track->file != NULL)
		sf_close(track->file);
	free(track->path);
	free(track);
}

struct track *recorder_track(struct recorder *rec, const char *kind, const char *name)
{
	SF_INFO info = { .samplerate = TIMELINE_RATE, .channels = 2,
		.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT };
	struct message *m = NULL;
	struct track *track;

	track = calloc(1, sizeof(*track));
	if (track == NULL)
		return NULL;
	track->recorder = rec;
	if (asprintf(&track->path, "%s/%s-%s.wav", rec->dir, kind, name) < 0)
		track->path = NULL;
	track->timeline = timeline_new(write_frames, track);
	m = message_new(MESSAGE_OPEN, 0);
	if (track->path == NULL || track->timeline == NULL || m == NULL) {
		errno = ENOMEM;
		goto error;
	}
	track->file = sf_open(track->path, SFM_WRITE, &info);
	if (track->file == NULL) {
		errno = EIO;
		goto error;
	}
	/* it holds the date, and two runs are to give the same file */
	sf_command(track->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
	m->track = track;
	push(rec, m);
	return track;
error:
	free(m);
	track_destroy(track);
	return NULL;
}

void track_add(struct track *track, double t_ns, double period_ns, const float *frames,
	       uint32_t n_frames)
{
	struct message *m = message_new(MESSAGE_SOUND, 2 * n_frames * sizeof(float));

	if (m == NULL)
		return;
	m->track = track;
	m->t = t_ns;
	m->period = period_ns;
	m->size = n_frames;
	memcpy(m->payload, frames, 2 * n_frames * sizeof(float));
	push(track->recorder, m);
}

void recorder_event(struct recorder *rec, int64_t t_ns, const char *device, const char *event,
		    const char *fields, ...)
{
	char *more = NULL, *line = NULL, *quoted = recorder_quote(device);
	struct message *m;
	va_list args;
	int n;

	va_start(args, fields);
	if (vasprintf(&more, fields, args) < 0)
		more = NULL;
	va_end(args);
	if (more == NULL || quoted == NULL)
		goto done;
	n = asprintf(&line, "{\"t\": %lld, \"device\": \"%s\", \"event\": \"%s\"%s%s}\n", (long long)t_ns,
		     quoted, event, more[0] != '\0' ? ", " : "", more);
	if (n < 0 || (m = message_new(MESSAGE_EVENT, n)) == NULL)
		goto done;
	m->size = n;
	memcpy(m->payload, line, n);
	push(rec, m);
done:
	if (more != NULL)
		free(line);
	free(more);
	free(quoted);
}

void recorder_advance(struct recorder *rec, int64_t t_ns)
{
	struct message *m = message_new(MESSAGE_ADVANCE, 0);

	if (m == NULL)
		return;
	m->t = t_ns;
	push(rec, m);
}

int recorder_finish(struct recorder *rec, int64_t t_ns)
{
	struct message *m;

	if (atomic_load(&rec->finished))
		return rec->result;
	m = message_new(MESSAGE_FINISH, 0);
	if (m == NULL)
		return -ENOMEM;
	m->t = t_ns;
	push(rec, m);
	atomic_store(&rec->finished, true);
	pthread_join(rec->thread, NULL);
	fclose(rec->events);
	rec->events = NULL;
	return rec->result;
}

void recorder_destroy(struct recorder *rec)
{
	struct track *track;
	struct message *m;

	if (rec == NULL)
		return;
	recorder_finish(rec, 0);
	while ((m = atomic_load(&rec->pushed)) != NULL) {
		atomic_store(&rec->pushed, m->next);
		free(m);
	}
	while ((track = rec->tracks) != NULL) {
		rec->tracks = track->next;
		track_destroy(track);
	}
	sem_destroy(&rec->wake);
	free(rec->dir);
	free(rec);
}

char *recorder_quote(const char *text)
{
	char *quoted = malloc(6 * strlen(text) + 1), *to = quoted;

	if (quoted == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			*to++ = '\\';
		if (c < 0x20)
			to += sprintf(to, "\\u%04x", c);
		else
			*to++ = c;
	}
	*to = '\0';
	return quoted;
}
