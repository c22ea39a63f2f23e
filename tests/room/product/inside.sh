# shellcheck shell=sh disable=SC2034 # those who source it use them
# For tests that run inside a room: room with ... -- THE_TEST inside ROOM TOOL
# SPDX-License-Identifier: MIT

TOOL=$3
export LC_ALL=C.UTF-8
failed=0 n=0
# of the last command; and files beside it
out=$(mktemp)
trap 'rm -f "$out" "$out".*' EXIT

# check WHAT COMMAND...: whether it succeeds; if not, with what stands in $out
check() {
	what=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $what"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$out"
		echo "not ok $n - $what"
	fi
}

finish() {
	echo "1..$n"
	[ $failed = 0 ]
}
