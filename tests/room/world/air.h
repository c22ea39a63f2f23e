/* What is between the speakers and the microphones */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#ifndef ROOM_AIR_H
#define ROOM_AIR_H

#include <stdbool.h>

#include <glib.h>

#include "clock/clock.h"
#include "listen/recorder.h"
#include "world/radio.h"

/** All functions: main thread */
struct air;

struct air *air_new(struct room_clock *clock, struct recorder *recorder, struct radio *radio, uint64_t seed);
/** Before the radio is destroyed */
void air_destroy(struct air *air);

/** What comes out of this link's speaker is heard from now on. */
void air_add_speaker(struct air *air, const char *address, const char *name, struct link *link);
/** \a dict: a{sv}, as all below. They tell what is wrong. */
bool air_add_microphone(struct air *air, const char *name, GVariant *dict, GError **error);
bool air_set_microphone(struct air *air, const char *name, GVariant *dict, GError **error);
/** The way from one speaker to one microphone */
bool air_set_path(struct air *air, const char *name, const char *address, GVariant *dict, GError **error);
/** Members of a JSON object, one for each microphone */
void air_status(struct air *air, GString *json);

#endif /* ROOM_AIR_H */
