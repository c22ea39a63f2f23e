/* In-process host of the fan-out node */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_FANOUT_HOST_H
#define BLUEZ_COMBINE_FANOUT_HOST_H

#include <pipewire/pipewire.h>
#include <spa/node/io.h>
#include <spa/node/node.h>
#include <spa/param/audio/raw.h>

#include "args.h"
#include "audio/dither.h"
#include "fanout/control.h"
#include "realtime.h"
#include "dsp/role.h"

#define FANOUT_HOST_OUTPUTS_MAX		64u

/**
 * One port of the node, with the one buffer that it ever has. The buffer's
 * memory is that of whichever stream buffer the cycle brings, so that nothing
 * is copied between the streams and the node.
 */
struct fanout_port {
	struct spa_io_buffers io;
	struct spa_buffer buffer;
	struct spa_buffer *buffers[1];
	struct spa_data data;
	struct spa_chunk chunk;
};

/** An output stream and the node's ports that fill its buffers. */
struct fanout_slot {
	struct pw_stream *stream;	/**< data loop; NULL: it does not run */
	struct fanout_port *ports;	/**< one per channel; main loop */
	bool used;			/**< main loop */
};

struct fanout_host {
	struct spa_handle *handle;
	struct spa_node *node;
	struct fanout_control *control;		/**< of the same: what its outputs play */
	struct pw_loop *data_loop;
	struct spa_audio_info_raw info;		/**< positions and channels of every stream */

	struct fanout_port inputs[ROLE_CHANNELS_MAX];
	struct fanout_slot slots[FANOUT_HOST_OUTPUTS_MAX];
	float *silence;				/**< what a cycle without input brings */
	struct dither dither;			/**< what outputs play while only that goes on */
	float *scratch;				/**< memory of outputs that have no buffer yet */

	/* data loop */
	uint32_t n_slots;			/**< from here on nobody runs */
	struct spa_io_position *position;
	uint32_t silent;			/**< samples since there was input, up to UINT32_MAX */
	bool drained;				/**< silent has reached drain; atomic */
	uint32_t still;				/**< samples since the input could be heard, up to UINT32_MAX */
	bool quiet;				/**< still has reached quiet_after; atomic */

	/* set by the main loop, atomic */
	uint32_t drain;				/**< what the outputs still hold when the input ends, in
						  *  samples */
	uint32_t quiet_after;			/**< that and a moment, in samples */
	bool warm;				/**< dither where nothing is to be heard */
};

/**
 * Load the node and connect its inputs. Main loop.
 *
 * \param data_loop  where fanout_host_process() will run
 * \param args       channels, rate and slew
 * \param history_ns the past that outputs can be delayed into
 * Returns 0 or -errno. fanout_host_finish() undoes it, also when it failed.
 */
int fanout_host_init(struct fanout_host *host, struct pw_context *context,
		struct pw_loop *data_loop, const struct args *args, int64_t history_ns);
void fanout_host_finish(struct fanout_host *host);

/** Add an output, muted. Main loop. Returns its number, also that of the node's output, or -errno. */
int fanout_host_add(struct fanout_host *host);
void fanout_host_remove(struct fanout_host *host, uint32_t slot);

/**
 * From the next cycle on fill the buffers of \a stream and trigger its node, or, with NULL, leave
 * them alone. The data loop uses both with no lock: a stream has to be taken away before its
 * node or its buffers are. Main loop; waits for the data loop.
 */
void fanout_host_run(struct fanout_host *host, uint32_t slot, struct pw_stream *stream);

/** The graph's clock, or NULL. Main loop; waits for the data loop. */
void fanout_host_set_position(struct fanout_host *host, struct spa_io_position *position);

/** How much is to be played after the input has ended, \a ns at \a rate. Main loop. */
void fanout_host_set_drain(struct fanout_host *host, int64_t ns, uint32_t rate);

/** Whether outputs play dither while fanout_host_is_quiet(), and not that silence. Main loop. */
void fanout_host_set_warm(struct fanout_host *host, bool warm);

/** Has all that ever came in been played? Any thread. */
bool fanout_host_is_drained(const struct fanout_host *host);

/**
 * Is there nothing but silence in the outputs, and has been for a moment? Nobody
 * hears a delay change then. Any thread.
 */
bool fanout_host_is_quiet(const struct fanout_host *host);

/**
 * Run one cycle: from the newest buffer of \a sink to all outputs. Data loop.
 * Returns true when fanout_host_is_drained() or fanout_host_is_quiet() has changed.
 */
bool fanout_host_process(struct fanout_host *host, struct pw_stream *sink) REALTIME;

/**
 * Let a cycle pass in which nothing is heard and nothing is kept. Data loop. A sink that gets nothing
 * from its converter is given silence: the packets that it sends are as many as ever.
 */
void fanout_host_skip(struct fanout_host *host, struct pw_stream *sink) REALTIME;

#endif /* BLUEZ_COMBINE_FANOUT_HOST_H */
