#!/bin/sh
# packaging/setup and packaging/build-deb --install: what they would install, on each Debian
# SPDX-License-Identifier: MIT
#
# test-setup.sh SOURCE_DIR
#
# With an apt and a dpkg that only write down what is asked of them.
# shellcheck disable=SC2317 # functions are called by check()
set -eu

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
mkdir "$T/bin" "$T/tree"
cp -r "$1/packaging" "$T/tree"
status=0
check() {
	what=$1
	shift
	"$@" && return
	echo "not ok $what"
	cat "$T/out"
	status=1
}
# stub NAME: a program of that name, from what comes in
stub() {
	{ echo '#!/bin/sh' && cat; } >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}

export T PATH="$T/bin:$PATH" OS_RELEASE="$T/os-release"
# Nothing is installed but what is in this list
stub dpkg-query <<'SH'
for p; do :; done
case $* in *Version*) echo 99; exit ;; esac
if grep -qx -e "$p" -e all "$T/installed" 2>/dev/null; then echo 'install ok installed'; fi
SH
stub dpkg <<'SH'
SH
stub apt-cache <<'SH'
echo "Package: $2"
SH
stub apt-get <<'SH'
case $1 in
indextargets) echo 'http://mirror.example/debian|/etc/apt/sources.list:1' ;;
*) echo "apt-get $*" ;;
esac
SH
stub sudo <<'SH'
exec "$@"
SH

release() { printf '%s\n' "$@" >"$OS_RELEASE"; }
setup() { code=0; "$T/tree/packaging/setup" "$@" --dry-run >"$T/out" 2>&1 || code=$?; [ "$code" = "$expected" ]; }
says() { grep -q -e "$1" "$T/out"; }
says_not() { ! says "$1"; }

expected=0
release ID=debian VERSION_ID='"12"' VERSION_CODENAME=bookworm
check 'Debian 12 is known' setup
check 'and what a package is built with is there: dpkg-buildpackage asks for build-essential' says build-essential
release ID=debian VERSION_ID='"13"' VERSION_CODENAME=trixie
check 'Debian 13 is known' setup --build-only
check 'building alone needs no package tools' says_not build-essential
check 'and no backports' says_not backports
# A Debian that is not released has no number
release ID=debian VERSION_CODENAME=forky 'PRETTY_NAME="Debian GNU/Linux forky/sid"'
check 'testing and unstable are known' setup
check 'and have all in their own suite' says_not backports
check 'testing gets what building needs' says libpipewire-0.3-dev
release ID=debian VERSION_ID='"14"' VERSION_CODENAME=forky
check 'a later Debian is known' setup
expected=1
release ID=debian VERSION_ID='"11"' VERSION_CODENAME=bullseye
check 'an earlier one is not' setup
check 'and it is told which are' says 'Debian 12 and later'
release ID=ubuntu VERSION_ID='"24.04"' VERSION_CODENAME=noble
check 'nor is another distribution' setup

# Somebody who installs: BlueZ itself is no less needed than the package
echo all >"$T/installed"
stub dpkg-buildpackage <<'SH'
echo package >"../bluez-combine_$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)_all.deb"
SH
stub dh <<'SH'
SH
# tar's compressor is none here
stub xz <<'SH'
exec cat
SH
build_deb() { "$T/tree/packaging/build-deb" --install --output "$T/deb" >"$T/out" 2>&1; }
for line in 'ID=debian VERSION_CODENAME=forky' 'ID=debian VERSION_ID=12 VERSION_CODENAME=bookworm'; do
	# shellcheck disable=SC2086 # words are lines
	release $line
	check 'the package is built and installed' build_deb
	check 'with BlueZ' says '^apt-get .*install .*bluez-combine_[^ ]*\.deb .*\<bluez\>'
		check 'before it the tools that it is built with' says '^apt-get .*install .*build-essential'
done
check 'Debian 12 takes it from the backports' says '^apt-get .*-t bookworm-backports install'
exit $status
