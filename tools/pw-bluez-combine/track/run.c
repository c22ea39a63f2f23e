/* The run of a tracking, from the command to its end */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdarg.h>

#include <spa/utils/result.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "track/run.h"
#include "track/track.h"

/* So long there is no music before the microphone is given up */
#define IDLE_NS		(10 * (int64_t)SPA_NSEC_PER_SEC)
/* The loop is asked, and the module told */
#define SAY_NS		SPA_NSEC_PER_SEC
/* Others are told */
#define PUBLISH_NS	(2 * (int64_t)SPA_NSEC_PER_SEC)
/* The lease is asked for again when somebody else has it */
#define ASK_NS		(2 * (int64_t)SPA_NSEC_PER_SEC)
/* A microphone that sleeps needs a second or two; one from which nothing comes for so long is as one that is not there */
#define MICROPHONE_LIMIT_NS	(10 * (int64_t)SPA_NSEC_PER_SEC)
/* A microphone is looked for again, each time with a message if there is none */
#define CHOOSE_NS	(60 * (int64_t)SPA_NSEC_PER_SEC)
/* --once: enough windows in a row, of all; at most so long */
#define ONCE_WINDOWS	3
#define ONCE_LIMIT_NS	(120 * (int64_t)SPA_NSEC_PER_SEC)

static void complain(const char *format, ...) SPA_PRINTF_FUNC(1, 2);

