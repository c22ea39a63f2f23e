/* Faults of PipeWire that are worked around */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <string.h>

#include "quirks.h"

const struct quirk_info quirk_infos[QUIRK_N] = {
	/* bluez5-dbus.c, spa_bt_transport_acquire(): an Echo's node that is suspended and started while the Echo goes on
	 * sending is told no state of the transport that was kept, and never reads again. Mended by 7dd2c60b1. */
	[QUIRK_SOURCE_SLEEPS] = { "source-sleeps", QUIRK_SIDE_PROCESS, "1.6.0", "drivers" },

	/* media-sink.c, media_on_timeout(): a sink that comes under another driver before its transport is acquired has
	 * marked its input as full, and only its own timer, which runs no more, empties that. */
	[QUIRK_SINK_STUCK] = { "sink-stuck", QUIRK_SIDE_PROCESS, NULL, "unavailable" },

	/* impl-node.c, on_state_complete(): the error of a node (last_error) is taken for that of the next start, which
	 * succeeds; the node stays suspended until the graph is looked at for another reason. */
	[QUIRK_START_REFUSED] = { "start-refused", QUIRK_SIDE_DAEMON, NULL, "acquire-fail" },

	/* impl-node.c, suspend_node(): what the graph has asked of the node before, to be idle, comes to its end after the
	 * suspension, and the node counts as idle: nobody sees that it has let go. */
	[QUIRK_SUSPEND_UNDONE] = { "suspend-undone", QUIRK_SIDE_DAEMON, NULL, "stutter" },

	/* impl-node.c, check_properties(): the graph is not looked at when node.always-process changes. */
	[QUIRK_AWAKE_UNSEEN] = { "awake-unseen", QUIRK_SIDE_DAEMON, NULL, "announcement-cold" },

	/* media-sink.c, tmp_buffer_used: samples that make no whole frame outlive the stream, and delay the next one. */
	[QUIRK_FRAME_KEPT] = { "frame-kept", QUIRK_SIDE_PROCESS, NULL, "return-44100" },
};

/* 0: none that can be read */
static uint32_t version_number(const char *version)
{
	unsigned major, minor, micro = 0;

	if (version == NULL || sscanf(version, "%u.%u.%u", &major, &minor, &micro) < 2 ||
	    major > 255 || minor > 255 || micro > 255)
		return 0;
	return major << 16 | minor << 8 | micro;
}

static bool is_named(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = names; s && (s = strstr(s, name)) != NULL; s += len)
		if ((s == names || s[-1] == ' ') && (s[len] == ' ' || s[len] == '\0'))
			return true;
	return false;
}

void quirks_init(struct quirks *quirks, const char *library, const char *daemon, const char *off)
{
	const uint32_t versions[] = {
		[QUIRK_SIDE_PROCESS] = version_number(library),
		[QUIRK_SIDE_DAEMON] = version_number(daemon),
	};

	quirks->off = 0;
	for (int i = 0; i < QUIRK_N; i++) {
		const struct quirk_info *q = &quirk_infos[i];
		bool mended = q->mended && versions[q->side] >= version_number(q->mended);

		if (mended || is_named(off, q->name))
			quirks->off |= 1u << i;
	}
}
