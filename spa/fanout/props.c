/* Fan-out node: Props */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <spa/param/props.h>
#include <spa/pod/dynamic.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>
#include <spa/utils/string.h>

#include "fanout/config.h"
#include "names.h"

void fanout_output_config_init(struct fanout_output_config *c)
{
	*c = (struct fanout_output_config) { .target = { .gain = 1.0, .role = ROLE_STEREO } };
}

uint32_t fanout_config_n_outputs(const struct fanout_config *c)
{
	uint32_t n = FANOUT_OUTPUTS_MAX;

	while (n > 0 && !c->outputs[n - 1].present)
		n--;
	return n;
}

void fanout_config_set_n_outputs(struct fanout_config *c, uint32_t n_outputs)
{
	uint32_t i;

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		if (i >= n_outputs || !c->outputs[i].present)
			fanout_output_config_init(&c->outputs[i]);
		c->outputs[i].present = i < n_outputs;
	}
}

bool fanout_config_equal(const struct fanout_config *a, const struct fanout_config *b)
{
	uint32_t i;

	if (a->slew_ppm != b->slew_ppm)
		return false;
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		const struct fanout_output_config *x = &a->outputs[i], *y = &b->outputs[i];

		if (x->present != y->present || !fanout_target_equal(&x->target, &y->target))
			return false;
	}
	return true;
}

void fanout_config_begin(struct fanout_config *c)
{
	uint32_t i;

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		c->outputs[i].target.wait_ns = 0;
		c->outputs[i].target.at_once = false;
	}
}

void fanout_config_end(struct fanout_config *c, const struct fanout_config *old)
{
	uint32_t i;

	/* The data loop may not have seen the last change yet: this is still it */
	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		const struct fanout_target *before = &old->outputs[i].target;

		if (c->outputs[i].target.delay_ns != before->delay_ns)
			continue;
		c->outputs[i].target.wait_ns = before->wait_ns;
		c->outputs[i].target.at_once = before->at_once;
	}
}

/*
 * Reading
 */

static void describe_value(const struct spa_pod *value, char *text, size_t size)
{
	const char *str;
	int32_t i;
	int64_t l;
	float f;
	double d;
	bool b;

	if (spa_pod_get_string(value, &str) == 0)
		snprintf(text, size, "'%.64s'", str);
	else if (spa_pod_get_int(value, &i) == 0)
		snprintf(text, size, "%d", i);
	else if (spa_pod_get_long(value, &l) == 0)
		snprintf(text, size, "%" PRIi64, l);
	else if (spa_pod_get_float(value, &f) == 0)
		snprintf(text, size, "%g", f);
	else if (spa_pod_get_double(value, &d) == 0)
		snprintf(text, size, "%g", d);
	else if (spa_pod_get_bool(value, &b) == 0)
		snprintf(text, size, "%s", b ? "true" : "false");
	else
		snprintf(text, size, "(a value of type %u)", value->type);
}

static int refuse(const char *key, const struct spa_pod *value, struct fanout_error *error,
		const char *allowed)
{
	char text[96];

	describe_value(value, text, sizeof(text));
	snprintf(error->text, sizeof(error->text), "%.80s = %s: %s", key, text, allowed);
	return -EINVAL;
}

/* Numbers written by hand come as whatever the tool makes of them */
static bool get_number(const struct spa_pod *value, double *number)
{
	int32_t i;
	int64_t l;
	float f;

	if (spa_pod_get_int(value, &i) == 0)
		*number = i;
	else if (spa_pod_get_long(value, &l) == 0)
		*number = l;
	else if (spa_pod_get_float(value, &f) == 0)
		*number = f;
	else if (spa_pod_get_double(value, number) < 0)
		return false;
	return isfinite(*number);
}

static int parse_count(uint32_t *count, uint32_t max, const char *key, const struct spa_pod *value,
		struct fanout_error *error)
{
	char allowed[64];
	double number;

