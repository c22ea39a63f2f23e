#!/bin/sh
# An installed tree works from any place
# SPDX-License-Identifier: MIT
#
# Installs into a folder, points the stock PipeWire and WirePlumber at nothing but that, and
# lets them wire an Echo to its speakers with no other configuration.
set -eu

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
trap 'exit 1' INT TERM HUP

DESTDIR="$T/tree" meson install -C "$BUILD_DIR" --no-rebuild >"$T/install.log" 2>&1 || {
	cat "$T/install.log"
	exit 1
}
# Where things went is what is tested: found by name, not known beforehand
folder_of() {
	found=$(find "$T/tree" -path "*$1")
	[ -n "$found" ] || { echo "not installed: $1" >&2; exit 1; }
	echo "${found%"$1"}"
}
ROOM_SPA_PLUGIN_DIR=$(folder_of /bluez-combine/libspa-bluez-combine.so)
ROOM_PIPEWIRE_MODULE_DIR=$(folder_of /libpipewire-module-bluez-combine.so)
ROOM_DATA_DIR=$(folder_of /wireplumber/wireplumber.conf.d/60-bluez-combine.conf)
export ROOM_SPA_PLUGIN_DIR ROOM_PIPEWIRE_MODULE_DIR ROOM_DATA_DIR

# Nothing may point back to where it was built from
if grep -rn --include='*.lua' --include='*.conf' -e "$SOURCE_DIR" -e "$BUILD_DIR" "$T/tree"; then
	echo 'the installed tree names the build' >&2
	exit 1
fi

"$BUILD_DIR/tests/room/room" echo --runs 1 --seconds 5
