# shellcheck shell=sh
# What the tests of pw-bluez-combine have in common
# SPDX-License-Identifier: MIT
#
# Sourced after lib.sh.

TOOL="$BUILD_DIR/tools/pw-bluez-combine/pw-bluez-combine"
export LC_ALL=C.UTF-8

# exits CODE TEXT ARGUMENT...: it exits with CODE, and TEXT is in what it prints
exits() {
	expected=$1
	text=$2
	shift 2
	status=0
	"$TOOL" "$@" >"$T/out" 2>&1 </dev/null || status=$?
	cat "$T/out"
	echo "exit status $status"
	[ "$status" = "$expected" ] && grep -F -q -e "$text" "$T/out"
}

# tells CODE TEXT ARGUMENT...: as exits, of the command that $COMMAND names
tells() {
	code=$1
	said=$2
	shift 2
	exits "$code" "$said" "$COMMAND" "$@"
}