	if (!get_number(value, &number) || number < 0 || number > max || number != trunc(number)) {
		snprintf(allowed, sizeof(allowed), "not a whole number from 0 to %u", max);
		return refuse(key, value, error, allowed);
	}
	*count = number;
	return 0;
}

static int parse_n_outputs(struct fanout_config *c, const char *key, const struct spa_pod *value,
		struct fanout_error *error)
{
	uint32_t n;
	int res = parse_count(&n, FANOUT_OUTPUTS_MAX, key, value, error);

	if (res == 0)
		fanout_config_set_n_outputs(c, n);
	return res;
}

static int parse_slew(struct fanout_config *c, const char *key, const struct spa_pod *value,
		struct fanout_error *error)
{
	double number;

	if (!get_number(value, &number) || number > FANOUT_SLEW_PPM_MAX ||
	    (number != 0.0 && number < FANOUT_SLEW_PPM_MIN))
		return refuse(key, value, error, "not 0 or a number from "
				SPA_STRINGIFY(FANOUT_SLEW_PPM_MIN) " to "
				SPA_STRINGIFY(FANOUT_SLEW_PPM_MAX));
	c->slew_ppm = number;
	return 0;
}

static int parse_ns(int64_t *ns, int64_t max, const char *what, const char *key,
		const struct spa_pod *value, struct fanout_error *error)
{
	char allowed[96];
	double number;

	if (!get_number(value, &number) || number < 0 || number > max) {
		snprintf(allowed, sizeof(allowed), "not a number from 0 to %" PRIi64 " (%s)",
				max, what);
		return refuse(key, value, error, allowed);
	}
	*ns = llrint(number);
	return 0;
}

static int parse_target(const struct fanout_config *c, struct fanout_target *t, const char *key,
		const char *name, const struct spa_pod *value, struct fanout_error *error)
{
	const char *str;
	double number;
	int role;

	if (spa_streq(name, BLUEZ_COMBINE_OUTPUT_DELAY)) {
		return parse_ns(&t->delay_ns, c->max_delay_ns, "the length of the history, in ns",
				key, value, error);
	} else if (spa_streq(name, BLUEZ_COMBINE_OUTPUT_WAIT)) {
		return parse_ns(&t->wait_ns, FANOUT_WAIT_NS_MAX, "in ns", key, value, error);
	} else if (spa_streq(name, BLUEZ_COMBINE_OUTPUT_CODE)) {
		return parse_count(&t->dither.code, WOBBLE_CODES, key, value, error);
	} else if (spa_streq(name, BLUEZ_COMBINE_OUTPUT_SAMPLES)) {
		return parse_count(&t->dither.samples, WOBBLE_SAMPLES_MAX, key, value, error);
	} else if (spa_streq(name, BLUEZ_COMBINE_OUTPUT_CHIP)) {
		return parse_ns(&t->dither.chip_ns, FANOUT_CHIP_NS_MAX, "in ns", key, value, error);
	} else if (spa_streq(name, BLUEZ_COMBINE_OUTPUT_GAIN)) {
		if (!get_number(value, &number) || number < 0.0 || number > 1.0)
			return refuse(key, value, error, "not a number from 0.0 to 1.0");
		t->gain = number;
	} else if (spa_streq(name, BLUEZ_COMBINE_OUTPUT_ROLE)) {
		if (spa_pod_get_string(value, &str) < 0 || (role = role_from_name(str)) < 0)
			return refuse(key, value, error, "not one of stereo, left, right, mono");
		t->role = role;
	} else {
		return refuse(key, value, error, "unknown key; an output has "
				BLUEZ_COMBINE_OUTPUT_DELAY ", " BLUEZ_COMBINE_OUTPUT_WAIT ", "
				BLUEZ_COMBINE_OUTPUT_GAIN ", " BLUEZ_COMBINE_OUTPUT_ROLE ", "
				BLUEZ_COMBINE_OUTPUT_CODE ", " BLUEZ_COMBINE_OUTPUT_SAMPLES ", "
				BLUEZ_COMBINE_OUTPUT_CHIP);
	}
	return 0;
}

