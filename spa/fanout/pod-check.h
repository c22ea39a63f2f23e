/* PODs that others made */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_POD_CHECK_H
#define BLUEZ_COMBINE_POD_CHECK_H

#include <stdbool.h>

#include <spa/pod/pod.h>

/**
 * Is everything in \a pod that it says is in it? PipeWire checks only that its
 * whole length came over the socket; what spa_pod_filter() of 1.4.2 then compares
 * may lie outside. The length of \a pod itself is taken as right; NULL is valid.
 * Main loop.
 */
bool pod_is_whole(const struct spa_pod *pod);

#endif /* BLUEZ_COMBINE_POD_CHECK_H */
