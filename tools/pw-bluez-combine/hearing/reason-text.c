/* Reasons why somebody was not heard, for people */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include "cli/i18n.h"
#include "hearing/reason-text.h"

const char *reason_text(enum ear_reason reason)
{
	switch (reason) {
	case EAR_HEARD:
		return _("heard");
	case EAR_TOO_QUIET:
		return _("not heard: too quiet here, or too far away");
	case EAR_TOO_NOISY:
		return _("not heard: the room is louder");
	case EAR_CLIPPED:
		return _("too loud for the microphone");
	case EAR_NARROW:
		return _("too little of its sound is heard");
	case EAR_AMBIGUOUS:
		return _("not clear: several sounds could be its first");
	case EAR_UNEXPECTED:
		return _("heard at a time that can't be");
	case EAR_INTERRUPTED:
		return _("interrupted");
	case EAR_INCONSISTENT:
		return _("not clear: it was heard differently each time");
	case EAR_AGC:
		return _("the microphone changes its gain by itself");
	case EAR_SILENT:
		return _("nothing plays");
	case EAR_ALIKE:
		return _("not clear: it can't be told from another speaker");
	case EAR_LEARNING:
		return _("heard, not yet a second time");
	case EAR_JUMPED:
		return _("not clear: its sound jumped meanwhile");
	case EAR_MOVED:
		return _("not clear: it sounds different than before");
	case EAR_REASONS:
		break;
	}
	return "?";
}
