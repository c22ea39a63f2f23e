/* What the daemons have written into their logs */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <math.h>
#include <string.h>

#include "names.h"
#include "stage/logs.h"

static const char *const our_topics[] = {
	BLUEZ_COMBINE_TOPIC_MODULE,
	BLUEZ_COMBINE_TOPIC_SPA,
	"s-bluez-combine",
};

static bool is_ours(const char *line)
{
	for (size_t i = 0; i < G_N_ELEMENTS(our_topics); i++)
		if (strstr(line, our_topics[i]) != NULL)
			return true;
	return false;
}

/* Two lines that differ in a time, an address or a number only say the same. */
static char *essence(const char *line)
{
	GString *text = g_string_new(NULL);

	for (const char *c = line; *c != '\0'; c++)
		if (!g_ascii_isdigit(*c) && !(g_ascii_isxdigit(*c) && g_ascii_isupper(*c)))
			g_string_append_c(text, *c);
	return g_string_free(text, FALSE);
}

static void count_file(const struct process *p, GHashTable *texts, struct log_lines *n)
{
	g_autofree char *all = NULL;
	g_auto(GStrv) lines = NULL;

	if (p->log == NULL || !g_file_get_contents(p->log, &all, NULL, NULL))
		return;
	lines = g_strsplit(all, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		char *text;
		int count;

		if (**line == '\0')
			continue;
		if (!is_ours(*line)) {
			n->others++;
			continue;
		}
		n->ours++;
		text = essence(*line);
		count = GPOINTER_TO_INT(g_hash_table_lookup(texts, text)) + 1;
		n->most = MAX(n->most, count);
		g_hash_table_replace(texts, text, GINT_TO_POINTER(count));
	}
}

struct log_lines scene_log_lines(const struct scene *sc)
{
	const struct stack *s = &sc->stack;
	GHashTable *texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct log_lines n = { 0 };

	count_file(&s->pipewire, texts, &n);
	count_file(&s->wireplumber, texts, &n);
	for (guint i = 0; i < s->clients->len; i++)
		count_file(s->clients->pdata[i], texts, &n);
	g_hash_table_unref(texts);
	return n;
}

void scene_figure_logs(struct scene *sc, int ours_max, int same_max)
{
	struct log_lines n = scene_log_lines(sc);

	scene_figure(sc, "log_ours", n.ours, ours_max);
	scene_figure(sc, "log_same", n.most, same_max);
	scene_figure(sc, "log_others", n.others, NAN);
}
