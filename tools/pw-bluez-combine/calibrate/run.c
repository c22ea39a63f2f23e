/* The run of a calibration, from the command to the proof */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>

#include <spa/utils/result.h>

#include "calibrate/calibrate.h"
#include "calibrate/events.h"
#include "calibrate/picture.h"
#include "calibrate/run.h"
#include "calibrate/tell.h"
#include "cli/command.h"
#include "cli/i18n.h"

/* A microphone and a speaker that sleep need a second or two */
#define START_LIMIT_NS		(10 * (int64_t)SPA_NSEC_PER_SEC)
/* All speakers have their latency within 2.5 s; who has none by then takes no part */
#define SETTLE_LIMIT_NS		(8 * (int64_t)SPA_NSEC_PER_SEC)
/* The status is at most so old */
#define STEADY_NS		(600 * (int64_t)SPA_NSEC_PER_MSEC)
/* Only there to end a hang */
#define CORRECT_LIMIT_NS	(10 * (int64_t)SPA_NSEC_PER_SEC)
/* A report is believed within 2.4 s, and told half a second later */
#define KEEP_LIMIT_NS		(8 * (int64_t)SPA_NSEC_PER_SEC)
/* What brings silence is known by then */
#define QUIET_LIMIT_NS		(3 * (int64_t)SPA_NSEC_PER_SEC)
#define UNDO_LIMIT_NS		(3 * (int64_t)SPA_NSEC_PER_SEC)
/* A driver that is exchanged takes a moment; a stream that nobody drives is silent for ever */
#define STOPPED_NS		(3 * (int64_t)SPA_NSEC_PER_SEC)
/* A machine that stands still more often than that is not one to measure with */
#define REPEATS_MAX		6

void run_enter(struct calibrate *c, enum calibrate_state state)
{
	c->state = state;
	c->since_ns = calibrate_now_ns(c);
	c->steady_ns = 0;
}

static bool takes_longer(const struct calibrate *c, int64_t limit_ns)
{
	return calibrate_now_ns(c) - c->since_ns > limit_ns;
}

void run_end(struct calibrate *c, int result)
{
	/* Also of what is not kept */
	if (c->plan.coarse > 0)
		picture_write(c);
	run_enter(c, CALIBRATE_OVER);
	session_quit(&c->session, result);
}

/* Everything ends here that has changed nothing, or has undone it, or cannot tell */
static void end_given_up(struct calibrate *c)
{
	const char *state = tell_state(c);

	if (c->why == NULL)
		complain("%s", state);
	else if (c->why_res < 0)
		complain("%s: %s; %s", c->why, spa_strerror(c->why_res), state);
	else
		complain("%s; %s", c->why, state);
	run_end(c, EXIT_OTHER);
}

void run_undo(struct calibrate *c)
{
	keep_undo(c);
	run_enter(c, CALIBRATE_UNDO);
}

void run_give_up(struct calibrate *c, const char *why, int res)
{
	/* What is being undone has its reason */
	if (c->state == CALIBRATE_UNDO)
		return;
	c->why = why;
	c->why_res = res;
	if (c->written)
		run_undo(c);
	else
		end_given_up(c);
}

/* Who is where it should be for so long, is */
static bool is_steady(struct calibrate *c, int64_t time_ns)
{
	if (!group_is_steady(c))
		c->steady_ns = 0;
	else if (c->steady_ns == 0)
		c->steady_ns = calibrate_now_ns(c);
	return c->steady_ns && calibrate_now_ns(c) - c->steady_ns >= time_ns;
}

static bool is_in_place(const struct calibrate *c)
{
	return c->leased && calibrate_now_ns(c) >= c->ready_ns;
}

/* Those that play become the plan's, and come first */
static uint32_t sort_speakers(struct calibrate *c)
{
	struct calibrate_speaker kept;
	uint32_t i, n = 0;

	for (i = 0; i < c->n_speakers; i++) {
		if (!c->speakers[i].plays)
			continue;
		kept = c->speakers[n];
		c->speakers[n++] = c->speakers[i];
		if (i >= n)
			c->speakers[i] = kept;
	}
	return n;
}