/* output.<n>.<name> */
static bool split_key(const char *key, uint32_t *n, const char **name)
{
	const char *number, *dot;
	char text[16];

	if (!spa_strstartswith(key, BLUEZ_COMBINE_OUTPUT_PREFIX))
		return false;
	number = key + strlen(BLUEZ_COMBINE_OUTPUT_PREFIX);
	dot = strchr(number, '.');
	if (dot == NULL || dot == number || (size_t)(dot - number) >= sizeof(text) ||
	    strspn(number, "0123456789") != (size_t)(dot - number))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(dot - number), number);
	*name = dot + 1;
	return spa_atou32(text, n, 10);
}

static int parse_item(struct fanout_config *c, const char *key, const struct spa_pod *value,
		struct fanout_error *error)
{
	char allowed[96];
	const char *name;
	uint32_t n;

	if (spa_streq(key, BLUEZ_COMBINE_FANOUT_OUTPUTS))
		return 0;
	if (spa_streq(key, BLUEZ_COMBINE_FANOUT_SLEW))
		return parse_slew(c, key, value, error);

	if (!split_key(key, &n, &name))
		return refuse(key, value, error, "unknown key; there are "
				BLUEZ_COMBINE_FANOUT_OUTPUTS ", " BLUEZ_COMBINE_FANOUT_SLEW " and "
				BLUEZ_COMBINE_OUTPUT_PREFIX "<n>.<key>");

	if (n >= FANOUT_OUTPUTS_MAX || !c->outputs[n].present) {
		snprintf(allowed, sizeof(allowed), "there is no output %u; "
				BLUEZ_COMBINE_FANOUT_OUTPUTS " is %u",
				n, fanout_config_n_outputs(c));
		return refuse(key, value, error, allowed);
	}
	return parse_target(c, &c->outputs[n].target, key, name, value, error);
}

typedef int (*item_func)(struct fanout_config *c, const char *key, const struct spa_pod *value,
		struct fanout_error *error);

static int for_each_item(struct fanout_config *c, const struct spa_pod *params,
		struct fanout_error *error, item_func func)
{
	struct spa_pod_parser prs;
	struct spa_pod_frame f;
	struct spa_pod *key_pod, *value;
	const char *key;
	int res;

	spa_pod_parser_pod(&prs, params);
	if (spa_pod_parser_push_struct(&prs, &f) < 0) {
		snprintf(error->text, sizeof(error->text),
				"params: not a list of keys and values");
		return -EINVAL;
	}
	while (spa_pod_parser_get_pod(&prs, &key_pod) >= 0) {
		if (spa_pod_get_string(key_pod, &key) < 0)
			return refuse("params", key_pod, error, "not a key");
		if (spa_pod_parser_get_pod(&prs, &value) < 0) {
			snprintf(error->text, sizeof(error->text), "%.80s: no value", key);
			return -EINVAL;
		}
		if ((res = func(c, key, value, error)) < 0)
			return res;
	}
	return 0;
}

static int number_item(struct fanout_config *c, const char *key, const struct spa_pod *value,
		struct fanout_error *error)
{
	if (!spa_streq(key, BLUEZ_COMBINE_FANOUT_OUTPUTS))
		return 0;
	return parse_n_outputs(c, key, value, error);
}

int fanout_config_parse(struct fanout_config *c, const struct spa_pod *params,
		struct fanout_error *error)
{
	int res;

	/* The number of outputs first: the rest may be about the new ones */
	if ((res = for_each_item(c, params, error, number_item)) < 0)
		return res;
	return for_each_item(c, params, error, parse_item);
}

/*
 * Writing
 */

