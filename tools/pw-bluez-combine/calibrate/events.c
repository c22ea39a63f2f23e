/* What happens while a calibration runs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include "calibrate/calibrate.h"
#include "calibrate/events.h"
#include "calibrate/picture.h"
#include "calibrate/run.h"
#include "calibrate/tell.h"
#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/text.h"

/* What begins more often than that does not pause for long enough */
#define INTERLUDES_MAX	6

/* What is proven needs neither stream any more */
static void on_player_failed(void *data, const char *error)
{
	struct calibrate *c = data;
	char text[256];

	if (c->state >= CALIBRATE_KEEP)
		return;
	text_copy(text, sizeof(text), error, TEXT_ANY_WIDTH);
	complain(_("can't play: %s; nothing was changed"), text);
	run_end(c, EXIT_OTHER);
}

static void on_recorder_failed(void *data, const char *error)
{
	struct calibrate *c = data;
	char text[256];

	if (c->state >= CALIBRATE_KEEP)
		return;
	text_copy(text, sizeof(text), error, TEXT_ANY_WIDTH);
	complain(_("%s can't be recorded from any more: %s; nothing was changed"), c->microphone.description, text);
	run_end(c, EXIT_OTHER);
}

int events_start_streams(struct calibrate *c)
{
	const struct ear_sweep sweep = EAR_SWEEP_DEFAULT;
	struct pw_core *core = c->session.client.core;
	int res;

	c->sweep_frames = ear_sweep_frames(&sweep, c->rate);
	if ((c->sweep = calloc(c->sweep_frames, sizeof(*c->sweep))) == NULL)
		return -errno;
	ear_sweep_fill(&sweep, c->rate, c->sweep);
	if ((res = round_init(c)) < 0 ||
	    (res = player_init(&c->player, core, c->sink, c->rate, c->sweep, c->sweep_frames,
				on_player_failed, c)) < 0)
		return res;
	return recorder_init(&c->recorder, core, c->microphone.name, c->rate, "pw-bluez-combine calibrate",
			on_recorder_failed, c);
}

static void on_taken(void *data, uint32_t count, int64_t ready_ns)
{
	struct calibrate *c = data;

	c->leased = true;
	c->ready_ns = calibrate_now_ns(c) + ready_ns;
	if (c->state == CALIBRATE_ROUND)
		round_taken(c, count);
}

static void on_refused(void *data, const char *why)
{
	struct calibrate *c = data;
	char text[512];

	if (c->state == CALIBRATE_OVER)
		return;
	text_copy(text, sizeof(text), why, TEXT_ANY_WIDTH);
	complain(_("the group can't be had for this now: %s; nothing was changed"), text);
	run_end(c, EXIT_OTHER);
}

static void on_lease_lost(void *data, int res)
{
	struct calibrate *c = data;

	if (c->state == CALIBRATE_OVER)
		return;
	run_give_up(c, _("the group does not do what it is asked any more"), res);
}

static const struct lease_events lease_events = {
	.taken = on_taken,
	.refused = on_refused,
	.lost = on_lease_lost,
};

/* Returns an exit code; with EXIT_OK it can begin */
static int look_at_group(struct calibrate *c)
{
	if (!session_has_group(&c->session)) {
		session_complain_no_group(&c->session);
		return EXIT_NO_GROUP;
	}
	if (group_read(c) < 0)
		return EXIT_OTHER;
	if (!c->has_sink) {
		session_complain_no_sink(&c->session, "calibrate");
		return EXIT_NO_GROUP;
	}
	if (c->n_speakers < 2) {
		complain(_("two speakers at least have to be connected: one microphone hears only how much "
				"later one is than another"));
		return EXIT_NO_SPEAKER;
	}
	return EXIT_OK;
}

static void begin(struct calibrate *c)
{
	struct timespec interval = { .tv_nsec = CALIBRATE_TICK_NS };
	int res;

	if ((res = look_at_group(c)) != EXIT_OK || (res = distances_take(c)) != EXIT_OK ||
	    (res = chosen_take(&c->microphone, &c->session.client, "calibrate", c->options->microphone)) != EXIT_OK ||
	    (res = picture_check(c)) != EXIT_OK) {
		run_end(c, res);
		return;
	}
	if ((res = lease_init(&c->lease, &c->session.client, c->options->group, &lease_events, c)) < 0) {
		run_give_up(c, _("can't set up a PipeWire client"), res);
		return;
	}
	c->begun_ns = calibrate_now_ns(c);
	run_enter(c, CALIBRATE_MUSIC);
	pw_loop_update_timer(c->session.loop, c->timer, &interval, &interval, false);
	run_step(c);
}

/* Music that begins is not fought with: all are heard again, and what was interrupted is repeated later */
static void watch_music(struct calibrate *c)
{
	if (!c->music[0] || c->state < CALIBRATE_SETTLE || c->state > CALIBRATE_CORRECT)
		return;
	if (++c->interludes > INTERLUDES_MAX) {
		run_give_up(c, _("music begins again and again"), 0);
		return;
	}
	tell_music(c);
	c->told_music = true;
	/* Whoever was heard alone still is, if a round was broken off */
	if (c->plan.n_speakers > 0)
		ask_all(c, NULL);
	run_enter(c, CALIBRATE_MUSIC);
}

static void watch_speakers(struct calibrate *c)
{
	uint32_t i;

	for (i = 0; i < c->plan.n_speakers; i++) {
		if (c->speakers[i].here || c->plan.speakers[i].place == PLAN_LEFT || c->plan.state >= PLAN_PROVEN)
			continue;
		plan_leave(&c->plan, i);
		tell_left(c, i);
		if (c->plan.state == PLAN_FAILED)
			run_finish_plan(c);
	}
}

static void watch_end(struct calibrate *c)
{
	if (!c->has_sink)
		run_give_up(c, _("the group's sink has gone: its source has left"), 0);
	else if (c->state < CALIBRATE_KEEP && graph_find(&c->session.client.graph, c->microphone.id) == NULL)
		run_give_up(c, _("the microphone is not there any more"), 0);
}

void events_changed(void *data)
{
	struct calibrate *c = data;

	if (c->state == CALIBRATE_OVER)
		return;
	if (c->state == CALIBRATE_GROUP) {
		begin(c);
		return;
	}
	if (group_read(c) < 0)
		return;
	lease_changed(&c->lease);
	if (c->state < CALIBRATE_UNDO && !c->kept)
		watch_end(c);
	if (c->state != CALIBRATE_OVER)
		watch_music(c);
	if (c->state != CALIBRATE_OVER)
		watch_speakers(c);
	run_step(c);
}

void events_signal(void *data, int number)
{
	struct calibrate *c = data;

	c->signal = number;
	if (c->written && !c->kept && c->state < CALIBRATE_UNDO) {
		run_undo(c);
	} else if (c->state != CALIBRATE_UNDO) {
		run_end(c, EXIT_OTHER);
	}
}
