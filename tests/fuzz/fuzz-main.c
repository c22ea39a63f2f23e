/* A fuzz target without libFuzzer: the inputs that are kept */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

/* usage: fuzz-<target> FOLDER|FILE... */

#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static uint32_t n_inputs;

static void run_file(const char *path)
{
	FILE *file = fopen(path, "r");
	uint8_t *data;
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0) {
		printf("Bail out! %s: %m\n", path);
		exit(1);
	}
	rewind(file);
	/* As long as the input and not longer, for whoever watches the memory */
	data = malloc(size);
	if (size > 0 && fread(data, size, 1, file) != 1) {
		printf("Bail out! %s: %m\n", path);
		exit(1);
	}
	fclose(file);
	fprintf(stderr, "# %s\n", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	n_inputs++;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_folder(const char *path)
{
	struct dirent **entries;
	int i, n = scandir(path, &entries, is_input, alphasort);
	char file[4096];

	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		run_file(file);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	struct stat st;
	int i;

	LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			run_folder(argv[i]);
		else
			run_file(argv[i]);
	}
	LLVMFuzzerTestOneInput(NULL, 0);
	printf("%s nothing_that_is_kept_does_harm\n# %u inputs\n1..1\n",
			n_inputs > 0 ? "ok" : "not ok", n_inputs);
	return n_inputs > 0 ? 0 : 1;
}