static void output_key(char *key, size_t size, uint32_t n, const char *name)
{
	snprintf(key, size, BLUEZ_COMBINE_OUTPUT_PREFIX "%u.%s", n, name);
}

static void add_key(struct spa_pod_builder *b, uint32_t n, const char *name)
{
	char key[64];

	output_key(key, sizeof(key), n, name);
	spa_pod_builder_string(b, key);
}

struct spa_pod *fanout_config_build(const struct fanout_config *c, struct spa_pod_builder *b)
{
	struct spa_pod_frame f[2];
	uint32_t i;

	spa_pod_builder_push_object(b, &f[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(b, &f[1]);

	spa_pod_builder_string(b, BLUEZ_COMBINE_FANOUT_OUTPUTS);
	spa_pod_builder_int(b, fanout_config_n_outputs(c));
	spa_pod_builder_string(b, BLUEZ_COMBINE_FANOUT_SLEW);
	spa_pod_builder_double(b, c->slew_ppm);

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++) {
		const struct fanout_target *t = &c->outputs[i].target;

		if (!c->outputs[i].present)
			continue;
		add_key(b, i, BLUEZ_COMBINE_OUTPUT_DELAY);
		spa_pod_builder_long(b, t->delay_ns);
		add_key(b, i, BLUEZ_COMBINE_OUTPUT_WAIT);
		spa_pod_builder_long(b, t->wait_ns);
		add_key(b, i, BLUEZ_COMBINE_OUTPUT_GAIN);
		spa_pod_builder_double(b, t->gain);
		add_key(b, i, BLUEZ_COMBINE_OUTPUT_ROLE);
		spa_pod_builder_string(b, role_name(t->role));
		add_key(b, i, BLUEZ_COMBINE_OUTPUT_CODE);
		spa_pod_builder_int(b, t->dither.code);
		add_key(b, i, BLUEZ_COMBINE_OUTPUT_SAMPLES);
		spa_pod_builder_int(b, t->dither.samples);
		add_key(b, i, BLUEZ_COMBINE_OUTPUT_CHIP);
		spa_pod_builder_long(b, t->dither.chip_ns);
	}
	spa_pod_builder_pop(b, &f[1]);
	return spa_pod_builder_pop(b, &f[0]);
}

static void build_role_labels(struct spa_pod_builder *b)
{
	struct spa_pod_frame f;
	int i;

	spa_pod_builder_prop(b, SPA_PROP_INFO_labels, 0);
	spa_pod_builder_push_struct(b, &f);
	for (i = 0; i < ROLE_N; i++) {
		spa_pod_builder_string(b, role_name(i));
		spa_pod_builder_string(b, role_name(i));
	}
	spa_pod_builder_pop(b, &f);
}

static void build_info(struct spa_pod_builder *b, uint32_t n, const char *name, const char *description)
{
	char key[64];

	output_key(key, sizeof(key), n, name);
	spa_pod_builder_add(b,
		SPA_PROP_INFO_name,        SPA_POD_String(key),
		SPA_PROP_INFO_description, SPA_POD_String(description),
		0);
}

static void build_ns_info(struct spa_pod_builder *b, uint32_t n, const char *name, const char *description, int64_t max)
{
	build_info(b, n, name, description);
	spa_pod_builder_add(b, SPA_PROP_INFO_type, SPA_POD_CHOICE_RANGE_Long(INT64_C(0), INT64_C(0), max), 0);
}

static void build_count_info(struct spa_pod_builder *b, uint32_t n, const char *name, const char *description, uint32_t max)
{
	build_info(b, n, name, description);
	spa_pod_builder_add(b, SPA_PROP_INFO_type, SPA_POD_CHOICE_RANGE_Int(0, 0, (int32_t)max), 0);
}

enum { INFO_DELAY, INFO_WAIT, INFO_GAIN, INFO_ROLE, INFO_CODE, INFO_SAMPLES, INFO_CHIP, INFO_N };

static void build_output_info(const struct fanout_config *c, uint32_t n, uint32_t which,
		struct spa_pod_builder *b)
{
	switch (which) {
	case INFO_DELAY:
		build_ns_info(b, n, BLUEZ_COMBINE_OUTPUT_DELAY, "Delay in ns", c->max_delay_ns);
		break;
	case INFO_WAIT:
		build_ns_info(b, n, BLUEZ_COMBINE_OUTPUT_WAIT, "Time until the change of the delay begins, in ns",
				FANOUT_WAIT_NS_MAX);
		break;
	case INFO_GAIN:
		build_info(b, n, BLUEZ_COMBINE_OUTPUT_GAIN, "Gain, linear");
		spa_pod_builder_add(b, SPA_PROP_INFO_type, SPA_POD_CHOICE_RANGE_Double(1.0, 0.0, 1.0), 0);
		break;
	case INFO_ROLE:
		build_info(b, n, BLUEZ_COMBINE_OUTPUT_ROLE, "Which channels are played");
		spa_pod_builder_add(b, SPA_PROP_INFO_type, SPA_POD_String(role_name(ROLE_STEREO)), 0);
		build_role_labels(b);
		break;
	case INFO_CODE:
		build_count_info(b, n, BLUEZ_COMBINE_OUTPUT_CODE, "Code by which the delay goes to and fro, 0 for none",
				WOBBLE_CODES);
		break;
	case INFO_SAMPLES:
		build_count_info(b, n, BLUEZ_COMBINE_OUTPUT_SAMPLES, "How far it goes, in samples", WOBBLE_SAMPLES_MAX);
		break;
	default:
		build_ns_info(b, n, BLUEZ_COMBINE_OUTPUT_CHIP, "How long it stays at one end at least, in ns",
				FANOUT_CHIP_NS_MAX);
		break;
	}
}

/* The nth output that is present, or FANOUT_OUTPUTS_MAX */
static uint32_t nth_output(const struct fanout_config *c, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < FANOUT_OUTPUTS_MAX; i++)
		if (c->outputs[i].present && n-- == 0)
			break;
	return i;
}

