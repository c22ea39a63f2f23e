/* A speaker that is moved by hand: what the parts of the command have in common */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ADJUST_H
#define BLUEZ_COMBINE_ADJUST_H

#include <spa/utils/defs.h>

#include "adjust/keys.h"
#include "adjust/value.h"
#include "cli/session.h"
#include "cli/sound-stream.h"
#include "client/lease.h"
#include "client/report.h"

enum adjust_stage {
	ADJUST_FINDING,
	ADJUST_MOVING,			/**< by the lease, which nobody keeps */
	ADJUST_KEEPING,			/**< its offset is changed, and the lease stays until all have it */
	ADJUST_OVER,
};

struct adjust {
	const struct options *options;
	struct session session;
	enum adjust_stage stage;
	struct adjust_value value;
	bool enough;			/**< it goes as far as was wanted */
	bool held;			/**< the lease was taken */

	/* of the speaker */
	char *address, *name;
	char codec[32];
	uint32_t rate;			/**< 0: not known */
	double latency_ms;		/**< that counted before its offset was changed; NAN: not known */

	struct lease lease;
	struct sound_stream sound;
	struct keys keys;
	bool raw;			/**< the terminal gives each key: */
	struct termios terminal;	/**< how it was before */
	struct spa_source *input, *timer, *signals[3];
	int signal;			/**< that has ended it; 0: none */
};

void adjust_quit(struct adjust *a, int result);

/** On a line of its own, where the last one can be drawn over. */
void adjust_end_line(const struct adjust *a);

/** On stderr: what is wrong, with the command's name. */
void adjust_complain(const struct adjust *a, const char *format, ...) SPA_PRINTF_FUNC(2, 3);

/** End as it was. */
void adjust_finish_unchanged(struct adjust *a);

/* move.c: with keys, while it is listened to; nobody keeps it */

/** Returns an exit code. */
int move_begin(struct adjust *a, const struct report *r);

/** Nothing was typed for a while. */
void move_pause(struct adjust *a);

/* keep.c: the offset that has the same effect */

/** Write it. Its end is keep_follow()'s, or keep_timeout()'s. */
void keep_begin(struct adjust *a);

/** Is it in place? Then this ends. */
void keep_follow(struct adjust *a, const struct report_speaker *s);

/** Now it has to be. */
void keep_timeout(struct adjust *a);

#endif /* BLUEZ_COMBINE_ADJUST_H */
