/* PODs that others made */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdint.h>

#include <spa/pod/iter.h>
#include <spa/utils/defs.h>

#include "fanout/pod-check.h"

/* An object in a struct in a prop is 3 */
#define DEPTH_MAX	16u

/* Bytes in the body of a type that always has as many; 0: it differs, or is empty */
static uint32_t fixed_size(uint32_t type)
{
	switch (type) {
	case SPA_TYPE_Bool:
	case SPA_TYPE_Id:
	case SPA_TYPE_Int:
	case SPA_TYPE_Float:
		return 4;
	case SPA_TYPE_Long:
	case SPA_TYPE_Double:
	case SPA_TYPE_Rectangle:
	case SPA_TYPE_Fraction:
	case SPA_TYPE_Fd:
		return 8;
	case SPA_TYPE_Pointer:
		return sizeof(struct spa_pod_pointer_body);
	default:
		return 0;
	}
}

static bool is_whole(const struct spa_pod *pod, uint32_t depth);

/* The values of an array or a choice: all of one type and size, which stand once */
static bool values_are_whole(const struct spa_pod *child, const void *body, uint32_t size, uint32_t least)
{
	uint32_t values = size - (uint32_t)SPA_PTRDIFF(SPA_PTROFF(child, sizeof(*child), void), body);

	if (child->type == SPA_TYPE_None && child->size == 0)
		return values == 0 && least == 0;
	/* What has parts is no value here: its size would not be its own */
	return fixed_size(child->type) != 0 && child->size >= fixed_size(child->type) &&
		values % child->size == 0 && values / child->size >= least;
}

/* How many values the kind of choice needs: the default and what it is chosen from */
static bool choice_is_whole(const struct spa_pod_choice *choice)
{
	static const uint32_t least[] = {
		[SPA_CHOICE_None] = 1,
		[SPA_CHOICE_Range] = 3,
		[SPA_CHOICE_Step] = 4,
		[SPA_CHOICE_Enum] = 1,
		[SPA_CHOICE_Flags] = 1,
	};

	return choice->pod.size >= sizeof(choice->body) &&
		choice->body.type < SPA_N_ELEMENTS(least) &&
		values_are_whole(&choice->body.child, &choice->body, choice->pod.size,
				least[choice->body.type]);
}

/* \a size bytes of PODs, one after the other */
static bool pods_are_whole(const void *body, uint32_t size, uint32_t depth)
{
	const struct spa_pod *pod;
	uint64_t at = 0;

	while (at < size) {
		if (size - at < sizeof(*pod))
			return false;
		pod = SPA_PTROFF(body, at, const struct spa_pod);
		if (pod->size > size - at - sizeof(*pod) || !is_whole(pod, depth))
			return false;
		at += SPA_ROUND_UP_N((uint64_t)SPA_POD_SIZE(pod), 8);
	}
	return true;
}

static bool object_is_whole(const struct spa_pod_object *object, uint32_t depth)
{
	const struct spa_pod_prop *prop;
	uint64_t at = sizeof(object->body);

	if (object->pod.size < sizeof(object->body))
		return false;
	while (at < object->pod.size) {
		if (object->pod.size - at < sizeof(*prop))
			return false;
		prop = SPA_PTROFF(&object->body, at, const struct spa_pod_prop);
		if (prop->value.size > object->pod.size - at - sizeof(*prop) ||
		    !is_whole(&prop->value, depth))
			return false;
		at += SPA_ROUND_UP_N((uint64_t)SPA_POD_PROP_SIZE(prop), 8);
	}
	return true;
}

static bool is_whole(const struct spa_pod *pod, uint32_t depth)
{
	const char *body = SPA_POD_BODY_CONST(pod);
	const struct spa_pod_array *array;

	if (depth++ == DEPTH_MAX)
		return false;
	switch (pod->type) {
	case SPA_TYPE_String:
		return pod->size > 0 && body[pod->size - 1] == '\0';
	case SPA_TYPE_Array:
		array = SPA_CONTAINER_OF(pod, const struct spa_pod_array, pod);
		return pod->size >= sizeof(array->body) &&
			values_are_whole(&array->body.child, &array->body, pod->size, 0);
	case SPA_TYPE_Choice:
		return choice_is_whole(SPA_CONTAINER_OF(pod, const struct spa_pod_choice, pod));
	case SPA_TYPE_Struct:
		return pods_are_whole(body, pod->size, depth);
	case SPA_TYPE_Object:
		return object_is_whole(SPA_CONTAINER_OF(pod, const struct spa_pod_object, pod), depth);
	case SPA_TYPE_None:
	case SPA_TYPE_Bytes:
	case SPA_TYPE_Bitmap:
		return true;
	default:
		/* Sequences and PODs in PODs stand in no param of ours */
		return fixed_size(pod->type) != 0 && pod->size >= fixed_size(pod->type);
	}
}

bool pod_is_whole(const struct spa_pod *pod)
{
	return pod == NULL || is_whole(pod, 0);
}
