/* Worker: a thread that finds out when each speaker is heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/thread-loop.h>
#include <spa/utils/list.h>

#include "track/weave.h"
#include "track/worker.h"

/* What the microphone has not told by then it will not tell any more */
#define LATE_SEC	2.0
/* Cycles that wait to be looked at: 10 s of them. A machine that does not come round to more loses the next ones, which is
 * a hole as any other */
#define WAITING_MAX	512

enum letter_kind { LETTER_SENT, LETTER_CYCLE, LETTER_HEARD, LETTER_FORGET, LETTER_RESULT, LETTER_FAILED };

struct letter {
	struct spa_list link;		/**< box.letters, or worker.waiting */
	enum letter_kind kind;
	struct timeline_mark mark;
	uint32_t speaker;
	int res;
	struct worker_result result;
	uint32_t n;			/**< of samples; of what was sent for each speaker */
	float samples[];
};

/** Letters from one thread to another, whose loop opens them. */
struct box {
	pthread_mutex_t lock;
	struct spa_list letters;
	uint32_t n_sent;		/**< of them are LETTER_SENT */
	struct pw_loop *loop;
	struct spa_source *event;	/**< NULL: not made yet */
};

struct worker {
	double rate;
	uint32_t n_speakers;
	const struct worker_events *events;
	void *data;

	struct pw_thread_loop *thread;	/**< NULL: not made yet */
	struct box in, out;

	/* under in.lock: */
	struct worker_prior priors[EAR_TRACK_SPEAKERS];

	/* the thread's: */
	struct weave weave;
	struct ear_track *track;
	struct spa_list waiting;	/**< cycles whose sound has not been heard yet */
	float heard[WORKER_BLOCK_MAX];	/**< of one of them */
	uint64_t pushed;		/**< frames, to the estimator */
	struct timeline_mark last;	/**< the last cycle that was pushed */
	bool failed;
};

static struct letter *letter_new(enum letter_kind kind, size_t n_floats)
{
	struct letter *letter = calloc(1, sizeof(*letter) + n_floats * sizeof(float));

	if (letter)
		letter->kind = kind;
	return letter;
}

static int box_init(struct box *box, struct pw_loop *loop, void (*opened)(void *data, uint64_t count), void *data)
{
	pthread_mutex_init(&box->lock, NULL);
	spa_list_init(&box->letters);
	box->loop = loop;
	box->event = pw_loop_add_event(loop, opened, data);
	return box->event ? 0 : -errno;
}

static void free_letters(struct spa_list *letters)
{
	struct letter *letter;

	spa_list_consume(letter, letters, link) {
		spa_list_remove(&letter->link);
		free(letter);
	}
}

static void box_finish(struct box *box)
{
	if (box->loop == NULL)
		return;
	if (box->event)
		pw_loop_destroy_source(box->loop, box->event);
	free_letters(&box->letters);
	pthread_mutex_destroy(&box->lock);
}

static int box_put(struct box *box, struct letter *letter)
{
	if (letter == NULL)
		return -ENOMEM;
	pthread_mutex_lock(&box->lock);
	spa_list_append(&box->letters, &letter->link);
	box->n_sent += letter->kind == LETTER_SENT;
	pthread_mutex_unlock(&box->lock);
	pw_loop_signal_event(box->loop, box->event);
	return 0;
}

/* NULL: there is none */
static struct letter *box_take(struct box *box)
{
	struct letter *letter = NULL;

	pthread_mutex_lock(&box->lock);
	if (!spa_list_is_empty(&box->letters)) {
		letter = spa_list_first(&box->letters, struct letter, link);
		spa_list_remove(&letter->link);
		box->n_sent -= letter->kind == LETTER_SENT;
	}
	pthread_mutex_unlock(&box->lock);
	return letter;
}

/* Worker's thread. The time at which a frame of the estimator was sent */
static double time_of(const struct worker *w, double frame)
{
	double behind = (double)w->pushed - frame;

	return (double)w->last.now_ns / SPA_NSEC_PER_SEC + (w->last.n - behind) / w->rate;
}

