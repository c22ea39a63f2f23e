/* Reasons: why there is no arrival */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "ear/reason.h"

static const char * const names[EAR_REASONS] = {
	[EAR_HEARD] = "heard",
	[EAR_TOO_QUIET] = "too-quiet",
	[EAR_TOO_NOISY] = "too-noisy",
	[EAR_CLIPPED] = "clipped",
	[EAR_NARROW] = "narrow",
	[EAR_AMBIGUOUS] = "ambiguous",
	[EAR_UNEXPECTED] = "unexpected",
	[EAR_INTERRUPTED] = "interrupted",
	[EAR_INCONSISTENT] = "inconsistent",
	[EAR_AGC] = "agc",
	[EAR_SILENT] = "silent",
	[EAR_ALIKE] = "alike",
	[EAR_LEARNING] = "learning",
	[EAR_JUMPED] = "jumped",
	[EAR_MOVED] = "moved",
};

const char *ear_reason_name(enum ear_reason reason)
{
	return names[reason];
}
