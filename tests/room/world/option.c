/* Options as D-Bus brings them */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdint.h>
#include <string.h>

#include <gio/gio.h>

#include "world/option.h"

static bool number(GVariant *value, double *v)
{
	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_DOUBLE: *v = g_variant_get_double(value); return true;
	case G_VARIANT_CLASS_BYTE: *v = g_variant_get_byte(value); return true;
	case G_VARIANT_CLASS_INT16: *v = g_variant_get_int16(value); return true;
	case G_VARIANT_CLASS_UINT16: *v = g_variant_get_uint16(value); return true;
	case G_VARIANT_CLASS_INT32: *v = g_variant_get_int32(value); return true;
	case G_VARIANT_CLASS_UINT32: *v = g_variant_get_uint32(value); return true;
	case G_VARIANT_CLASS_INT64: *v = g_variant_get_int64(value); return true;
	case G_VARIANT_CLASS_UINT64: *v = g_variant_get_uint64(value); return true;
	default: return false;
	}
}

static char *allowed(const struct option *opt)
{
	GString *text;
	size_t i;

	switch (opt->type) {
	case 's':
	case 'n':
		return g_strdup_printf("text of %g to %g characters%s", opt->min, opt->max,
				       opt->type == 'n' ? " without '/'" : "");
	case 'b':
		return g_strdup("true or false");
	case 'R':
		return g_strdup_printf("%g or %g", opt->min, opt->max);
	case 'd':
		return g_strdup_printf("a number from %g to %g", opt->min, opt->max);
	case 'u':
	case 'i':
		return g_strdup_printf("a whole number from %.0f to %.0f", opt->min, opt->max);
	default:
		text = g_string_new("one of");
		for (i = 0; i < opt->n_names; i++)
			g_string_append_printf(text, "%s \"%s\"", i > 0 ? "," : "", opt->names[i]);
		return g_string_free(text, FALSE);
	}
}

static int find_name(const struct option *opt, GVariant *value)
{
	size_t i;

	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
		return -1;
	for (i = 0; i < opt->n_names; i++)
		if (g_str_equal(opt->names[i], g_variant_get_string(value, NULL)))
			return i;
	return -1;
}

static bool read_string(char **field, const struct option *opt, GVariant *value)
{
	size_t length;
	const char *text;

	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
		return false;
	text = g_variant_get_string(value, &length);
	if (length < opt->min || length > opt->max)
		return false;
	/* It becomes a part of file names. */
	if (opt->type == 'n' && strchr(text, '/') != NULL)
		return false;
	g_free(*field);
	*field = g_strdup(text);
	return true;
}

static bool read_value(void *fields, const struct option *opt, GVariant *value)
{
	void *field = (char *)fields + opt->offset;
	double v = 0.0;
	int n;

	switch (opt->type) {
	case 's':
	case 'n':
		return read_string(field, opt, value);
	case 'b':
		if (!g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
			return false;
		*(bool *)field = g_variant_get_boolean(value);
		return true;
	case 'e':
		if ((n = find_name(opt, value)) < 0)
			return false;
		*(int32_t *)field = n;
		return true;
	}
	/* Written so that NaN is refused. */
	if (!number(value, &v) || !(v >= opt->min && v <= opt->max))
		return false;
	switch (opt->type) {
	case 'd':
		*(double *)field = v;
		return true;
	case 'R':
		*(uint32_t *)field = v;
		return v == opt->min || v == opt->max;
	case 'u':
		*(uint32_t *)field = v;
		return v == (uint32_t)v;
	default:
		*(int32_t *)field = v;
		return v == (int32_t)v;
	}
}

static const struct option *find(const struct option_table *table, const char *key)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (g_str_equal(table->options[i].key, key))
			return &table->options[i];
	return NULL;
}

static char *keys(const struct option_table *table, int use)
{
	GString *text = g_string_new(NULL);
	size_t i;

	for (i = 0; i < table->n; i++)
		if ((table->options[i].use & use) == use)
			g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", table->options[i].key);
	return g_string_free(text, FALSE);
}

static bool read_one(const struct option_table *table, void *fields, const char *key, GVariant *value,
		     int use, GError **error)
{
	const struct option *opt = find(table, key);
	g_autofree char *may = NULL;

	if (opt == NULL || (opt->use & use) != use) {
		may = keys(table, use);
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "option '%s' %s; allowed: %s", key,
			    opt == NULL ? "is unknown" : "cannot be set here", may);
		return false;
	}
	if (!read_value(fields, opt, value)) {
		g_autofree char *text = g_variant_print(value, FALSE);

		may = allowed(opt);
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "option '%s' = %s; allowed: %s", key, text, may);
		return false;
	}
	return true;
}

bool option_read(const struct option_table *table, void *fields, GVariant *dict, int use, GError **error)
{
	GVariantIter iter;
	const char *key;
	GVariant *value;
	bool good = true;

	g_variant_iter_init(&iter, dict);
	while (good && g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
		good = read_one(table, fields, key, value, use, error);
		g_variant_unref(value);
	}
	return good;
}
