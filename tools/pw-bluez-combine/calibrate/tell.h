/* What is told while a calibration runs, and at its end */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef BLUEZ_COMBINE_TELL_H
#define BLUEZ_COMBINE_TELL_H

#include <spa/utils/defs.h>

#include "calibrate/plan.h"

struct calibrate;

/** On stderr: what is wrong, with the command's name. */
void complain(const char *format, ...) SPA_PRINTF_FUNC(1, 2);

/* Progress, for people, on standard output; with --json nothing */

void tell_begin(const struct calibrate *c);
void tell_music(const struct calibrate *c);
void tell_round(const struct calibrate *c, const struct plan_round *round);
void tell_level(const struct calibrate *c, enum ear_reason reason);
void tell_heard(const struct calibrate *c);
void tell_repeat(const struct calibrate *c, const char *why);
void tell_left(const struct calibrate *c, uint32_t speaker);

/** What has come of it: a table, or JSON. */
void tell_result(const struct calibrate *c);

/** Whether anything was changed. */
const char *tell_state(const struct calibrate *c);

/* result.c */
void result_print(const struct calibrate *c);
void result_print_json(const struct calibrate *c);

#endif /* BLUEZ_COMBINE_TELL_H */
