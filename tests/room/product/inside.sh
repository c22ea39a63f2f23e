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

# until_true COMMAND...: it succeeds, by now or within so many seconds
until_true_sec=20
until_true() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt $((until_true_sec * 10)) ] || return 1
		sleep 0.1
	done
}
# exits STATUS COMMAND...: with that, whatever it says
exits() {
	expected=$1 status=0
	shift
	"$@" >"$out" 2>&1 || status=$?
	[ $status = "$expected" ]
}
said() { grep -F -q -e "$1" "$out"; }
# room METHOD ARGUMENT...: as GVariant texts
room() {
	method=$1
	shift
	gdbus call --system --dest org.bluez --object-path /org/bluez_combine/Room \
		--method "org.bluez_combine.Room1.$method" "$@" >/dev/null
}

finish() {
	echo "1..$n"
	[ $failed = 0 ]
}
