/* What a member of this kind has, and can */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_KIND_H
#define BLUEZ_COMBINE_KIND_H

#include <stdbool.h>

struct kind {
	bool reports_late;	/**< it reports 0 until it plays, and that is no latency; what it then reports comes in steps.
				  *  Else 0 is what it means, at once. */
	bool has_packets;	/**< its first packet adds its length to the report: until then nothing was sent. A cycle of
				  *  the graph is to be as long as that. */
	bool reports_mixed;	/**< what it reports may be given to another one of its kind */
	bool can_restart;	/**< once suspended its buffer is empty, and it begins anew with the next cycle; else it has none that
				  *  could be apart */
	bool own_clock;		/**< it goes on by itself, in silence, when it gets nothing */
};

/** A Bluetooth speaker, by PipeWire's bluez5 plugin. */
extern const struct kind kind_bluetooth;
/** Any other sink: what it says is taken as it is, and it plays in the graph's time. */
extern const struct kind kind_sink;

#endif /* BLUEZ_COMBINE_KIND_H */
