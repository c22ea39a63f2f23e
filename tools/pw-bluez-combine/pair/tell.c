/* The pair command: progress */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "cli/i18n.h"
#include "cli/json-print.h"
#include "cli/text.h"
#include "pair/pair.h"

#define NAME_WIDTH	40

char *pair_name(const struct pair *p, const char *path)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, path, BLUEZ_DEVICE);
	g_autofree char *alias = device ? bluez_string(device, "Alias") : NULL;
	g_autofree char *address = device ? bluez_string(device, "Address") : NULL;
	char name[256], where[64];

	text_copy(name, sizeof(name), alias ? alias : "?", NAME_WIDTH);
	text_copy(where, sizeof(where), address ? address : "?", NAME_WIDTH);
	return g_strdup_printf("%s (%s)", name, where);
}

char *pair_alias(const struct pair *p)
{
	g_autoptr(GDBusProxy) adapter = bluez_get(&p->bluez, p->adapter.path, BLUEZ_ADAPTER);
	g_autofree char *alias = adapter ? bluez_string(adapter, "Alias") : NULL;
	char name[256];

	text_copy(name, sizeof(name), alias ? alias : "?", TEXT_ANY_WIDTH);
	return g_strdup(name);
}

static void json_field(const char *key, const char *value)
{
	if (value)
		json_print_field(stdout, key, value);
}

static void tell_json(struct pair *p, const char *step, const char *text, const GError *error)
{
	g_autoptr(GDBusProxy) device = bluez_get(&p->bluez, p->device, BLUEZ_DEVICE);
	g_autofree char *address = device ? bluez_string(device, "Address") : NULL;
	g_autofree char *alias = device ? bluez_string(device, "Alias") : NULL;
	g_autofree char *name = error && g_dbus_error_is_remote_error(error) ?
		g_dbus_error_get_remote_error(error) : NULL;
	char seconds[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_formatd(seconds, sizeof(seconds), "%.3f", (g_get_monotonic_time() - p->began_us) / 1e6);
	printf("{ \"version\": %d, \"step\": \"%s\", \"seconds\": %s", PAIR_JSON_VERSION, step, seconds);
	json_field("adapter", p->adapter.name);
	json_field("address", address);
	json_field("name", alias);
	json_field("error", name);
	json_field("text", text);
	puts(" }");
}

/* Whatever has come into it from elsewhere */
static void tell_people(FILE *out, const char *text)
{
	text_print_lines(out, text);
	fputc('\n', out);
}

void pair_tell(struct pair *p, const char *step, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	if (p->options->json)
		tell_json(p, step, text, NULL);
	else
		tell_people(stdout, text);
	fflush(stdout);
}

void pair_complain(struct pair *p, const GError *error, const char *format, ...)
{
	g_autofree char *text = NULL, *whole = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	whole = error ? g_strdup_printf("%s: %s", text, bluez_explain(error)) : g_strdup(text);
	if (p->options->json) {
		tell_json(p, "error", whole, error);
		fflush(stdout);
		return;
	}
	fputs("pw-bluez-combine pair: ", stderr);
	tell_people(stderr, whole);
	if (error) {
		g_autoptr(GError) copy = g_error_copy(error);
		g_autofree char *name = g_dbus_error_is_remote_error(copy) ?
			g_dbus_error_get_remote_error(copy) : NULL;
		char said[256], called[128];

		g_dbus_error_strip_remote_error(copy);
		text_copy(said, sizeof(said), copy->message, TEXT_ANY_WIDTH);
		text_copy(called, sizeof(called), name ? name : "D-Bus", TEXT_ANY_WIDTH);
		fprintf(stderr, _("  (%s: %s)\n"), called, said);
	}
}