static void make_plan(struct calibrate *c)
{
	struct plan_speaker speakers[PLAN_SPEAKERS_MAX];
	uint32_t n = sort_speakers(c), i;

	for (i = 0; i < n; i++) {
		struct calibrate_speaker *s = &c->speakers[i];

		s->start_latency_ms = s->latency_ms;
		s->start_correction_ms = s->correction_ms;
		s->start_offset_ns = s->offset_ns;
		s->sound_sec = (s->latency_ms + s->correction_ms) / 1e3;
		speakers[i] = (struct plan_speaker) {
			.latency_ms = s->latency_ms,
			.correction_ms = s->correction_ms,
			.trim_ms = s->trim_ms,
			.distance_ms = isnan(s->distance_m) ? 0.0 : 1e3 * s->distance_m / SPEED_OF_SOUND_M_PER_SEC,
		};
	}
	plan_init(&c->plan, speakers, n);
}

static bool is_corrected(const struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++)
		if (c->corrections_ms[i] != c->plan.speakers[i].change_ms)
			return false;
	return true;
}

/* Where the user wants each now: a trim that changes meanwhile is no error to be measured away */
static void take_trims(struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++)
		c->plan.speakers[i].trim_ms = c->speakers[i].trim_ms;
}

static void play_round(struct calibrate *c)
{
	take_trims(c);
	tell_round(c, &c->round.plan);
	round_begin(c);
	run_enter(c, CALIBRATE_ROUND);
}

/* The round, with the plan's corrections. Who is silent moves at once: so all are, if need be */
static void begin_round(struct calibrate *c)
{
	int res;

	if (is_corrected(c))
		play_round(c);
	else if ((res = ask_nobody(c)) < 0)
		run_give_up(c, _("the speakers can't be muted"), res);
	else
		run_enter(c, CALIBRATE_MUTE);
}

void run_finish_plan(struct calibrate *c)
{
	int res;

	if (c->plan.state == PLAN_FAILED) {
		tell_result(c);
		run_end(c, EXIT_OTHER);
		return;
	}
	if (c->options->dry_run) {
		tell_result(c);
		run_end(c, EXIT_OK);
		return;
	}
	if ((res = keep_write(c)) == 0) {
		run_enter(c, CALIBRATE_KEEP);
		return;
	}
	if (res == -ESTALE)
		run_give_up(c, _("somebody has changed the offset of a speaker meanwhile"), 0);
	else
		run_give_up(c, _("the offsets can't be written"), res);
}

/* The next round, or the end */
static void go_on(struct calibrate *c)
{
	if (plan_round(&c->plan, &c->round.plan))
		begin_round(c);
	else
		run_finish_plan(c);
}

/* What was interrupted is done again */
static void repeat_round(struct calibrate *c, const char *why)
{
	if (++c->repeats > REPEATS_MAX) {
		run_give_up(c, _("this computer stands still too often to measure with it"), 0);
		return;
	}
	tell_repeat(c, why);
	run_enter(c, CALIBRATE_SETTLE);
}

static void do_start(struct calibrate *c)
{
	round_follow(c);
	if (c->player.streaming && c->recorder.streaming && c->round.player.begun && c->round.recorder.begun)
		run_enter(c, CALIBRATE_SETTLE);
	else if (!takes_longer(c, START_LIMIT_NS))
		return;
	else if (!c->round.player.begun)
		run_give_up(c, _("the group does not begin to play"), 0);
	else
		run_give_up(c, _("nothing comes from the microphone"), 0);
}

static void do_settle(struct calibrate *c)
{
	uint32_t i, n = 0;
	int res;

	round_follow(c);
	recorder_forget(&c->recorder);
	for (i = 0; i < c->n_speakers; i++)
		n += c->speakers[i].plays;
	/* Nor is there to be an echo of the music, or of a round that was interrupted */
	if (!is_steady(c, STEADY_NS) || c->heard) {
		if (!takes_longer(c, SETTLE_LIMIT_NS))
			return;
		if (c->plan.n_speakers > 0 || n < 2) {
			run_give_up(c, n < 2 ? _("fewer than two speakers begin to play") :
					_("the speakers do not come to rest"), 0);
			return;
		}
	}
	if (c->plan.n_speakers == 0) {
		make_plan(c);
		if ((res = distances_check(c)) != EXIT_OK) {
			run_end(c, res);
			return;
		}
		tell_begin(c);
		go_on(c);
	} else {
		begin_round(c);
	}
}

static void do_round(struct calibrate *c)
{
	switch (round_tick(c)) {
	case ROUND_PLAYING:
		return;
	case ROUND_BROKEN:
		repeat_round(c, _("something was lost"));
		return;
	case ROUND_HEARD:
		break;
	}
	if (c->round.plan.kind == PLAN_LEVEL) {
		plan_heard_all(&c->plan, c->round.heard[0].reason, c->round.heard[0].snr_db);
		tell_level(c, c->round.heard[0].reason);
	} else {
		plan_heard(&c->plan, c->round.results);
		tell_heard(c);
	}
	go_on(c);
}

