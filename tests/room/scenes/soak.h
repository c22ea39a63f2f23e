/* What the parts of the scene soak share */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SCENE_SOAK_H
#define ROOM_SCENE_SOAK_H

#include "listen/tape.h"
#include "random.h"
#include "stage/scene.h"

#define SOAK_SKEW_MS	0.5	/* speakers to which nothing was done are no further apart */
#define SOAK_SETTLE_S	4.0	/* after whatever was done */
#define SOAK_CHECK_S	20.0	/* of music that is measured at a time */
#define SOAK_LAG_S	2.0	/* what was recorded is all there after this */

enum soak_kind {
	SOAK_LEAVE,		/**< for seconds */
	SOAK_FLAP,
	SOAK_LATENCY,		/**< true and reported, by msec */
	SOAK_OFFSET,		/**< latency that is not reported, and that the user says */
	SOAK_RADIO,		/**< its radio stalls, for msec */
	SOAK_LOSS,		/**< of packets */
	SOAK_PAUSE,		/**< the Echo, for seconds */
	SOAK_JUNK,		/**< in the metadata, and then what stood there */
	SOAK_TRIM,		/**< there and back */
	SOAK_GAIN,
	SOAK_ROLE,
	SOAK_GROUP_VOLUME,
	SOAK_VOLUME,		/**< of a speaker's sink */
	SOAK_CLIENT,		/**< plays to the group, too, for seconds */
	SOAK_LEASE,		/**< one is heard alone, somewhere else, for seconds */
	SOAK_PIPEWIRE,		/**< restarts */
	SOAK_WIREPLUMBER,
	SOAK_BLUETOOTHD,
	SOAK_N_KINDS,
};

/** Said in the figures */
extern const char *const soak_kind_names[SOAK_N_KINDS];

enum soak_of {
	SOAK_OF_PLACE = 1 << 0,
	SOAK_OF_STEPS = 1 << 1,		/**< and gaps */
	SOAK_OF_LOUDNESS = 1 << 2,
	SOAK_OF_ALL = SOAK_OF_PLACE | SOAK_OF_STEPS | SOAK_OF_LOUDNESS,
};

/** What may be heard where, because something was done */
struct soak_excuse {
	int speaker;		/**< -1: all */
	double from, to;	/**< s */
	double silent_ms;	/**< at most */
	unsigned of;		/**< enum soak_of */
};

/** How a speaker ought to sound from some time on */
struct soak_sound {
	int speaker;
	double from;		/**< s */
	double db;		/**< against the source */
	bool stereo;		/**< or both channels are the same */
};

/** What was said of a speaker, last */
struct soak_speaker {
	double latency_ms;	/**< that it reports */
	double hidden_ms;	/**< that it has in addition, and that its offset says */
	double gain;
	double volume;		/**< of its sink, cubic */
	const char *role;
};

struct soak_usage {
	pid_t pid;
	int checks;		/**< of this process so far */
	int64_t rss_kb;
	int fds;
};

struct soak {
	struct scene *scene;
	struct random random;
	GArray *excuses;	/**< struct soak_excuse */
	GArray *sounds;		/**< struct soak_sound, in the order of time */
	struct soak_speaker speakers[SCENE_SPEAKERS_MAX];
	double volume;		/**< of the group, cubic */
	struct tape tapes[SCENE_SPEAKERS_MAX + 1];	/**< the Echo's is the last */
	double checked;		/**< s, up to here */
	int counts[SOAK_N_KINDS], n_events;

	int n_clients;		/**< of the scene's own, connected now */
	double usage_s;		/**< when they were looked at last */
	struct soak_usage start[2];	/**< the most of pipewire and wireplumber in their first minutes */
	int warm_up, n_compared;	/**< checks */
	int64_t rss_growth_kb;
	int fd_growth;

	int complaints;
	int windows, sound_windows, looks;	/**< how much was checked */
	int steps, overlong, mute, wrong_nodes;
	double worst_ms, longest_ms, worst_db, worst_side_db;
};

/* scenes/soak.c: for events. 0 or -errno. */

double soak_now(const struct soak *k);
/** Let time pass, and check what was recorded */
int soak_pass(struct soak *k, double seconds);
/** From now on for so many seconds, and until it has settled */
void soak_excuse(struct soak *k, int speaker, double seconds, double silent_ms);
/** Only of one thing, and no longer */
void soak_excuse_only(struct soak *k, enum soak_of of, int speaker, double seconds, double silent_ms);
/** From now on a speaker, or all (-1), sound as was last said of them */
void soak_expect(struct soak *k, int speaker);

/* scenes/soak-events.c */

enum soak_kind soak_draw_kind(struct soak *k);
/** \a u: 0 to 1, how much of it */
int soak_happen(struct soak *k, enum soak_kind kind, int speaker, double u);

/* scenes/soak-check.c: for the checks */

const struct soak_excuse *soak_find_excuse(const struct soak *k, int speaker, double from, double to,
		enum soak_of of);
int soak_open_tapes(struct soak *k);
/** What was recorded since the last time, up to \a to */
int soak_check_piece(struct soak *k, double to);
/** Memory, descriptors, and which nodes there are, now */
void soak_check_now(struct soak *k);

#endif /* ROOM_SCENE_SOAK_H */
