/* Faults of PipeWire that are worked around */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_QUIRKS_H
#define BLUEZ_COMBINE_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A work-around is what would not be there at all were PipeWire without the fault. Its code stands where it acts, and
 * asks here whether it is needed. docs/upstream.md has the evidence.
 */
enum quirk {
	QUIRK_SOURCE_SLEEPS,	/**< source-wake.c */
	QUIRK_SINK_STUCK,	/**< member.c: is_stuck() */
	QUIRK_START_REFUSED,	/**< member.c: wake(), output_wake() */
	QUIRK_SUSPEND_UNDONE,	/**< member_lets_go(), member/repair.c: let_go() */
	QUIRK_AWAKE_UNSEEN,	/**< sink_keep_awake() */
	QUIRK_FRAME_KEPT,	/**< group_outputs_rest() */
	QUIRK_N,
};

/** Which PipeWire has the fault. */
enum quirk_side {
	QUIRK_SIDE_PROCESS,	/**< this process, which the Bluetooth nodes live in as well where it matters */
	QUIRK_SIDE_DAEMON,
};

struct quirk_info {
	const char *name;
	enum quirk_side side;
	const char *mended;	/**< first version without it, or NULL: none that is known */
	const char *scene;	/**< which fails without the work-around */
};

extern const struct quirk_info quirk_infos[QUIRK_N];

/** Zeroed: all are needed. */
struct quirks {
	uint32_t off;		/**< 1 << enum quirk */
};

/**
 * \param library  version of this process' PipeWire, \param daemon  of the daemon's: "1.4.2". One that
 *   cannot be read has all faults.
 * \param off  names of those that are not worked around in any case, or NULL: to see whether a version still needs it
 */
void quirks_init(struct quirks *quirks, const char *library, const char *daemon, const char *off);

static inline bool quirks_has(const struct quirks *quirks, enum quirk quirk)
{
	return (quirks->off & (1u << quirk)) == 0;
}

#endif /* BLUEZ_COMBINE_QUIRKS_H */
