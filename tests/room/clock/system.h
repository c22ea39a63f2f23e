/* SPA system on the room's clock */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_CLOCK_SYSTEM_H
#define ROOM_CLOCK_SYSTEM_H

#include <spa/support/plugin.h>

extern const struct spa_handle_factory room_clock_system_factory;

#endif /* ROOM_CLOCK_SYSTEM_H */
