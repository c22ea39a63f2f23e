/* Fuzz target: module arguments, stream.rules, properties of the fan-out node */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <pipewire/pipewire.h>

#include "args.h"
#include "fanout/config.h"
#include "fuzz.h"
#include "log.h"
#include "names.h"

PW_LOG_TOPIC(mod_topic, "fuzz");

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	setenv("PIPEWIRE_DEBUG", "0", 1);
	pw_init(NULL, NULL);
	PW_LOG_TOPIC_INIT(mod_topic);
	return 0;
}

static void try_args(const char *str)
{
	struct args args;

	if (args_init(&args, str) < 0)
		return;
	fuzz_check(args.group != NULL && args.rules != NULL && args_node_name(&args) != NULL);
	fuzz_check(args.info.channels >= 1 && args.info.channels <= ROLE_CHANNELS_MAX);
	fuzz_check(args.headroom_ns >= 0 && args.headroom_ns <= args.max_delay_ns);
	fuzz_check(args.max_delay_ns <= 4000 * (int64_t)SPA_NSEC_PER_MSEC);
	fuzz_check(args.quantum == 0 || (args.quantum >= 64 && args.quantum <= 8192));
	fuzz_check((args.quantum & (args.quantum - 1)) == 0);
	fuzz_check(args.rate >= 8000 && args.rate <= 192000);
	args_finish(&args);
}

static void try_rules(const char *str)
{
	size_t size = strlen(str) + 32;
	char *text = malloc(size);

	snprintf(text, size, "{ stream.rules = %s }", str);
	try_args(text);
	free(text);
}

static void try_node(const char *str)
{
	static const char * const keys[] = { "audio.channels", "audio.position", "audio.rate",
		BLUEZ_COMBINE_FANOUT_OUTPUTS, BLUEZ_COMBINE_FANOUT_HISTORY, BLUEZ_COMBINE_FANOUT_SLEW };
	struct fanout_error error;
	struct fanout_args args;

	SPA_FOR_EACH_ELEMENT_VAR(keys, k) {
		if (fanout_args_parse(&args, &SPA_DICT_ITEMS(SPA_DICT_ITEM(*k, str)), &error) < 0) {
			fuzz_check(memchr(error.text, '\0', sizeof(error.text)) != NULL);
			continue;
		}
		fuzz_check(args.n_channels >= 1 && args.n_channels <= ROLE_CHANNELS_MAX);
		fuzz_check(args.rate >= FANOUT_RATE_MIN && args.rate <= FANOUT_RATE_MAX);
		fuzz_check(args.n_outputs <= FANOUT_OUTPUTS_MAX);
		fuzz_check(args.history_msec >= 1 && args.history_msec <= FANOUT_HISTORY_MSEC_MAX);
		fuzz_check(args.slew_ppm <= FANOUT_SLEW_PPM_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *str = fuzz_string(&in, '\0');

	try_args(str);
	try_rules(str);
	try_node(str);
	free(str);
	return 0;
}
