/* Tracking: what its parts have in common */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TRACK_H
#define BLUEZ_COMBINE_TRACK_H

#include "cli/session.h"
#include "client/lease.h"
#include "client/report.h"
#include "hearing/choose.h"
#include "hearing/recorder.h"
#include "track/loop.h"
#include "track/sent.h"
#include "track/tell.h"
#include "track/worker.h"

/*
 * What is decided is in loop.h. Here it is carried out, in the loop of the session: what was sent (sent.h) and what the
 * microphone hears go to a thread (worker.h) that finds out when each speaker is heard, that goes to the loop, and
 * what it says into a lease, which ends with this program, however that ends: what is tracked stays then, and no
 * delay moves to and fro any more.
 *
 * What is heard stays in the memory of this process, some 20 s of it.
 */

#define TRACK_TICK_NS	(50 * SPA_NSEC_PER_MSEC)

enum track_state {
	TRACK_WAITING,			/**< for the group, for two speakers, for music: nothing is recorded */
	TRACK_LISTENING,
	TRACK_OVER,
};

enum track_stream { TRACK_STREAM_NONE, TRACK_STREAM_SENT, TRACK_STREAM_MICROPHONE };

/** A speaker of the group, by its slot: the same number in sent, worker and loop. */
struct track_speaker {
	char address[REPORT_STRING_MAX];	/**< "": free */
	char name[256];			/**< fit to be shown */
	char target[REPORT_STRING_MAX];	/**< node.name of its sink */
	bool here;
	bool plays;
	bool began;			/**< it has played since it was here: what plays later began anew */
	int64_t failures;		/**< of its stream */

	/* What the group says of it, in ms */
	double latency_ms;		/**< without its offset */
	double offset_ms, correction_ms, tracked_ms, trim_ms, arrival_ms;
	int64_t offset_changed_ns;	/**< 0: never */

	/* What is said of it */
	double said_ms;			/**< what is tracked; NAN: nothing was said yet */
	double base_ms;			/**< its correction without that, and its offset; NAN: not known */
};

struct track {
	const struct options *options;
	struct session session;
	struct spa_source *timer;
	struct spa_source *signals[3];
	int signal;			/**< that has ended it; 0: none */

	enum track_state state;
	int64_t since_ns;		/**< of the state */
	int64_t idle_ns;		/**< there is nothing to listen to since then; 0: there is */
	int64_t ticked_ns;		/**< the last time that the loop was asked */
	int64_t listened_ns;		/**< that the microphone gave something */

	enum tell_state told;
	double told_sec;		/**< since then, by the loop's clock */
	struct tell_lines lines;
	int64_t published_ns;

	/* the group */
	struct track_speaker speakers[SENT_SPEAKERS_MAX];
	char sink[REPORT_STRING_MAX];
	uint32_t sink_id;
	uint32_t rate;			/**< in Hz */
	int64_t restarts;		/**< of speakers, after stalls */
	bool has_sink;
	bool is_heard;			/**< music plays */
	uint32_t n_playing;

	struct chosen microphone;	/**< name NULL: not chosen yet */
	int64_t chosen_ns;		/**< when that was last tried */
	uint32_t n_slots;		/**< of the worker */
	struct sent sent;
	struct recorder recorder;
	struct worker *worker;		/**< NULL: nothing is listened to */
	float *blocks[SENT_SPEAKERS_MAX];	/**< SENT_BLOCK_MAX each */
	uint32_t listened_rate;		/**< the group's, when that began */
	enum track_stream failed;	/**< it can't be destroyed while it tells that: the next step does it */
	char error[256];		/**< in the words of whoever has told, fit to be shown */

	struct lease lease;
	bool leased;			/**< the module has it */
	bool has_left;			/**< somebody of whom it still says what is tracked */
	bool occupied;			/**< another program has one */
	bool superseded;		/**< since it had it last, another program has had it */
	int64_t asked_ns;		/**< when it was last asked for */
	struct loop loop;
};

static inline int64_t track_now_ns(const struct track *t)
{
	return client_now_ns(&t->session.client);
}

static inline double track_now_sec(const struct track *t)
{
	return (double)track_now_ns(t) / SPA_NSEC_PER_SEC;
}

/* group.c: what the group says */

/** Read it anew. Returns 0 or -errno. */
int track_read_group(struct track *t);
/** What speaks against the microphone: TELL_LISTENING: nothing. */
enum tell_state track_doubt(const struct track *t);

/* listen.c: what is heard */

/** Returns 0 or -errno; listen_end() in both cases. */
int listen_begin(struct track *t);
/** Where nothing is listened to there is nothing to end. */
void listen_end(struct track *t);
/** Pass on what has come. Returns 0 or -errno. */
int listen_follow(struct track *t);
/** The outputs may be others now. */
void listen_changed(struct track *t);

/* say.c: what is asked of the module, and what others are told */

/** What the loop says now, and let delays move to and fro. Returns 0 or -errno. */
int say_tracked(struct track *t);
/** For whoever shows it: what is heard. */
void say_what_is_heard(struct track *t);

#endif /* BLUEZ_COMBINE_TRACK_H */
