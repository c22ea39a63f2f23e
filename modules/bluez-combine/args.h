/* Module arguments */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_ARGS_H
#define BLUEZ_COMBINE_ARGS_H

#include <pipewire/pipewire.h>
#include <spa/param/audio/raw.h>

/** Everything that the module was asked for, checked. */
struct args {
	char *group;			/**< name of the group, "default" if none was given */
	char *remote;			/**< name of the daemon to connect to, or NULL */
	char *rules;			/**< stream.rules, checked JSON */
	struct pw_properties *sink_props;	/**< of the sink's stream */
	struct pw_properties *stream_props;	/**< of each output's stream */
	struct spa_audio_info_raw info;	/**< positions of the sink and the outputs */
	int64_t headroom_ns;		/**< above the slowest member's latency */
	int64_t max_delay_ns;		/**< the longest delay that a member gets */
	bool mute_unaligned;		/**< a member beyond max_delay_ns is muted */
	uint32_t slew_ppm;		/**< how fast small changes of a delay are followed; 0: crossfaded */
	int64_t keep_warm_ns;		/**< speakers are kept awake after the last sound, or KEEP_WARM_ALWAYS */
	uint32_t keep_warm_level;	/**< peak of the dither that does it, in steps of 16 bits, >= 1 */
	uint32_t quantum;		/**< samples in a cycle, 0: to be chosen */
	uint32_t rate;			/**< of the graph, in Hz */
};

/**
 * Parse and check the argument string of the module.
 *
 * Main loop. Each error is logged with the key, the value and what is allowed.
 * Returns 0, or -EINVAL or -ENOMEM, and then nothing needs to be freed.
 */
int args_init(struct args *args, const char *str);

/** Free what args_init() took; a zeroed object is fine. */
void args_finish(struct args *args);

/** The name of the sink's node. */
const char *args_node_name(const struct args *args);

/** Set a property that the user has not set. */
void properties_set_default(struct pw_properties *props, const char *key, const char *value);

#endif /* BLUEZ_COMBINE_ARGS_H */