int fanout_config_build_info(const struct fanout_config *c, uint32_t index,
		struct spa_pod_builder *b, struct spa_pod **param)
{
	struct spa_pod_frame f;
	uint32_t n = 0;

	if (index > 1 && (n = nth_output(c, (index - 2) / INFO_N)) == FANOUT_OUTPUTS_MAX)
		return 0;

	spa_pod_builder_push_object(b, &f, SPA_TYPE_OBJECT_PropInfo, SPA_PARAM_PropInfo);
	if (index == 0) {
		spa_pod_builder_add(b,
			SPA_PROP_INFO_name,        SPA_POD_String(BLUEZ_COMBINE_FANOUT_OUTPUTS),
			SPA_PROP_INFO_description, SPA_POD_String("Number of outputs"),
			SPA_PROP_INFO_type,        SPA_POD_CHOICE_RANGE_Int(
							0, 0, FANOUT_OUTPUTS_MAX),
			0);
	} else if (index == 1) {
		spa_pod_builder_add(b,
			SPA_PROP_INFO_name,        SPA_POD_String(BLUEZ_COMBINE_FANOUT_SLEW),
			SPA_PROP_INFO_description, SPA_POD_String(
							"How fast a small change of a delay is followed, in ppm"),
			SPA_PROP_INFO_type,        SPA_POD_CHOICE_RANGE_Double(
							(double)FANOUT_SLEW_PPM_DEFAULT, 0.0,
							(double)FANOUT_SLEW_PPM_MAX),
			0);
	} else {
		build_output_info(c, n, (index - 2) % INFO_N, b);
	}
	spa_pod_builder_add(b, SPA_PROP_INFO_params, SPA_POD_Bool(true), 0);
	*param = spa_pod_builder_pop(b, &f);
	return 1;
}
