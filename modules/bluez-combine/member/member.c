/* What a member does */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "member/member.h"

#define MSEC	((int64_t)SPA_NSEC_PER_MSEC)

/* Leaving it alone for a moment is what helps one that is stuck: it need not get longer */
#define STUCK_MAX		3
/* A transport is acquired, and the first packet sent, within this; and who has
 * played to the speaker for longer has not just started it */
#define STUCK_NS		(3000 * MSEC)
/* bluetoothd gives up a speaker that does not answer after 6 s */
#define STUCK_FAILED_NS		(7000 * MSEC)
/* A sink is started within this, but for its transport */
#define WAKE_NS			(300 * MSEC)
#define WAKES_MAX		4
/* One that we start runs about when our stream does: both tell us within this */
#define FOREIGN_NS		(300 * MSEC)
/* Both sides of a node have changed their state within this, many times over */
#define ERROR_SETTLE_NS		(200 * MSEC)
/* Another speaker lets go within some of these */
#define SUSPEND_RETRY_NS	(200 * MSEC)
/* A sink that is linked asks its speaker to start, and drops what comes meanwhile: a
 * speaker answers within 0.1 to 0.2 s */
#define RETURN_NS		(300 * MSEC)
/* What is not sure by then is taken as it is */
#define UNSURE_NS		(2500 * MSEC)

/* Returns whether it is past \a limit_ns. */
static bool is_due(int64_t limit_ns, int64_t now_ns, int64_t *next_ns)
{
	if (now_ns >= limit_ns)
		return true;
	*next_ns = SPA_MIN(*next_ns, limit_ns);
	return false;
}

void member_added(struct member *m, const struct kind *kind, bool audible)
{
	*m = (struct member) {
		.kind = kind,
		.state = MEMBER_IDLE,
		.part = audible ? MEMBER_COMES : MEMBER_NO_PART,
		.backoff = m->backoff,
		.node = m->node,
		.running_since_ns = m->running_since_ns,
		.woken_ns = m->woken_ns,
		.clock = m->clock == MEMBER_CLOCK_OURS ? MEMBER_CLOCK_OURS : MEMBER_CLOCK_UNKNOWN,
		.tracked_ns = m->tracked_ns,
	};
}

static bool began_by_another_clock(const struct member *m)
{
	return m->kind->can_restart && m->woken_ns != 0 && m->clock != MEMBER_CLOCK_OURS &&
		m->woken_ns < m->streaming_since_ns - FOREIGN_NS;
}

static void streams(struct member *m, int64_t now_ns)
{
	m->streaming = true;
	m->streaming_since_ns = now_ns;
	m->unsent = m->kind->has_packets;
	m->has_packet = false;
	m->n_reports = 0;
	m->n_wakes = 0;
	m->lost_ns = 0;
	if (m->belief != MEMBER_SETTLED)
		m->latency_ns = 0;
	/* That was of a buffer which is no more; who still listens says what is tracked of this one */
	if (!m->tracking)
		m->tracked_ns = 0;
	m->clock = began_by_another_clock(m) ? MEMBER_CLOCK_FOREIGN : MEMBER_CLOCK_OURS;
}

/* Of one that is not held */
static enum member_state streaming_state(const struct member *m)
{
	if (!m->streaming)
		return MEMBER_IDLE;
	return m->unsent ? MEMBER_STARTING : MEMBER_SENDING;
}

void member_event(struct member *m, enum member_event event, int64_t now_ns)
{
	switch (event) {
	case MEMBER_STREAMS:
		streams(m, now_ns);
		if (!member_is_held(m))
			m->state = streaming_state(m);
		break;
	case MEMBER_STOPPED:
		m->streaming = false;
		if (!member_is_held(m) && m->state != MEMBER_RETURNING)
			m->state = MEMBER_IDLE;
		break;
	case MEMBER_STREAM_ENDED:
		m->fault = MEMBER_ENDED;
		break;
	case MEMBER_NODE_ERROR:
		if (m->error_ns == 0)
			m->error_ns = now_ns;
		break;
	case MEMBER_HOLD:
		m->step = STUTTER_IN_STEP;
		m->state = MEMBER_STOPPING;
		break;
	case MEMBER_TOLD:
		m->state = MEMBER_SUSPENDING;
		break;
	case MEMBER_RELEASE:
		/* One that has not stopped yet may never tell that it streams again */
		m->state = m->streaming ? streaming_state(m) : MEMBER_RETURNING;
		break;
	case MEMBER_GROUP_STOPPED:
		/* Nobody waits for who has not come back */
		if (m->state == MEMBER_RETURNING)
			m->state = MEMBER_IDLE;
		/* fall through */
	case MEMBER_GROUP_STARTED:
		/* Its buffer has run dry */
		m->lost_ns = 0;
		break;
	case MEMBER_REMOVED:
		m->streaming = m->linked = false;
		/* fall through */
	case MEMBER_LET_GO:
		m->state = MEMBER_WAITING;
		break;
	}
}