/* Worker's thread */
static void get_priors(struct worker *w, struct ear_track_prior *priors)
{
	const double now_sec = time_of(w, w->pushed);
	uint32_t i;

	pthread_mutex_lock(&w->in.lock);
	for (i = 0; i < w->n_speakers; i++) {
		const struct worker_prior *p = &w->priors[i];

		/* The estimator counts no frame before its first */
		priors[i] = (struct ear_track_prior) {
			.at = w->pushed,
			.tau_s = p->tau_sec + (now_sec - p->at_sec) * p->rate,
			.sigma_s = p->sigma_sec,
			.rate = p->rate,
			.rate_sigma = p->rate_sigma,
		};
	}
	pthread_mutex_unlock(&w->in.lock);
}

/* Worker's thread */
static void fail(struct worker *w, int res)
{
	struct letter *letter = letter_new(LETTER_FAILED, 0);

	w->failed = true;
	if (letter == NULL)
		return;
	letter->res = res;
	box_put(&w->out, letter);
}

/* Worker's thread */
static void analyse(struct worker *w)
{
	struct ear_track_prior priors[EAR_TRACK_SPEAKERS];
	struct letter *letter;
	struct worker_result *r;
	int res;

	if ((letter = letter_new(LETTER_RESULT, 0)) == NULL) {
		fail(w, -ENOMEM);
		return;
	}
	r = &letter->result;
	get_priors(w, priors);
	if ((res = ear_track_analyse(w->track, priors, r->heard, &r->window)) <= 0) {
		free(letter);
		if (res < 0)
			fail(w, res);
		return;
	}
	r->n_speakers = w->n_speakers;
	r->at_sec = time_of(w, ((double)r->window.from + (double)r->window.to) / 2.0);
	box_put(&w->out, letter);
}

/* Worker's thread */
static void push(struct worker *w, const struct letter *sent)
{
	const float *samples[EAR_TRACK_SPEAKERS];
	uint32_t i;

	for (i = 0; i < w->n_speakers; i++)
		samples[i] = sent->samples + (size_t)i * sent->n;
	ear_track_push(w->track, samples, w->heard, sent->n);
	w->pushed += sent->n;
	w->last = sent->mark;
	analyse(w);
}

/* Worker's thread. The microphone is not waited for any more */
static bool is_late(const struct worker *w, const struct letter *sent)
{
	const struct letter *newest = spa_list_last(&w->waiting, struct letter, link);

	return newest->mark.now_ns - sent->mark.now_ns > LATE_SEC * SPA_NSEC_PER_SEC;
}

/* Worker's thread. Those cycles whose sound is known by now */
static void push_heard(struct worker *w)
{
	while (!w->failed && !spa_list_is_empty(&w->waiting)) {
		struct letter *sent = spa_list_first(&w->waiting, struct letter, link);

		if (!weave_take(&w->weave, sent->mark.frame, w->heard, sent->n, is_late(w, sent)))
			return;
		spa_list_remove(&sent->link);
		push(w, sent);
		free(sent);
	}
}

/* Worker's thread. A hole in what was sent: all before it is done with */
static void begin_anew(struct worker *w)
{
	free_letters(&w->waiting);
	ear_track_gap(w->track);
}

/* Worker's thread. Returns whether the letter is kept */
static bool read_letter(struct worker *w, struct letter *letter)
{
	switch (letter->kind) {
	case LETTER_SENT:
		if (!weave_sent(&w->weave, &letter->mark))
			begin_anew(w);
		spa_list_append(&w->waiting, &letter->link);
		return true;
	case LETTER_CYCLE:
		weave_heard(&w->weave, &letter->mark);
		break;
	case LETTER_HEARD:
		weave_samples(&w->weave, letter->samples, letter->n);
		break;
	case LETTER_FORGET:
		ear_track_forget(w->track, letter->speaker);
		break;
	case LETTER_RESULT:
	case LETTER_FAILED:
		break;
	}
	return false;
}

/* Worker's thread */
static void on_in(void *data, uint64_t count)
{
	struct worker *w = data;
	struct letter *letter;

	while ((letter = box_take(&w->in)) != NULL) {
		if (w->failed || !read_letter(w, letter))
			free(letter);
		push_heard(w);
	}
}