static void complain(const char *format, ...)
{
	va_list args;

	fputs("pw-bluez-combine track: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void enter(struct track *t, enum track_state state)
{
	t->state = state;
	t->since_ns = track_now_ns(t);
	t->idle_ns = 0;
}

static bool takes_longer(const struct track *t, int64_t limit_ns)
{
	return track_now_ns(t) - t->since_ns > limit_ns;
}

/* What is told is another state, so it is told at once */
static void note(struct track *t, enum tell_state told)
{
	if (told == t->told && t->lines.begun)
		return;
	t->told = told;
	t->told_sec = track_now_sec(t);
	say_what_is_heard(t);
}

/* The speakers stay where they are, as the module sees to: what was found is of their streams, and ends with them */
static void finish(struct track *t, int result)
{
	if (t->state == TRACK_OVER)
		return;
	listen_end(t);
	enter(t, TRACK_OVER);
	session_quit(&t->session, result);
}

void track_fail(struct track *t, const char *why, int res)
{
	if (t->state == TRACK_OVER)
		return;
	complain("%s: %s", why, spa_strerror(res));
	finish(t, EXIT_OTHER);
}

/* The microphone is given up, and it is waited for the next music */
static void wait_for_music(struct track *t, enum tell_state told)
{
	listen_end(t);
	lease_end(&t->lease);
	t->leased = false;
	enter(t, TRACK_WAITING);
	note(t, told);
}

/* With --service it is waited for it, else it ends */
static void lose_microphone(struct track *t, enum tell_state told)
{
	if (t->options->service) {
		if (t->state == TRACK_LISTENING)
			wait_for_music(t, told);
		else
			note(t, told);
		return;
	}
	note(t, told);
	finish(t, EXIT_OTHER);
}

/* A stream has failed: nothing more can be heard. Returns whether one has */
static bool end_failed(struct track *t)
{
	switch (t->failed) {
	case TRACK_STREAM_NONE:
		return false;
	case TRACK_STREAM_SENT:
		complain("%s: %s", _("can't hear what the speakers are sent"), t->error);
		finish(t, EXIT_OTHER);
		break;
	case TRACK_STREAM_MICROPHONE:
		complain(_("%s can't be recorded from any more: %s"), t->microphone.description, t->error);
		lose_microphone(t, TELL_GONE);
		break;
	}
	return true;
}

/* What was found so far counts no more, but for what the group still corrects by */
static void forget(struct track *t)
{
	uint32_t i;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++)
		t->speakers[i].said_ms = NAN;
	loop_init(&t->loop, t->options->here);
}

static void on_taken(void *data, uint32_t count, int64_t ready_ns)
{
	struct track *t = data;

	if (t->superseded) {
		/* It is what the other program has moved them from */
		forget(t);
		track_read_group(t);
	} else if (!t->leased)
		loop_gap(&t->loop);
	t->superseded = false;
	t->leased = true;
	if (t->state == TRACK_LISTENING)
		note(t, TELL_LISTENING);
}

/* Another program has it: it is waited for */
static void on_refused(void *data, const char *why)
{
	struct track *t = data;

	t->leased = false;
	t->asked_ns = track_now_ns(t);
	t->superseded = true;
	if (t->state == TRACK_LISTENING)
		note(t, TELL_LEASED);
}

/* Also by standing still for too long: nobody else has it then, and it is asked for again */
static void on_lost(void *data, int res)
{
	struct track *t = data;

	t->leased = false;
	if (res == -ECANCELED)
		on_refused(data, NULL);
}

static const struct lease_events lease_events = {
	.taken = on_taken,
	.refused = on_refused,
	.lost = on_lost,
};

static bool has_something_to_hear(const struct track *t)
{
	return t->has_sink && t->is_heard && t->n_playing >= 2;
}

/* Returns an exit code */
static int choose_microphone(struct track *t)
{
	t->chosen_ns = track_now_ns(t);
	return chosen_take(&t->microphone, &t->session.client, "track", t->options->microphone);
}

static void begin_listening(struct track *t)
{
	enum tell_state doubt = track_doubt(t);
	int res;

	if (doubt != TELL_LISTENING) {
		lose_microphone(t, doubt);
		return;
	}
	forget(t);
	enter(t, TRACK_LISTENING);
	if ((res = listen_begin(t)) < 0) {
		track_fail(t, _("can't listen"), res);
		return;
	}
	track_read_group(t);
	listen_changed(t);
	if ((res = say_tracked(t)) < 0)
		track_fail(t, _("the group can't be asked"), res);
	else
		note(t, t->occupied ? TELL_LEASED : TELL_LISTENING);
}

/* With --service one that can't be used at first may be later */
static bool has_microphone(struct track *t)
{
	return t->microphone.name || (track_now_ns(t) - t->chosen_ns > CHOOSE_NS && choose_microphone(t) == EXIT_OK);
}

static void do_wait(struct track *t)
{
	if (has_something_to_hear(t) && has_microphone(t))
		begin_listening(t);
}

/* Moved: what is heard now is another pattern, and nobody knows whether it is a better one */
static void watch_microphone(struct track *t)
{
	enum tell_state doubt = track_doubt(t);

	if (doubt == TELL_LISTENING && track_now_ns(t) - t->listened_ns > MICROPHONE_LIMIT_NS)
		doubt = TELL_GONE;
	if (doubt == TELL_LISTENING && t->loop.moved) {
		note(t, TELL_MOVED);
		if (t->options->service)
			loop_learn(&t->loop);
		else
			finish(t, EXIT_OTHER);
		return;
	}
	if (doubt != TELL_LISTENING)
		lose_microphone(t, doubt);
}

static void watch_music(struct track *t)
{
	/* What is recorded is at the group's rate */
	if (t->rate != t->listened_rate)
		wait_for_music(t, TELL_WAITING);
	else if (has_something_to_hear(t))
		t->idle_ns = 0;
	else if (t->idle_ns == 0)
		t->idle_ns = track_now_ns(t);
	else if (track_now_ns(t) - t->idle_ns > IDLE_NS)
		wait_for_music(t, TELL_WAITING);
}

static bool is_learnt(const struct track *t)
{
	uint32_t i, n = 0;

	for (i = 0; i < SENT_SPEAKERS_MAX; i++) {
		const struct loop_speaker *s = &t->loop.speakers[i];

		if (!s->here || !s->plays)
			continue;
		if (s->state != LOOP_TRACKING || s->windows < ONCE_WINDOWS)
			return false;
		n++;
	}
	return n >= 2;
}

static void watch_once(struct track *t)
{
	if (!t->options->once)
		return;
	if (is_learnt(t))
		finish(t, EXIT_OK);
	else if (takes_longer(t, ONCE_LIMIT_NS)) {
		say_what_is_heard(t);
		complain(_("not all speakers were heard within %d s"), (int)(ONCE_LIMIT_NS / (int64_t)SPA_NSEC_PER_SEC));
		finish(t, EXIT_OTHER);
	}
}

static void set_priors(struct track *t)
{
	struct worker_prior priors[EAR_TRACK_SPEAKERS];
	struct ear_track_prior prior;
	const double now_sec = track_now_sec(t);
	uint32_t i;

	for (i = 0; i < EAR_TRACK_SPEAKERS; i++) {
		loop_prior(&t->loop, i, now_sec, &prior);
		priors[i] = (struct worker_prior) { now_sec, prior.tau_s, prior.sigma_s, prior.rate, prior.rate_sigma };
	}
	worker_set_priors(t->worker, priors);
}

/* Once a second */
static void say_on(struct track *t)
{
	int res;

	loop_tick(&t->loop, track_now_sec(t));
	set_priors(t);
	if (!t->leased && track_now_ns(t) - t->asked_ns < ASK_NS)
		return;
	res = say_tracked(t);
	if (res < 0 && res != -ENOENT)
		track_fail(t, _("the group can't be asked"), res);
}

static void do_listen(struct track *t)
{
	const int64_t now = track_now_ns(t);
	int res;

	if (end_failed(t))
		return;
	if ((res = listen_follow(t)) < 0) {
		track_fail(t, _("can't go on"), res);
		return;
	}
	if (now - t->ticked_ns < (int64_t)SAY_NS)
		return;
	t->ticked_ns = now;
	say_on(t);
	if (t->state == TRACK_LISTENING && now - t->published_ns >= PUBLISH_NS)
		say_what_is_heard(t);
	if (t->state == TRACK_LISTENING)
		watch_microphone(t);
	if (t->state == TRACK_LISTENING)
		watch_music(t);
	if (t->state == TRACK_LISTENING)
		watch_once(t);
}

static void step(struct track *t)
{
	switch (t->state) {
	case TRACK_WAITING:
		do_wait(t);
		break;
	case TRACK_LISTENING:
		do_listen(t);
		break;
	case TRACK_OVER:
		break;
	}
}

void track_tick(void *data, uint64_t expirations)
{
	step(data);
}

static void begin(struct track *t)
{
	struct timespec interval = { .tv_nsec = TRACK_TICK_NS };
	int res;

	if ((res = choose_microphone(t)) != EXIT_OK && !t->options->service) {
		finish(t, res);
		return;
	}
	if ((res = lease_init(&t->lease, &t->session.client, t->options->group, &lease_events, t)) < 0) {
		track_fail(t, _("can't set up a PipeWire client"), res);
		return;
	}
	note(t, TELL_WAITING);
	pw_loop_update_timer(t->session.loop, t->timer, &interval, &interval, false);
}

void track_changed(void *data)
{
	struct track *t = data;

	if (t->state == TRACK_OVER)
		return;
	if (t->lease.client == NULL)
		begin(t);
	if (t->state == TRACK_OVER || track_read_group(t) < 0)
		return;
	lease_changed(&t->lease);
	if (t->state == TRACK_LISTENING)
		listen_changed(t);
	step(t);
}

void track_signal(void *data, int number)
{
	struct track *t = data;

	t->signal = number;
	finish(t, EXIT_OTHER);
}
