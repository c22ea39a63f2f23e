/* Values that somebody has written */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <spa/utils/defs.h>
#include <spa/utils/json.h>

#include "log.h"
#include "value.h"

void value_refuse(const char *where, const char *key, const char *value, const char *allowed)
{
	if (where)
		pw_log_error("%s: '%.64s' = '%.256s' is not valid: expected %s", where, key, value, allowed);
}

bool value_number(const char *str, double *number)
{
	float f;
	if (spa_json_parse_float(str, strlen(str), &f) <= 0 || !isfinite(f))
		return false;
	*number = f;
	return true;
}

int value_msec(const char *where, const char *key, const char *str,
		double min, double max, int64_t *ns)
{
	char allowed[96];
	double msec;

	if (!value_number(str, &msec) || msec < min || msec > max) {
		snprintf(allowed, sizeof(allowed),
				"a number of milliseconds from %g to %g", min, max);
		value_refuse(where, key, str, allowed);
		return -EINVAL;
	}
	*ns = llrint(msec * SPA_NSEC_PER_MSEC);
	return 0;
}
