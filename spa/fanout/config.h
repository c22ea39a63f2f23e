/* Fan-out node: what its params say */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_FANOUT_CONFIG_H
#define BLUEZ_COMBINE_FANOUT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/pod/builder.h>
#include <spa/utils/dict.h>

#include "fanout/control.h"
#include "dsp/role.h"

#define FANOUT_OUTPUTS_MAX		64
#define FANOUT_RATE_MIN			8000
#define FANOUT_RATE_MAX			384000
#define FANOUT_HISTORY_MSEC_DEFAULT	4000	/* twice the longest delay that the group uses */
#define FANOUT_HISTORY_MSEC_MAX		4290	/* the longest that a group can ask for, and some */
#define FANOUT_WAIT_NS_MAX		(10 * SPA_NSEC_PER_SEC)
#define FANOUT_CHIP_NS_MAX		(10 * SPA_NSEC_PER_SEC)
#define FANOUT_SLEW_PPM_DEFAULT		500	/* 0.9 cent: a third of what can be heard of a pure tone */
#define FANOUT_SLEW_PPM_MIN		1	/* 1 ms takes half an hour; slower is as good as never */
#define FANOUT_SLEW_PPM_MAX		5000

struct fanout_output_config {
	bool present;
	struct fanout_target target;
};

/** What Props says, and is set by struct fanout_control; main loop. */
struct fanout_config {
	int64_t max_delay_ns;		/**< the length of the history */
	double slew_ppm;		/**< how fast a delay slews, FANOUT_SLEW_PPM_MIN to
					  *  FANOUT_SLEW_PPM_MAX; 0: never */
	struct fanout_output_config outputs[FANOUT_OUTPUTS_MAX];
};

/** The properties at creation. */
struct fanout_args {
	uint32_t n_channels;
	uint32_t position[ROLE_CHANNELS_MAX];
	uint32_t rate;			/**< in Hz, until a clock says otherwise */
	uint32_t n_outputs;
	uint32_t history_msec;
	uint32_t slew_ppm;
};

/** What was wrong: key, value and what is allowed. */
struct fanout_error {
	char text[320];
};

/** \return 0, or -EINVAL and \a error */
int fanout_args_parse(struct fanout_args *args, const struct spa_dict *info,
		struct fanout_error *error);

void fanout_output_config_init(struct fanout_output_config *c);
/** Of the same outputs, and the same in each. */
bool fanout_config_equal(const struct fanout_config *a, const struct fanout_config *b);
/** One more than the highest output that is present. */
uint32_t fanout_config_n_outputs(const struct fanout_config *c);
void fanout_config_set_n_outputs(struct fanout_config *c, uint32_t n_outputs);

/** Before and after a copy \a c of \a old is changed: a wait is that of the change
 * of the delay that it was given with, and of no other. */
void fanout_config_begin(struct fanout_config *c);
void fanout_config_end(struct fanout_config *c, const struct fanout_config *old);

/** Apply a SPA_PROP_params struct.
 * \return 0, or -EINVAL and \a error, with \a c half changed */
int fanout_config_parse(struct fanout_config *c, const struct spa_pod *params,
		struct fanout_error *error);

/** The Props object. */
struct spa_pod *fanout_config_build(const struct fanout_config *c, struct spa_pod_builder *b);

/** PropInfo number \a index. \return 1, or 0 when there is none */
int fanout_config_build_info(const struct fanout_config *c, uint32_t index,
		struct spa_pod_builder *b, struct spa_pod **param);

#endif /* BLUEZ_COMBINE_FANOUT_CONFIG_H */
