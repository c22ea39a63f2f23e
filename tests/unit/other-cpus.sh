#!/bin/sh
# The unit tests of the sound on other CPUs, emulated: ARM with NEON, 32 bits, big-endian
# SPDX-License-Identifier: MIT
#
# usage: tests/unit/other-cpus.sh [TEST...]
#
# history interpolator settle slew tap tap-move tap-slew align, if none is named.
# Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-i686-linux-gnu libc6-dev-i386-cross
# gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static. Of what is not there nothing is run;
# without any of it the exit status is 77. It takes some minutes.
set -eu
cd "$(dirname "$0")/../.."

[ $# != 0 ] || set -- history interpolator settle slew tap tap-move tap-slew align
tests="$*"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
status=77

# on COMPILER EMULATOR OPTION...: the options are those of the build
on() {
	cc=$1 emulator=$2
	shift 2
	command -v "$cc" >/dev/null && command -v "$emulator" >/dev/null || return 0
	[ $status != 77 ] || status=0
	for name in $tests; do
		# shellcheck disable=SC2046 # a list of options
		"$cc" "$@" -O3 -ffp-contract=off -std=gnu11 -D_GNU_SOURCE -static -Ispa -Imodules/bluez-combine $(pkg-config --cflags libspa-0.2) \
			"tests/unit/test-$name.c" spa/dsp/*.c modules/bluez-combine/timing/align.c \
			modules/bluez-combine/timing/settle.c -o "$out/test" -lm -lpthread
		if "$emulator" "$out/test" >"$out/log"; then
			echo "ok     $cc $name"
		else
			echo "FAILED $cc $name"
			sed 's/^/       /' "$out/log"
			status=1
		fi
	done
}

on aarch64-linux-gnu-gcc qemu-aarch64-static
on i686-linux-gnu-gcc qemu-i386-static -msse2 -mfpmath=sse
on s390x-linux-gnu-gcc qemu-s390x-static
[ $status != 77 ] || echo 'there is no compiler for another CPU, or no qemu-user'
exit $status
