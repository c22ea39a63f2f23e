/* Pattern: how much later than the others each speaker is to be heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>

#include "track/pattern.h"

void pattern_init(struct pattern *p, bool here)
{
	*p = (struct pattern) { .here = here, .origin_s = NAN };
}

double pattern_place(struct pattern *p, double record_s, double heard_s)
{
	if (p->here || isnan(record_s))
		return heard_s;
	if (isnan(p->origin_s))
		p->origin_s = heard_s - record_s;
	return p->origin_s + record_s;
}