static void do_mute(struct calibrate *c)
{
	uint32_t i;
	int res;

	round_follow(c);
	if (!is_in_place(c))
		return;
	for (i = 0; i < c->plan.n_speakers; i++)
		c->corrections_ms[i] = c->plan.speakers[i].change_ms;
	if ((res = ask_nobody(c)) < 0)
		run_give_up(c, _("the speakers can't be corrected"), res);
	else
		run_enter(c, CALIBRATE_CORRECT);
}

static void do_correct(struct calibrate *c)
{
	round_follow(c);
	if (is_in_place(c) && is_steady(c, 0))
		play_round(c);
	else if (takes_longer(c, CORRECT_LIMIT_NS))
		run_give_up(c, _("the speakers do not go where they are put"), 0);
}

static void do_keep(struct calibrate *c)
{
	round_follow(c);
	if (keep_is_done(c)) {
		lease_end(&c->lease);
		run_enter(c, CALIBRATE_RELEASE);
	} else if (takes_longer(c, KEEP_LIMIT_NS)) {
		run_give_up(c, _("the offsets were not taken"), 0);
	}
}

/* Without the lease all have to be where they were with it */
static void do_release(struct calibrate *c)
{
	round_follow(c);
	if (is_steady(c, STEADY_NS)) {
		c->kept = true;
		tell_result(c);
		run_end(c, plan_count(&c->plan) == c->n_speakers ? EXIT_OK : EXIT_OTHER);
	} else if (takes_longer(c, KEEP_LIMIT_NS)) {
		run_give_up(c, _("with the offsets the speakers are not where they were"), 0);
	}
}

/* WirePlumber has it when it says so. One that has ended can be there again */
static void do_undo(struct calibrate *c)
{
	keep_undo(c);
	c->written = !keep_is_undone(c);
	if (c->written && !takes_longer(c, UNDO_LIMIT_NS))
		return;
	if (c->signal && !c->written)
		run_end(c, EXIT_OTHER);
	else
		end_given_up(c);
}

static void do_music(struct calibrate *c)
{
	int res;

	/* Whether it is silence shows with time */
	if (c->quiet_ns > 0 && group_read(c) < 0)
		return;
	if (c->music[0]) {
		if (!c->told_music && c->quiet_ns == 0) {
			tell_music(c);
			c->told_music = true;
		}
		if (takes_longer(c, c->options->wait_sec * (int64_t)SPA_NSEC_PER_SEC + (c->quiet_ns > 0 ? QUIET_LIMIT_NS : 0)))
			run_give_up(c, _("it still plays"), 0);
		return;
	}
	if (c->player.stream) {
		run_enter(c, CALIBRATE_SETTLE);
	} else if ((res = events_start_streams(c)) < 0) {
		run_give_up(c, _("can't play or record"), res);
	} else {
		run_enter(c, CALIBRATE_START);
	}
}

static void watch_streams(struct calibrate *c)
{
	if (c->state < CALIBRATE_SETTLE || c->state > CALIBRATE_CORRECT)
		return;
	if (c->round.recorder_quiet_ns > STOPPED_NS)
		run_give_up(c, _("nothing comes from the microphone any more"), 0);
	else if (c->round.player_quiet_ns > STOPPED_NS)
		run_give_up(c, _("the group does not play any more"), 0);
}

void run_step(struct calibrate *c)
{
	watch_streams(c);
	switch (c->state) {
	case CALIBRATE_GROUP:
	case CALIBRATE_OVER:
		break;
	case CALIBRATE_MUSIC:
		do_music(c);
		break;
	case CALIBRATE_START:
		do_start(c);
		break;
	case CALIBRATE_SETTLE:
		do_settle(c);
		break;
	case CALIBRATE_ROUND:
		do_round(c);
		break;
	case CALIBRATE_MUTE:
		do_mute(c);
		break;
	case CALIBRATE_CORRECT:
		do_correct(c);
		break;
	case CALIBRATE_KEEP:
		do_keep(c);
		break;
	case CALIBRATE_RELEASE:
		do_release(c);
		break;
	case CALIBRATE_UNDO:
		do_undo(c);
		break;
	}
}

void run_tick(void *data, uint64_t expirations)
{
	struct calibrate *c = data;

	if (c->state < CALIBRATE_KEEP && music_begins(c))
		events_changed(c);
	else
		run_step(c);
}