bool member_node(struct member *m, enum member_node node, bool first, int64_t now_ns)
{
	bool news = node != m->node;

	if (node == MEMBER_NODE_SUSPENDED) {
		m->woken_ns = 0;
		m->clock = MEMBER_CLOCK_UNKNOWN;
		/* It will begin with an empty buffer */
		m->step = STUTTER_IN_STEP;
		m->lost_ns = 0;
	} else if (first) {
		m->woken_ns = 1;
	} else if (node == MEMBER_NODE_RUNNING && m->woken_ns == 0) {
		m->woken_ns = now_ns;
	}
	if (news && node == MEMBER_NODE_RUNNING)
		m->running_since_ns = now_ns;
	m->node = node;
	return news;
}

void member_dropped(struct member *m, int64_t now_ns)
{
	bool stuck = m->fault == MEMBER_STUCK;

	/* A node in error stays started, and does not try again by itself; one that is stuck
	 * would go on by its own timer, and come back to us a quantum late. So it has to stop. */
	member_event(m, MEMBER_REMOVED, now_ns);
	m->state = stuck || m->error_ns > 0 ? MEMBER_LETTING_GO : MEMBER_WAITING;
	if (!stuck || !backoff_pause(&m->backoff, now_ns, STUCK_MAX))
		backoff_fail(&m->backoff, now_ns);
}

void member_links(struct member *m, bool linked, bool shared)
{
	m->linked = linked;
	m->shared = shared;
}

void member_report(struct member *m, const struct member_report *report)
{
	m->latency_ns = report->latency_ns;
	m->sure = report->sure;
	m->n_reports = report->n_reports;
	m->has_packet = report->has_packet;
	if (report->settled)
		m->belief = MEMBER_SETTLED;
	if (!m->streaming)
		return;
	m->unsent = report->unsent;
	if (!member_is_held(m))
		m->state = streaming_state(m);
	if (!m->unsent && m->part == MEMBER_NO_PART)
		m->part = MEMBER_TAKES_PART;
	if (!m->unsent && m->part == MEMBER_COMES)
		m->part = MEMBER_AWAY;
}

/* A node that failed while it was being started is not to be had until that is over. */
static bool has_error(const struct member *m, int64_t now_ns, int64_t *next_ns)
{
	return m->error_ns > 0 && is_due(m->error_ns + ERROR_SETTLE_NS, now_ns, next_ns);
}

static bool is_stuck(const struct member *m, int64_t now_ns, int64_t *next_ns)
{
	int64_t wait_ns = m->shared ? STUCK_NS : m->n_wakes > 0 ? WAKE_NS * (m->n_wakes + 1) : STUCK_FAILED_NS;

	if (!m->streaming || m->node != MEMBER_NODE_RUNNING || !m->kind->has_packets ||
	    (m->n_reports > 1 && m->has_packet) || m->running_since_ns < m->streaming_since_ns - STUCK_NS)
		return false;
	if (m->n_wakes == 0 && (m->has_packet || (m->backoff.failures == 0 && !m->shared)))
		return false;
	return is_due(m->streaming_since_ns + wait_ns, now_ns, next_ns);
}

static enum member_action wake(struct member *m, int64_t now_ns, int64_t *next_ns)
{
	int64_t limit_ns = m->streaming_since_ns + WAKE_NS * (m->n_wakes + 1);

	if (!m->streaming || m->node == MEMBER_NODE_RUNNING || m->backoff.failures == 0 ||
	    !is_due(limit_ns, now_ns, next_ns))
		return MEMBER_NOTHING;
	if (m->n_wakes >= WAKES_MAX) {
		m->fault = MEMBER_REFUSED;
		return MEMBER_DROP;
	}
	m->n_wakes++;
	*next_ns = SPA_MIN(*next_ns, limit_ns + WAKE_NS);
	return MEMBER_WAKE;
}