static void on_out(void *data, uint64_t count)
{
	struct worker *w = data;
	struct letter *letter;

	while ((letter = box_take(&w->out)) != NULL) {
		int res = letter->kind == LETTER_FAILED ? letter->res : 0;

		if (res == 0)
			w->events->heard(w->data, &letter->result);
		free(letter);
		if (res < 0) {
			/* Who hears that may destroy it: nothing comes after it */
			w->events->failed(w->data, res);
			return;
		}
	}
}

static void forget_priors(struct worker *w)
{
	uint32_t i;

	for (i = 0; i < EAR_TRACK_SPEAKERS; i++)
		w->priors[i] = (struct worker_prior) { .sigma_sec = INFINITY, .rate_sigma = INFINITY };
}

struct worker *worker_new(struct pw_loop *loop, double rate, uint32_t n_speakers,
		const struct worker_events *events, void *data)
{
	const struct ear_track_params params = { .rate = rate, .n_speakers = n_speakers };
	struct worker *w = calloc(1, sizeof(*w));
	int res;

	if (w == NULL)
		return NULL;
	w->rate = rate;
	w->n_speakers = n_speakers;
	w->events = events;
	w->data = data;
	spa_list_init(&w->waiting);
	forget_priors(w);
	if ((res = weave_init(&w->weave, rate)) < 0)
		goto error;
	if ((w->track = ear_track_new(&params)) == NULL ||
	    (w->thread = pw_thread_loop_new("track", NULL)) == NULL) {
		res = -errno;
		goto error;
	}
	if ((res = box_init(&w->in, pw_thread_loop_get_loop(w->thread), on_in, w)) < 0 ||
	    (res = box_init(&w->out, loop, on_out, w)) < 0 ||
	    (res = pw_thread_loop_start(w->thread)) < 0)
		goto error;
	return w;

error:
	worker_destroy(w);
	errno = -res;
	return NULL;
}

void worker_destroy(struct worker *w)
{
	if (w == NULL)
		return;
	if (w->thread)
		pw_thread_loop_stop(w->thread);
	box_finish(&w->in);
	box_finish(&w->out);
	if (w->thread)
		pw_thread_loop_destroy(w->thread);
	free_letters(&w->waiting);
	if (w->track)
		ear_track_destroy(w->track);
	weave_finish(&w->weave);
	free(w);
}

static bool is_behind(struct box *box)
{
	bool behind;

	pthread_mutex_lock(&box->lock);
	behind = box->n_sent >= WAITING_MAX;
	pthread_mutex_unlock(&box->lock);
	return behind;
}

int worker_sent(struct worker *w, const struct timeline_mark *mark, const float *const *samples)
{
	uint32_t n = SPA_MIN(mark->n, WORKER_BLOCK_MAX), i;
	struct letter *letter;

	if (is_behind(&w->in))
		return 0;
	if ((letter = letter_new(LETTER_SENT, (size_t)w->n_speakers * n)) == NULL)
		return -ENOMEM;
	letter->mark = *mark;
	letter->n = n;
	for (i = 0; i < w->n_speakers; i++)
		memcpy(letter->samples + (size_t)i * n, samples[i], n * sizeof(float));
	return box_put(&w->in, letter);
}

int worker_heard_cycle(struct worker *w, const struct timeline_mark *mark)
{
	struct letter *letter = letter_new(LETTER_CYCLE, 0);

	if (letter == NULL)
		return -ENOMEM;
	letter->mark = *mark;
	return box_put(&w->in, letter);
}

int worker_heard(struct worker *w, const float *samples, uint32_t n)
{
	struct letter *letter = letter_new(LETTER_HEARD, n);

	if (letter == NULL)
		return -ENOMEM;
	letter->n = n;
	memcpy(letter->samples, samples, n * sizeof(float));
	return box_put(&w->in, letter);
}

int worker_forget(struct worker *w, uint32_t i)
{
	struct letter *letter = letter_new(LETTER_FORGET, 0);

	if (letter == NULL)
		return -ENOMEM;
	letter->speaker = i;
	return box_put(&w->in, letter);
}

void worker_set_priors(struct worker *w, const struct worker_prior *priors)
{
	pthread_mutex_lock(&w->in.lock);
	memcpy(w->priors, priors, w->n_speakers * sizeof(*priors));
	pthread_mutex_unlock(&w->in.lock);
}
