/* What a member plays, how loud, and when */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include <spa/utils/defs.h>
#include <spa/utils/string.h>

#include "member/config.h"
#include "names.h"
#include "value.h"

#define TRIM_MSEC_MAX		1000.0

static const struct {
	const char *key;
	enum member_field field;
} fields[] = {
	{ BLUEZ_COMBINE_MEMBER_ROLE, MEMBER_FIELD_ROLE },
	{ BLUEZ_COMBINE_MEMBER_GAIN, MEMBER_FIELD_GAIN },
	{ BLUEZ_COMBINE_MEMBER_TRIM, MEMBER_FIELD_TRIM },
	{ BLUEZ_COMBINE_MEMBER_CORRECTION, MEMBER_FIELD_CORRECTION },
};

enum member_field member_field_find(const char *key)
{
	SPA_FOR_EACH_ELEMENT_VAR(fields, f)
		if (spa_streq(f->key, key))
			return f->field;
	return 0;
}

const char *member_field_name(uint32_t i)
{
	return i < SPA_N_ELEMENTS(fields) ? fields[i].key : NULL;
}

static int set_role(struct member_config *config, const char *where, const char *key, const char *value)
{
	int role = role_from_name(value);

	if (role < 0) {
		value_refuse(where, key, value, "stereo, left, right or mono");
		return -EINVAL;
	}
	config->role = role;
	return 0;
}

static int set_gain(struct member_config *config, const char *where, const char *key, const char *value)
{
	double gain;

	/* Nothing here may play louder than the source */
	if (!value_number(value, &gain) || gain < 0.0 || gain > 1.0) {
		value_refuse(where, key, value, "a linear gain from 0.0 to 1.0");
		return -EINVAL;
	}
	config->gain = gain;
	return 0;
}

int member_config_set(struct member_config *config, const char *where,
		const char *key, const char *value)
{
	enum member_field field = member_field_find(key);
	int res = -ENOENT;

	switch (field) {
	case MEMBER_FIELD_ROLE:
		res = set_role(config, where, key, value);
		break;
	case MEMBER_FIELD_GAIN:
		res = set_gain(config, where, key, value);
		break;
	case MEMBER_FIELD_TRIM:
		res = value_msec(where, key, value, -TRIM_MSEC_MAX, TRIM_MSEC_MAX, &config->trim_ns);
		break;
	case MEMBER_FIELD_CORRECTION:
		res = value_msec(where, key, value, -CORRECTION_MSEC_MAX, CORRECTION_MSEC_MAX,
				&config->correction_ns);
		break;
	}
	if (res == 0)
		config->given |= field;
	return res;
}

void member_config_merge(struct member_config *config, const struct member_config *other,
		uint32_t which)
{
	which &= other->given;
	if (which & MEMBER_FIELD_ROLE)
		config->role = other->role;
	if (which & MEMBER_FIELD_GAIN)
		config->gain = other->gain;
	if (which & MEMBER_FIELD_TRIM)
		config->trim_ns = other->trim_ns;
	if (which & MEMBER_FIELD_CORRECTION)
		config->correction_ns = other->correction_ns;
	config->given |= which;
}

bool member_config_equal(const struct member_config *a, const struct member_config *b)
{
	return a->role == b->role && a->gain == b->gain &&
		a->trim_ns == b->trim_ns && a->correction_ns == b->correction_ns;
}
