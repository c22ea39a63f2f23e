/* The pair command: a note of what it has changed, for the next one if it is killed */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/i18n.h"
#include "pair/pair.h"

/*
 * BlueZ keeps the limits of an adapter for ever, and ends its mode only with them. What a command
 * that is killed leaves is put back by the next one. The file is locked as long as a command runs:
 * the lock ends with the process, however that ends, and two at a time would each
 * take what the other has changed for how it was.
 */

#define NOTE_MAX	65536	/* bytes; a group has some hundred */

static char *note_path(void)
{
	const char *state = g_getenv("XDG_STATE_HOME");

	if (state && g_path_is_absolute(state))
		return g_build_filename(state, "bluez-combine", "pair", NULL);
	return g_build_filename(g_get_home_dir(), ".local", "state", "bluez-combine", "pair", NULL);
}

static int open_locked(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd;

	if (g_mkdir_with_parents(folder, 0700) < 0)
		return -errno;
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int res = -errno;

		close(fd);
		return res;
	}
	return fd;
}

static GKeyFile *read_changes(int fd)
{
	g_autofree char *text = g_malloc(NOTE_MAX);
	GKeyFile *changes = g_key_file_new();
	ssize_t n = pread(fd, text, NOTE_MAX, 0);

	/* What cannot be read is as good as nothing. */
	if (n > 0)
		g_key_file_load_from_data(changes, text, n, G_KEY_FILE_NONE, NULL);
	return changes;
}

static void save(struct pair_note *note)
{
	g_autofree char *text = NULL;
	gsize length;

	if (note->fd < 0)
		return;
	text = g_key_file_to_data(note->changes, &length, NULL);
	if (pwrite(note->fd, text, length, 0) != (ssize_t)length || ftruncate(note->fd, length) < 0)
		g_debug("note: %s", strerror(errno));
}

static uint32_t get_number(GKeyFile *changes, const char *address, const char *key, bool *good)
{
	g_autoptr(GError) error = NULL;
	guint64 number = g_key_file_get_uint64(changes, address, key, &error);

	*good &= error == NULL && number <= UINT32_MAX;
	return number;
}

static bool get_flag(GKeyFile *changes, const char *address, const char *key, bool *good)
{
	g_autoptr(GError) error = NULL;
	bool flag = g_key_file_get_boolean(changes, address, key, &error);

	*good &= error == NULL;
	return flag;
}

/* False if the group is not whole */
static bool read_change(GKeyFile *changes, const char *address, struct pair_change *change)
{
	bool good = true;

	*change = (struct pair_change) {
		.was.discoverable = get_flag(changes, address, "was-discoverable", &good),
		.was.pairable = get_flag(changes, address, "was-pairable", &good),
		.was.discoverable_sec = get_number(changes, address, "was-discoverable-sec", &good),
		.was.pairable_sec = get_number(changes, address, "was-pairable-sec", &good),
		.limit_sec = get_number(changes, address, "limit-sec", &good),
		.discoverable = get_flag(changes, address, "discoverable", &good),
	};
	return good;
}

void note_write(struct pair *p, const char *address, const struct pair_change *change)
{
	GKeyFile *changes = p->note.changes;

	if (changes == NULL || address == NULL)
		return;
	g_key_file_set_boolean(changes, address, "was-discoverable", change->was.discoverable);
	g_key_file_set_boolean(changes, address, "was-pairable", change->was.pairable);
	g_key_file_set_uint64(changes, address, "was-discoverable-sec", change->was.discoverable_sec);
	g_key_file_set_uint64(changes, address, "was-pairable-sec", change->was.pairable_sec);
	g_key_file_set_uint64(changes, address, "limit-sec", change->limit_sec);
	g_key_file_set_boolean(changes, address, "discoverable", change->discoverable);
	save(&p->note);
}

void note_remove(struct pair *p, const char *address)
{
	if (p->note.changes == NULL || address == NULL)
		return;
	g_key_file_remove_group(p->note.changes, address, NULL);
	save(&p->note);
}

/* Another command has left it like that; true if it needs no note any more */
static bool mend(struct pair *p, GDBusProxy *adapter, const struct pair_change *change)
{
	struct pair_mode is = adapter_mode(adapter);
	struct pair_mend mend = pair_mend(change, &is);
	const char *name = strrchr(bluez_path(adapter), '/') + 1;

	if (!mend.discoverable && !mend.pairable && !mend.discoverable_sec && !mend.pairable_sec)
		return true;
	if (!adapter_put_back(p, bluez_path(adapter), change, &mend))
		return false;
	pair_tell(p, "restored", _("%s is as it was before a command that did not end by itself"), name);
	return true;
}

static void mend_all(struct pair *p)
{
	g_autolist(GDBusProxy) adapters = bluez_list(&p->bluez, BLUEZ_ADAPTER);
	bool changed = false;
	GList *l;

	for (l = adapters; l; l = l->next) {
		g_autofree char *address = bluez_string(l->data, "Address");
		struct pair_change change;

		if (address == NULL || !g_key_file_has_group(p->note.changes, address))
			continue;
		if (read_change(p->note.changes, address, &change) && !mend(p, l->data, &change))
			continue;
		g_key_file_remove_group(p->note.changes, address, NULL);
		changed = true;
	}
	if (changed)
		save(&p->note);
}

int note_open(struct pair *p)
{
	g_autofree char *path = note_path();

	p->note.fd = open_locked(path);
	if (p->note.fd == -EWOULDBLOCK) {
		pair_complain(p, NULL, _("another pw-bluez-combine pair is running: only one can, at a time"));
		return -EBUSY;
	}
	/* It works without; only what a kill leaves is then left for the user. */
	if (p->note.fd < 0) {
		pair_tell(p, "unnoted", _("%s can't be written (%s): should this be killed, the adapter stays as "
				"it is then"), path, strerror(-p->note.fd));
		return 0;
	}
	p->note.changes = read_changes(p->note.fd);
	mend_all(p);
	return 0;
}

void note_close(struct pair *p)
{
	g_clear_pointer(&p->note.changes, g_key_file_unref);
	if (p->note.fd >= 0)
		close(p->note.fd);
	p->note.fd = -1;
}
