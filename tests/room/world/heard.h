/* What has been heard lately, for a thread that must not wait */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_HEARD_H
#define ROOM_HEARD_H

#include <stdatomic.h>
#include <stdint.h>

#define HEARD_SIZE	(1u << 17)	/* frames of TIMELINE_RATE: 2.7 s */
#define HEARD_MASK	(HEARD_SIZE - 1)

/** One thread writes behind the end and then moves it; others read before it */
struct heard {
	_Atomic int64_t end;		/**< in frames since the epoch */
	float frames[HEARD_SIZE];
};

#endif /* ROOM_HEARD_H */
