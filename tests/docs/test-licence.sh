#!/bin/sh
# Every file of code names its licence, and none names another than LICENSE
# SPDX-License-Identifier: MIT
#
# test-licence.sh SOURCE_DIR
set -eu

cd "$1"
status=0
head -n 1 LICENSE | grep -qx 'MIT License' || { echo 'not ok LICENSE is not the MIT licence'; status=1; }
cmp -s LICENSE LICENSES/MIT.txt || { echo 'not ok LICENSES/MIT.txt is not LICENSE'; status=1; }

# The folders of the source, whatever else lies beside them. Code is what is named so, or
# begins as a script does.
find .ci docs examples modules packaging po spa tests tools wireplumber -type f \
	! -path 'tests/fuzz/corpus/*' ! -name '*.png' -exec awk '
	function judge() {
		if (!code)
			return
		files++
		if (named != "MIT") {
			print "not ok " file " names " (named == "" ? "no licence" : named)
			failed = 1
		}
	}
	FNR == 1 {
		judge()
		file = FILENAME
		named = ""
		code = /^#!/ || file ~ /\.(c|h|lua|sh|bash|fish|[157])$/ || file ~ /completion\/_/
	}
	FNR > 10 { nextfile }
	match($0, /SPDX-License-Identifier: */) && named == "" {
		named = substr($0, RSTART + RLENGTH)
		sub(/[^A-Za-z0-9.+-].*/, "", named)
	}
	END {
		judge()
		# So many were there when this was written
		if (files < 300) {
			print "not ok only " files " files were looked at"
			failed = 1
		}
		exit failed
	}' {} + || status=1
exit $status
