/* The cycle of the graph that a group asks for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include <spa/utils/atomic.h>

#include "group-quantum.h"
#include "log.h"
#include "packet.h"

static int64_t longest_packet_ns(const struct group *group)
{
	int64_t ns = 0, packet_ns;
	const struct output *o;

	spa_list_for_each(o, &group->outputs, link) {
		if (!speaker_is_bluetooth(o->speaker))
			continue;
		packet_ns = o->packet_ns > 0 ? o->packet_ns : packet_common_ns(output_codec(o),
				o->speaker->rate);
		ns = SPA_MAX(ns, packet_ns);
	}
	return ns;
}

void group_quantum_choose(struct group *group)
{
	const struct args *args = group->args;
	int64_t packet_ns = longest_packet_ns(group);
	uint32_t quantum = args->quantum > 0 ? args->quantum : packet_quantum(packet_ns, args->rate);

	group->packet_ns = packet_ns;
	if (group->sink.playing || quantum == group->quantum_wanted)
		return;
	pw_log_info("%s: a cycle of %u samples; the longest packet has %" PRIi64 " ns", args->group,
			quantum, packet_ns);
	group->quantum_wanted = quantum;
	/* That of the last cycle is of no use any more, and the next one tells if it is another */
	SPA_ATOMIC_STORE(group->quantum, quantum);
	sink_set_quantum(&group->sink, quantum);
}
