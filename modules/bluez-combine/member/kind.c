/* What a member of this kind has, and can */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "member/kind.h"

const struct kind kind_bluetooth = {
	.reports_late = true,
	.has_packets = true,
	.reports_mixed = true,
	.can_restart = true,
	.own_clock = true,
};

const struct kind kind_sink = { 0 };
