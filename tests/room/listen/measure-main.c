/* measure: skew, gaps, steps and level of recorded speakers */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "listen/measure.h"
#include "listen/report.h"

static void usage(FILE *file)
{
	fputs("usage: measure [--json] [--source FILE] [--from S] [--to S] [--window S] [--hop S]\n"
	      "               [--range S] [--plot PNG] DIR | FILE...\n"
	      "\n"
	      "Compares recordings of speakers that share a timeline: speaker-*.wav of DIR, or the\n"
	      "files. The source is DIR's only echo-*.wav, on the same timeline, or --source, at an\n"
	      "unknown place in time. Times in seconds of the timeline, results in ms.\n", file);
}

static double number(const char *option, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= 0.0 && value < 1e6)) {
		fprintf(stderr, "measure: --%s: '%s' is not a number of seconds\n", option, text);
		exit(2);
	}
	return value;
}

static int add(struct measure *m, int n, char **paths, const char *source)
{
	struct stat st;
	int res = 0;

	if (n == 1 && stat(paths[0], &st) == 0 && S_ISDIR(st.st_mode))
		return measure_add_dir(m, paths[0], source);
	for (int i = 0; i < n && res == 0; i++)
		res = measure_add_speaker(m, paths[i]);
	if (res == 0 && source != NULL)
		res = measure_set_source(m, source, false);
	return res;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "source", required_argument, NULL, 's' },
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "window", required_argument, NULL, 'w' },
		{ "hop", required_argument, NULL, 'o' },
		{ "range", required_argument, NULL, 'r' },
		{ "plot", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct measure_options o = { 0 };
	const char *source = NULL, *plot = NULL;
	struct measure m;
	bool json = false;
	int c, i = 0, res;

	while ((c = getopt_long(argc, argv, "h", options, &i)) != -1) {
		switch (c) {
		case 'j': json = true; break;
		case 's': source = optarg; break;
		case 'p': plot = optarg; break;
		case 'f': o.from = number("from", optarg); break;
		case 't': o.to = number("to", optarg); break;
		case 'w': o.window = number("window", optarg); break;
		case 'o': o.hop = number("hop", optarg); break;
		case 'r': o.range = number("range", optarg); break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	measure_init(&m, &o);
	res = add(&m, argc - optind, argv + optind, source);
	if (res == 0 && m.n_speakers == 0)
		fprintf(stderr, "measure: no speaker-*.wav in %s\n", argv[optind]);
	if (res < 0 || m.n_speakers == 0 || (res = measure_run(&m)) < 0) {
		if (res < 0)
			fprintf(stderr, "measure: %s\n", strerror(-res));
		measure_finish(&m);
		return 2;
	}
	if (json)
		report_json(&(struct json) { .file = stdout }, NULL, &m);
	else
		report_table(stdout, &m);
	if (plot != NULL && (res = report_plot(&m, plot, "Skew of the speakers")) < 0)
		fprintf(stderr, "measure: %s: %s\n", plot, strerror(-res));
	measure_finish(&m);
	return res < 0 ? 2 : 0;
}
