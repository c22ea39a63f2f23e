#!/bin/sh
# Each work-around for a fault of PipeWire is needed: without it the scene that docs/upstream.md names fails
# SPDX-License-Identifier: MIT
#
# usage: tests/room/product/quirks.sh ROOM
#
# Some 3 minutes. One failure of a scene is proof enough, and not every run of it meets the fault: it has
# three. A scene that plays where the fault is not known to be mended is told of, and is a
# failure with the versions in which all of them were seen: 1.4. With others it says what to look at.
set -eu
room=$1
root=$(dirname "$0")/../../..
version=$(pkg-config --modversion libpipewire-0.3)
failed=0

# fails QUIRK SCENE: in one of three runs
fails() {
	for _ in 1 2 3; do
		BLUEZ_COMBINE_QUIRKS_OFF=$1 "$room" "$2" --short >/dev/null 2>&1 </dev/null || return 0
	done
	return 1
}

older() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ] && [ "$1" != "$2" ]; }

# The rows of the table: quirk, whose, mended, what, scene
# shellcheck disable=SC2016 # no expansion is meant
rows=$(sed -n 's/^| `\([a-z-]*\)` | \(process\|daemon\) | \([^|]*\) |.*| `\([a-z0-9-]*\)` |$/\1 \3 \4/p' \
	"$root/docs/upstream.md" | sed 's/not yet/-/')
[ -n "$rows" ] || { echo 'docs/upstream.md has no quirks'; exit 1; }

while read -r quirk mended scene; do
	if [ "$mended" != - ] && ! older "$version" "$mended"; then
		echo "skip   $quirk: mended in $mended, and this is $version"
	elif fails "$quirk" "$scene"; then
		echo "fails  $scene without $quirk"
	else
		echo "plays  $scene without $quirk, with $version"
		case $version in 1.4.*) failed=1 ;; esac
	fi
done <<ROWS
$rows
ROWS
exit $failed
