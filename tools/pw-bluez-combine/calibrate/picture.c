/* The option --plot: a picture of what a calibration has heard */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include <spa/utils/result.h>

#include "calibrate/calibrate.h"
#include "calibrate/picture.h"
#include "calibrate/plot.h"
#include "calibrate/tell.h"
#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/text.h"

static void complain_of_file(const struct calibrate *c, int res)
{
	char path[256];

	text_copy(path, sizeof(path), c->options->plot, TEXT_ANY_WIDTH);
	complain(_("can't write %s: %s"), path, spa_strerror(res));
}

#ifdef HAVE_PLOT

int picture_check(const struct calibrate *c)
{
	const char *path = c->options->plot;
	int fd;

	if (path == NULL)
		return EXIT_OK;
	/* One that is there is written to only when there is something to write */
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) >= 0) {
		close(fd);
		unlink(path);
	} else if (errno != EEXIST || access(path, W_OK) < 0) {
		complain_of_file(c, -errno);
		return EXIT_OTHER;
	}
	return EXIT_OK;
}

static struct plot_curve make_curve(const struct round_response *response, double late_ms)
{
	return (struct plot_curve) {
		.envelope = response->envelope,
		.n = response->n,
		.start_ms = late_ms + response->start_ms,
		.step_ms = response->step_ms,
		.late_ms = late_ms,
	};
}

static struct plot_row make_row(const struct calibrate *c, uint32_t i)
{
	const struct calibrate_speaker *s = &c->speakers[i];
	bool heard = i < c->plan.n_speakers && c->plan.speakers[i].heard;

	return (struct plot_row) {
		.name = s->name,
		.before = make_curve(&s->before, heard ? c->plan.speakers[i].before_ms : NAN),
		.after = make_curve(&s->after, heard && s->after.envelope ? c->plan.speakers[i].after_ms : NAN),
	};
}

void picture_write(const struct calibrate *c)
{
	struct plot_row rows[PLAN_SPEAKERS_MAX];
	char title[256], subtitle[512], date[64] = "";
	time_t now = time(NULL);
	struct tm tm;
	struct plot plot = {
		.title = title,
		.subtitle = subtitle,
		/* TRANSLATORS: of a picture: the axis of time, and what belongs to its two colours, short */
		.axis = _("first sound, later than that of the reference, in ms"),
		.before = _("before"),
		.after = _("after"),
		.rows = rows,
		.n_rows = c->n_speakers,
	};
	uint32_t i;
	int res;

	if (c->options->plot == NULL)
		return;
	if (localtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
	/* TRANSLATORS: title of a picture: the name of a group */
	snprintf(title, sizeof(title), _("How late the speakers of the group %s are heard"), c->options->group);
	/* TRANSLATORS: date and time, name of a microphone */
	snprintf(subtitle, sizeof(subtitle), _("%s, through %s"), date, c->microphone.description);
	for (i = 0; i < c->n_speakers; i++)
		rows[i] = make_row(c, i);
	if ((res = plot_write(c->options->plot, &plot)) < 0)
		complain_of_file(c, res);
}

#else

int picture_check(const struct calibrate *c)
{
	if (c->options->plot == NULL)
		return EXIT_OK;
	complain_of_file(c, -ENOTSUP);
	complain(_("this program was built without pictures: that needs cairo"));
	return EXIT_USAGE;
}

void picture_write(const struct calibrate *c)
{
}

#endif
