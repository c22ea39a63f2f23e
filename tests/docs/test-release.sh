#!/bin/sh
# Whatever names the version of a release names the same one
# SPDX-License-Identifier: MIT
#
# test-release.sh SOURCE_DIR
set -eu

cd "$1"
status=0
version=$(sed -n "s/^ *version : '\(.*\)',$/\1/p" meson.build | head -n 1)
[ -n "$version" ] || { echo 'not ok meson.build has no version'; exit 1; }

# names FILE VERSION
names() {
	[ "$2" = "$version" ] || { echo "not ok $1 names version '$2', meson.build $version"; status=1; }
}
names NEWS.md "$(sed -n 's/^## \([0-9.]*\).*/\1/p' NEWS.md | head -n 1)"
names packaging/debian/changelog "$(sed -n '1s/^bluez-combine (\(.*\)-[^-]*) .*/\1/p' packaging/debian/changelog)"
names packaging/bluez-combine.spec "$(sed -n 's/^Version: *//p' packaging/bluez-combine.spec)"
names packaging/arch/PKGBUILD "$(sed -n 's/^pkgver=//p' packaging/arch/PKGBUILD)"
names 'the last change in packaging/bluez-combine.spec' \
	"$(sed -n '/^%changelog/{n;s/.* - \(.*\)-[^-]*$/\1/p}' packaging/bluez-combine.spec)"

# What is needed at least is written down in several places
needed=$(sed -n "s/.*dependency('libpipewire-0.3', version : '>= \(.*\)').*/\1/p" meson.build)
for file in packaging/debian/control packaging/bluez-combine.spec packaging/arch/PKGBUILD; do
	others=$(sed -n 's/.*pipewire[^ ]* *(\{0,1\}>= *\([0-9.]*\).*/\1/p' "$file" | grep -vxF "$needed" || :)
	[ -z "$others" ] || { echo "not ok $file needs PipeWire $others, meson.build $needed"; status=1; }
	grep -q "pipewire.*>= *$needed" "$file" || { echo "not ok $file does not need PipeWire $needed"; status=1; }
done
echo "$version, PipeWire $needed"
exit $status