enum member_action member_tick(struct member *m, unsigned quirks, int64_t now_ns, int64_t *next_ns)
{
	if (m->fault == MEMBER_NO_FAULT && has_error(m, now_ns, next_ns))
		m->fault = MEMBER_ERROR;
	if (m->fault == MEMBER_NO_FAULT && (quirks & MEMBER_CAN_STICK) && is_stuck(m, now_ns, next_ns))
		m->fault = MEMBER_STUCK;
	if (m->fault != MEMBER_NO_FAULT)
		return MEMBER_DROP;
	return quirks & MEMBER_CAN_BE_REFUSED ? wake(m, now_ns, next_ns) : MEMBER_NOTHING;
}

bool member_takes_our_clock(struct member *m, bool busy)
{
	if (m->clock != MEMBER_CLOCK_FOREIGN || busy)
		return false;
	m->clock = MEMBER_CLOCK_UNKNOWN;
	return true;
}

/* Not while it runs, where what the graph is about to do to it undoes that */
bool member_lets_go(const struct member *m, unsigned quirks)
{
	return m->state == MEMBER_LETTING_GO &&
		(m->node != MEMBER_NODE_RUNNING || !(quirks & MEMBER_SUSPEND_UNDONE));
}

/* It is left alone, or has yet to be suspended: taken now it never would be */
int64_t member_wait_until(const struct member *m, bool busy, int64_t now_ns)
{
	if (now_ns >= m->backoff.until_ns && m->state == MEMBER_LETTING_GO && busy)
		return now_ns + SUSPEND_RETRY_NS;
	return m->backoff.until_ns;
}

void member_begin(struct member *m)
{
	if (!member_has_latency(m))
		return;
	m->part = MEMBER_TAKES_PART;
	if (m->belief == MEMBER_NO_LATENCY)
		m->belief = MEMBER_EARLY;
}

static bool is_faded_in(const struct member *m)
{
	return m->part == MEMBER_COMES || m->part == MEMBER_AWAY;
}

static void leave(struct member *m)
{
	if (m->part == MEMBER_TAKES_PART)
		m->part = MEMBER_AWAY;
	else if (m->part == MEMBER_NO_PART)
		m->part = MEMBER_COMES;
}

static void come_back(struct member *m)
{
	m->part = m->part == MEMBER_AWAY ? MEMBER_TAKES_PART : MEMBER_NO_PART;
}

/* One whose links were cut, or that comes while others play, is faded in at its place
 * when it is really there and its place is known. In a start nobody waits for that:
 * nothing would be faded in but the first word. */
void member_update_part(struct member *m, bool audible, int64_t now_ns, int64_t *next_ns)
{
	/* Who is started anew after a stall has been silent for long enough */
	bool held = member_is_held(m), there = member_is_there(m) && !held;

	if (m->there_since_ns != 0 && !there && !held && audible)
		leave(m);
	if (!there)
		m->there_since_ns = 0;
	else if (m->there_since_ns == 0)
		m->there_since_ns = now_ns;

	if (!audible) {
		m->part = MEMBER_NO_PART;
		if (m->belief == MEMBER_EARLY)
			m->belief = MEMBER_NO_LATENCY;
	}
	if (there && is_faded_in(m) &&
	    is_due(m->there_since_ns + (m->sure ? RETURN_NS : UNSURE_NS), now_ns, next_ns))
		come_back(m);
}

bool member_counts(const struct member *m, bool audible)
{
	return !audible || m->part == MEMBER_AWAY || m->part == MEMBER_TAKES_PART;
}

bool member_may_be_heard(const struct member *m, bool audible)
{
	return m->belief != MEMBER_NO_LATENCY && !is_faded_in(m) && member_counts(m, audible);
}

bool member_is_repairable(const struct member *m)
{
	return (m->state == MEMBER_STARTING || m->state == MEMBER_SENDING) &&
		m->node != MEMBER_NODE_SUSPENDED && m->kind->can_restart;
}

const char *member_state_name(const struct member *m, bool warm)
{
	if (!member_has_output(m))
		return "gone";
	if (!member_is_there(m))
		return "idle";
	/* Nothing is heard of it, whatever is sent */
	if (m->unsent)
		return "starting";
	if (!m->audible)
		return m->belief == MEMBER_SETTLED && !is_faded_in(m) ? "muted" : "settling";
	if (m->silenced)
		return "muted";
	if (!m->aligned)
		return "unaligned";
	return warm ? "warm" : "playing";
}

const char *member_fault_text(enum member_fault fault)
{
	static const char * const texts[] = {
		[MEMBER_NO_FAULT] = "nothing",
		[MEMBER_ENDED] = "its stream was ended",
		[MEMBER_ERROR] = "its device had an error",
		[MEMBER_STUCK] = "it takes nothing",
		[MEMBER_REFUSED] = "its device does not start",
	};
	return texts[fault];
}
