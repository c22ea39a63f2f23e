/* What stories about the policy are told with */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_SCENE_POLICY_H
#define ROOM_SCENE_POLICY_H

#include "stage/scene.h"

#define COMBINED	"bluez_combine.default"
#define ECHO_STREAM	"bluez_input.*"	/* of any */
/* that of SCENE_ECHO, as stage/scene.c makes it */
#define ECHO_ADDRESS	"EC:00:00:00:00:A4"
#define ECHO_SINK_NAME	"bluez_output.EC_00_00_00_00_A4.1"
#define ECHO_SINK	"bluez_output.EC_00_00_00_00_A4.*"
#define ECHO_OUT	"bluez_combine.default.output.EC_00_00_00_00_A4"
#define ECHO_QUIET	"'ppm': <0.0>"
/* sink and output of the first, the second ... speaker */
#define SPEAKER_SINK(n)	"bluez_output.AA_BB_CC_00_00_0" #n ".*"
#define SPEAKER_OUT(n)	"bluez_combine.default.output.AA_BB_CC_00_00_0" #n

/** One room, and what is seen in it. After a failure nothing more is done. */
struct tale {
	struct scene scene;
	const struct scene_options *options;
	struct json *json;
	int res;		/**< 0, or why it cannot go on */
	int rules, broken;	/**< looked at; not kept */
};

struct story {
	const char *name, *text;
	struct stack_options stack;
	bool stock;		/**< without our package */
	void (*before)(void), (*after)(void);	/**< around the room; may be NULL */
	void (*tell)(struct tale *t);
};

/* Expectations: a rule that holds within a few seconds, and a moment later still. */

void tale_expect(struct tale *t, const char *rule, bool (*holds)(struct stack *s, void *data), void *data);
/** \a out is linked to \a in (NULL: that does not matter) and not to \a not_in. A * at the end of a
 * name matches any rest. */
void tale_linked(struct tale *t, const char *rule, const char *out, const char *in, const char *not_in);
/** NULL: there is no default */
void tale_default(struct tale *t, const char *rule, const char *name);
void tale_there(struct tale *t, const char *rule, const char *name, bool there);

/* What happens, with nothing to be judged */

/** Speakers s1, s2 ... and the Echo, all connected */
void tale_begin(struct tale *t, int speakers, const char *echo_options);
void tale_await(struct tale *t, const char *name, bool there);
void tale_pass(struct tale *t, double seconds);
/** A program of the user's, until it has ended */
void tale_run_program(struct tale *t, const char *const *argv);
/** wpctl settings bluez-combine.<setting> <value> */
void tale_set(struct tale *t, const char *setting, const char *value);
/** Write an entry of a speaker, by its index; NULL clears it. */
void tale_member(struct tale *t, int speaker, const char *json);
/** As pavucontrol moves a stream: to a node, or "-1", or NULL: nothing is said about it any more. */
void tale_move(struct tale *t, const char *stream, const char *target);
/** Choose a default sink, NULL: none. */
void tale_configure(struct tale *t, const char *sink);
void tale_connect(struct tale *t, const char *name, bool connect);
void tale_echo(struct tale *t, bool play);
/** The Echo pauses and goes on: its stream is another one then. */
void tale_pause(struct tale *t);

/* Stories: scenes/policy-devices.c */

void tale_of_ranks(struct tale *t);
void tale_of_first_echo(struct tale *t);
void tale_of_sources(struct tale *t);
void tale_of_two_echos(struct tale *t);
void tale_of_removed(struct tale *t);
extern const char tale_of_sources_conf[];

/* scenes/policy-calibrations.c */

void tale_of_calibrations(struct tale *t);
/** Around its room: the policy says in the log what it does */
void tale_of_calibrations_begins(void);
void tale_of_calibrations_ends(void);

/* scenes/filter.c */

void tale_of_filters(struct tale *t);
/** For pipewire.conf.d */
extern const char tale_of_filters_conf[];

/** All stories in turn; returns the worst enum scene_verdict. */
int tale_run(const struct scene_type *type, const struct scene_options *o, struct json *j,
	     const struct story *stories, size_t n);

#endif /* ROOM_SCENE_POLICY_H */
