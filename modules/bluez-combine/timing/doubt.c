/* Reports that may be another speaker's */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <spa/utils/defs.h>

#include "timing/doubt.h"

/* A speaker's delay report comes before its sink, which waits for other profiles for up to 6 s */
#define SUSPECT_NS		(10 * (int64_t)SPA_NSEC_PER_SEC)
#define SILENT_NS		(400 * (int64_t)SPA_NSEC_PER_MSEC)

static bool is_silent(struct report *r, int64_t now_ns, int64_t *next_ns)
{
	if (!r->in.streaming || r->unsent || r->reported_ns <= REPORT_NO_LATENCY_NS)
		return r->silent;
	if (!r->has_told || report_tells(r)) {
		r->silent_since_ns = 0;
		/* One that has been silent, and tells what it told before, was only late: nobody had its report */
		return r->silent && !(report_tells(r) && r->is_known);
	}
	/* An offset that changes is heard of before the report that has it, or after it */
	if (r->silent_since_ns == 0)
		r->silent_since_ns = now_ns;
	if (now_ns < r->silent_since_ns + SILENT_NS)
		*next_ns = SPA_MIN(*next_ns, r->silent_since_ns + SILENT_NS);
	return now_ns >= r->silent_since_ns + SILENT_NS;
}

static void doubt(struct report *r, int64_t now_ns)
{
	/* Of one that was never alone nothing better is known */
	if (r->doubted || !r->settle.settled || !r->in.mixed)
		return;
	r->doubted = true;
	r->kept_ns = r->own_ns != 0 ? r->own_ns : r->settle.latency_ns - r->in.offset_ns;
	/* What came just before may have been the other's already, which was about to connect */
	if (r->changed_ns > 0 && now_ns - r->changed_ns < SUSPECT_NS) {
		r->forget_ns = r->settle.latency_ns;
		r->kept_ns = r->before_ns;
	}
	settle_report(&r->settle, now_ns, report_kept_ns(r));
}

static void believe(struct report *r, int64_t now_ns)
{
	if (!r->doubted)
		return;
	r->doubted = false;
	if (r->in.streaming && !r->unsent)
		settle_report(&r->settle, now_ns, r->reported_ns);
}

int64_t doubt_update(struct report *const *reports, uint32_t n_reports, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	bool silent = false, late = false;
	uint32_t i;

	for (i = 0; i < n_reports; i++) {
		bool was = reports[i]->silent;

		reports[i]->silent = is_silent(reports[i], now_ns, &next_ns);
		silent |= reports[i]->silent;
		late |= was && !reports[i]->silent;
	}
	for (i = 0; i < n_reports; i++) {
		if (silent)
			doubt(reports[i], now_ns);
		else if (late)
			believe(reports[i], now_ns);
	}
	return next_ns;
}
