/* A calibration: what its parts have in common */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_CALIBRATE_H
#define BLUEZ_COMBINE_CALIBRATE_H

#include "calibrate/plan.h"
#include "calibrate/player.h"
#include "calibrate/round.h"
#include "cli/session.h"
#include "client/lease.h"
#include "client/meter.h"
#include "client/report.h"
#include "hearing/choose.h"
#include "hearing/recorder.h"

/*
 * What is decided is in plan.h, offsets.h and schedule.h. Here it is carried out, by a state machine in the loop of the
 * session (run.c, and events.c), which looks at the state every CALIBRATE_TICK_NS and when something has changed.
 *
 * Until the offsets are written nothing is changed but by the lease, which ends with this program, however that ends.
 */

#define DISTANCE_MAX_M			100.0
#define SPEED_OF_SOUND_M_PER_SEC	343.0	/* in air, at 20 degrees */

#define CALIBRATE_TICK_NS	(10 * SPA_NSEC_PER_MSEC)
#define CALIBRATE_SILENT_MAX	8	/* streams; what is more counts as music */

/** A stream that runs, and brings silence. */
struct calibrate_silent {
	uint32_t node;
	struct meter *meter;		/**< tells when it brings something else; NULL: nobody does */
};

/** A speaker of the group. The first plan.n_speakers are those of the plan, in its order. */
struct calibrate_speaker {
	char address[REPORT_STRING_MAX];
	char name[256];			/**< fit to be shown */
	double distance_m;		/**< from the microphone: NAN: not said */

	/* what the group says of it */
	bool here;
	bool plays;			/**< its latency is known and can be set, and nothing but the lease mutes it */
	char target[REPORT_STRING_MAX];	/**< node.name of its sink */
	char codec[32];
	uint32_t rate;			/**< of the stream to it, in Hz; 0: not known */
	double latency_ms, delay_ms, trim_ms, correction_ms;
	int64_t offset_ns;		/**< of its port */
	bool has_offset;

	/* from before anything was played */
	double start_latency_ms, start_correction_ms;
	int64_t start_offset_ns;

	/* what was written of it, and has not been written back */
	bool recorded, moved;
	char *record_before;		/**< calibration.<address>; NULL: there was none */

	/* what was heard */
	double sound_sec;		/**< from its output to the recording, by the common clock */
	double snr_db;
	struct round_response before, after;
};

enum calibrate_state {
	CALIBRATE_GROUP,		/**< nothing is known of it yet */
	CALIBRATE_MUSIC,		/**< waiting until it pauses */
	CALIBRATE_START,		/**< the streams begin */
	CALIBRATE_SETTLE,		/**< until all speakers play, and are where they are to be */
	CALIBRATE_ROUND,
	CALIBRATE_MUTE,			/**< all, so that who is moved is not heard moving */
	CALIBRATE_CORRECT,		/**< the corrections are on their way */
	CALIBRATE_KEEP,			/**< the offsets are written, and not in place yet */
	CALIBRATE_RELEASE,		/**< they are, and the lease has ended */
	CALIBRATE_UNDO,			/**< what was written goes back */
	CALIBRATE_OVER,
};

struct calibrate {
	const struct options *options;
	struct session session;
	struct lease lease;
	struct spa_source *timer;
	struct spa_source *signals[3];
	int signal;			/**< that has ended it; 0: none */

	enum calibrate_state state;
	int64_t since_ns;		/**< of the state */
	int64_t begun_ns;		/**< of all; 0: not yet */
	int64_t steady_ns;		/**< since then all are where they should be; 0: they are not */

	/* the group */
	struct calibrate_speaker speakers[PLAN_SPEAKERS_MAX];
	uint32_t n_speakers;
	char sink[REPORT_STRING_MAX];
	uint32_t sink_id;
	uint32_t rate;			/**< in Hz */
	uint32_t quantum;		/**< in frames; 0: not known */
	int64_t restarts;
	double latency_ms;		/**< from the sink to every speaker's sound */
	bool has_sink;
	bool heard;			/**< something was sent to the speakers that they have not played yet */
	char music[256];		/**< who plays; "": nobody */
	struct calibrate_silent silent[CALIBRATE_SILENT_MAX];
	uint32_t n_silent;
	int64_t quiet_ns;		/**< since then one runs, and the group hears nothing; 0: that is not so */
	bool told_music;
	uint32_t interludes;		/**< how often music has begun while it was measured */

	/* the microphone */
	struct chosen microphone;
	bool agc;			/**< it changes its gain by itself */

	float *sweep;
	uint32_t sweep_frames;
	struct player player;
	struct recorder recorder;
	struct round round;
	struct plan plan;
	uint32_t repeats;		/**< of rounds that were interrupted */

	double corrections_ms[PLAN_SPEAKERS_MAX];	/**< what the lease says */
	bool leased;			/**< the lease says what it should: the last lease_set() was taken, */
	int64_t ready_ns;		/**< and is in place from this moment of the loop's clock on */

	const char *why;		/**< it is given up, when that is undone */
	int why_res;			/**< -errno; 0: none */
	bool kept;			/**< the offsets are written, and right */
	bool written;			/**< they are written, and not known to be undone */
};

/** The loop's clock. */
static inline int64_t calibrate_now_ns(const struct calibrate *c)
{
	return client_now_ns(&c->session.client);
}

/* group.c: what the group says */

/** Read it anew. Returns 0 or -errno. */
int group_read(struct calibrate *c);
/** Are all that are in the plan where its corrections put them? */
bool group_is_steady(const struct calibrate *c);
/** How late one plays that has no trim, in ms, by speaker \a i. */
double group_place_ms(const struct calibrate *c, uint32_t i);

/* music.c: who else plays */

/** Into the group, or to one of its speakers alone: c->music. */
void music_read(struct calibrate *c);
/** Does one bring music now that brought silence when it was read? */
bool music_begins(struct calibrate *c);
void music_finish(struct calibrate *c);

/* ask.c: what the lease says, with corrections_ms. All return 0 or -errno; \a count may be NULL. */

int ask_solo(struct calibrate *c, uint32_t speaker, uint32_t *count);
int ask_all(struct calibrate *c, uint32_t *count);
int ask_nobody(struct calibrate *c);

/* keep.c: offsets and records */

/** Write them, all at once. Returns 0 or -errno; -ESTALE: somebody has changed an offset meanwhile. */
int keep_write(struct calibrate *c);
/** Is what was written in force? */
bool keep_is_done(const struct calibrate *c);
/** Write what was there before, as far as that can be: what is not there now may be later. */
void keep_undo(struct calibrate *c);
bool keep_is_undone(const struct calibrate *c);
/** Are two offsets one, but for rounding? Nobody shows, or keeps, more digits than microseconds. */
static inline bool keep_is_same(int64_t a_ns, int64_t b_ns)
{
	return SPA_ABS(a_ns - b_ns) < SPA_NSEC_PER_USEC;
}
/** The offset that a speaker of the plan is to have. */
int64_t keep_offset_ns(const struct calibrate *c, uint32_t i);

/* undo.c: the option --undo. The session's event: it writes the offsets from before a calibration, and ends when they
 * are there, or by the timer. */

void undo_changed(void *data);
void undo_timeout(void *data, uint64_t expirations);

/* distances.c: what the options say of them. Both return an exit code; stderr has the reason. */

int distances_take(struct calibrate *c);
/** Are those there that are needed? While it is waited for the music to pause speakers come. */
int distances_check(const struct calibrate *c);

#endif /* BLUEZ_COMBINE_CALIBRATE_H */
