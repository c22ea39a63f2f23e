#!/bin/sh
# The manual pages say nothing that the formatter does not know
# SPDX-License-Identifier: MIT
#
# test-man.sh SOURCE_DIR
set -eu

command -v groff >/dev/null || { echo 'groff is not installed'; exit 77; }
status=0
# Not everybody has both formatters, and each sees what the other does not
lint() { ! command -v mandoc >/dev/null || mandoc -Tlint -Wwarning "$1" 2>&1; }
for page in "$1"/docs/*.[1-8]; do
	said=$(groff -mdoc -Tutf8 -ww -z "$page" 2>&1)
	said=$said$(lint "$page") || :
	[ -z "$said" ] || { echo "not ok $page"; echo "$said"; status=1; }
done
exit $status
