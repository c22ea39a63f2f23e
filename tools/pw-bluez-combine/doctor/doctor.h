/* The doctor command: its parts */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_DOCTOR_H
#define BLUEZ_COMBINE_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

#include "client/microphone.h"

#define DOCTOR_JSON_VERSION	1

/* What is known, from public surfaces: PipeWire's registry, the buses, and the files and
 * processes of this user. A string that is not known is NULL, a number 0. */

/** A process of this user */
struct fact_daemon {
	bool running;
	char *version;
	pid_t pid;			/**< 0: not known, or another user's */
	int64_t started_sec;		/**< since 1970 */
	char **env;			/**< what it was started with; NULL: not readable */
	int data_loops, slow_loops;	/**< its threads for audio; those without real-time priority */
	int nice;			/**< of its main thread */
	int nice_limit;			/**< RLIMIT_NICE: the best that it may have is 20 less this */
};

struct fact_node {
	uint32_t id;
	char *name, *description, *class, *api, *address, *profile;
	char *link_group;		/**< of a filter: both of its nodes have the same */
	bool running, broken;		/**< broken: suspended, or in error */
};

struct fact_link {
	uint32_t from, to;		/**< ids of nodes */
};

/** A Bluetooth device as PipeWire has it */
struct fact_card {
	char *address;
	char *profile;			/**< name of the active one */
	int64_t offset_ns;		/**< latency offset of its route */
};

/** A speaker of the group that is connected and not left out */
struct fact_speaker {
	char *name, *address;
	char *model;			/**< maker and product, as it tells them */
	char *basis;			/**< what its latency rests on */
	char *stale;			/**< what is another one than it was calibrated with: codec, rate, report */
	char *codec;
	int rate;			/**< Hz */
	bool by_hand;			/**< the user has the last word on its latency */
};

struct fact_microphone {
	char *name;			/**< as people call it */
	enum microphone_doubt doubt;
};

struct fact_adapter {
	char *name;			/**< hci0 */
	char *address;
	bool powered, blocked;
	bool sends, receives;		/**< somebody has registered A2DP for speakers; for sources */
};

struct fact_device {
	char *name, *address, *adapter;
	bool paired, connected;
	bool speaker, source;		/**< what it can be */
	bool plays, streams;		/**< what it is: there is a transport for it */
	bool reports;			/**< and it tells its delay */
	int codec;			/**< A2DP's number, of that transport */
};

/** A connected device that can send, as the policy sees it */
struct fact_source {
	char *address;
	char *why;			/**< it is taken, or not */
	bool taken;
};

/** A setting that is none of what it can be, as the policy sees it */
struct fact_setting {
	char *name;			/**< without bluez-combine. */
	char *is, *allowed, *using;
};

/** A file that has to be there */
struct fact_file {
	char *path;			/**< NULL: nowhere */
	int64_t changed_sec;		/**< since 1970: when it came there */
};

enum fact_yes { FACT_UNKNOWN, FACT_NO, FACT_YES };

struct facts {
	bool pipewire;			/**< could be reached */
	struct fact_daemon daemon, manager;	/**< PipeWire; WirePlumber */
	GPtrArray *nodes, *links, *cards;
	bool policy;			/**< the group's metadata is there */
	bool playing;			/**< the group says that it plays */
	bool stutter;			/**< and that the machine stands still again and again: */
	double stalls, stalls_ms, longest_ms;	/**< within a minute how often, in all, at most */
	char *sink;			/**< name of its sink */
	char *default_sink;
	GHashTable *members;		/**< address -> name of its sink, of who is a member */
	GHashTable *corrected;		/**< addresses of speakers with a correction */
	GHashTable *taken;		/**< addresses of those that the group plays to, or for the first time is about to */
	GPtrArray *sources, *settings;
	GPtrArray *speakers, *microphones;

	bool bus, bluez;		/**< could be reached */
	char *bluez_version, *bluez_version_from;
	GPtrArray *adapters, *devices;

	struct fact_file module, plugin, conf, scripts, bluez_plugin;
	enum fact_yes seat;		/**< this user has an active one */
	enum fact_yes seat_monitoring;	/**< Bluetooth waits for that */
	char *roles;			/**< what bluez5.roles is, in all files; NULL: not set */
	char *roles_file;		/**< the last that sets it; NULL: nowhere */
	char *disabled_file;		/**< where the policy is switched off; NULL: nowhere */
};

/* graph.c, bluez.c, system.c: each asks what it can reach */
void facts_read_graph(struct facts *f, const char *group);
void facts_read_bluez(struct facts *f);
void facts_read_system(struct facts *f);

/* facts.c */
void facts_init(struct facts *f);
void facts_finish(struct facts *f);
/** By their numbers: 5.82 < 5.83 < 5.100, 1.4 = 1.4.0. Returns -1, 0, 1 */
int version_compare(const char *a, const char *b);

/* The findings */

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_UNKNOWN,
	DOCTOR_WARNING,
	DOCTOR_ERROR,
};

struct finding {
	const char *id;
	enum doctor_level level;
	char *what;
	char *mend;			/**< NULL: nothing to do */
};

struct doctor {
	const struct facts *facts;
	const char *id;			/**< of the check that runs */
	GPtrArray *findings;		/**< struct finding */
};

/** What a check says; one that says nothing has found all well. \a mend is translated already. */
void doctor_say(struct doctor *d, enum doctor_level level, const char *mend, const char *what, ...)
	G_GNUC_PRINTF(4, 5);

/** What has to be there for a check to say anything */
enum {
	NEEDS_PIPEWIRE = 1 << 0,
	NEEDS_WIREPLUMBER = 1 << 1,
	NEEDS_BLUEZ = 1 << 2,
	NEEDS_ADAPTER = 1 << 3,		/**< one that is on */
};

struct check {
	const char *id;
	const char *well;		/**< what is so when nothing is wrong; marked by N_() */
	int needs;
	void (*run)(struct doctor *d, const struct facts *f);
};

/* checks.c */
int facts_count_powered(const struct facts *f);

/* calibration.c: what puts a speaker in its place, by its address; to be freed */
char *facts_mend_latency(const struct facts *f, const char *address);

/* checks.c, speakers.c, calibration.c: each list ends with one without an id */
extern const struct check checks_of_system[];
extern const struct check checks_of_speakers[];
extern const struct check checks_of_calibration[];

#endif /* BLUEZ_COMBINE_DOCTOR_H */
