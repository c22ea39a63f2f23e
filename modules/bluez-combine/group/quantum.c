/* The cycle of the graph that a group asks for */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include <spa/utils/atomic.h>

#include "group/quantum.h"
#include "log.h"
#include "timing/packet.h"

static int64_t longest_packet_ns(const struct group *group)
{
	const struct output *o;
	int64_t ns = 0;

	spa_list_for_each(o, &group->outputs, link)
		ns = SPA_MAX(ns, report_packet_ns(&o->speaker->report));
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

static void force(struct pw_stream *stream, uint32_t quantum, uint32_t rate)
{
	char q[16], r[16];
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_FORCE_QUANTUM, q),
		SPA_DICT_ITEM_INIT(PW_KEY_NODE_FORCE_RATE, r),
	};

	snprintf(q, sizeof(q), "%u", quantum);
	snprintf(r, sizeof(r), "%u", rate);
	pw_stream_update_properties(stream, &SPA_DICT_INIT_ARRAY(items));
}

static struct pw_stream *find_streaming(const struct group *group)
{
	const struct output *o;

	spa_list_for_each(o, &group->outputs, link)
		if (o->speaker->member.streaming && o->stream)
			return o->stream;
	return NULL;
}

void group_quantum_defend(struct group *group, const struct rival *rival, const char *name)
{
	struct pw_stream *sink = group->sink.stream, *second;

	if (sink == NULL || group->quantum_wanted == 0)
		return;
	pw_log_info("%s: %s (%u) forces a cycle of %u samples and a rate of %u (0: none); a cycle of "
			"%u at %u is kept", group->args->group, name, rival->id, rival->quantum,
			rival->rate, group->quantum_wanted, group->args->rate);
	/* What does not change is not new. So the sink has to let go for a moment, and somebody else
	 * of us holds it meanwhile, if there is anything to be heard. */
	if ((second = find_streaming(group)) != NULL)
		force(second, group->quantum_wanted, group->args->rate);
	force(sink, 0, 0);
	force(sink, group->quantum_wanted, group->args->rate);
	if (second)
		force(second, 0, 0);
}

void group_quantum_tell(struct group *group)
{
	uint32_t quantum = SPA_ATOMIC_LOAD(group->quantum), rate = SPA_ATOMIC_LOAD(group->rate);
	bool overruled = quantum != group->quantum_wanted || rate != group->args->rate;

	if (overruled == group->overruled)
		return;
	group->overruled = overruled;
	if (overruled)
		pw_log_warn("%s: the graph has cycles of %u samples at %u Hz and not of %u at %u, which "
				"somebody else forces (clock.force-quantum or clock.force-rate of the "
				"daemon's settings, or a client): speakers may be apart for as long "
				"as that lasts", group->args->group, quantum, rate,
				group->quantum_wanted, group->args->rate);
	else
		pw_log_info("%s: the graph has cycles of %u samples at %u Hz again",
				group->args->group, quantum, rate);
}
