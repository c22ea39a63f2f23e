/* What runs in the data loop, for the real-time sanitizer */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_REALTIME_H
#define BLUEZ_COMBINE_REALTIME_H

/**
 * After the parameters of a function that process() may call: it takes no memory
 * and no lock, and calls nothing that can block. Built with -Drtsan=true, clang
 * ends the program where it does (docs/checks.md, "Checked by machines").
 * What such a function calls is checked with it and needs no mark of its own;
 * those that unit tests call are marked as well.
 */
#if defined(__clang__) && __clang_major__ >= 20
#define REALTIME [[clang::nonblocking]]
#else
#define REALTIME
#endif

#endif /* BLUEZ_COMBINE_REALTIME_H */
