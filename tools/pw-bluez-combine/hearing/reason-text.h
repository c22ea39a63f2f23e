/* Reasons why somebody was not heard, for people */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_REASON_TEXT_H
#define BLUEZ_COMBINE_REASON_TEXT_H

#include "ear/reason.h"

/** In their language; EAR_HEARD, too. */
const char *reason_text(enum ear_reason reason);

#endif /* BLUEZ_COMBINE_REASON_TEXT_H */
