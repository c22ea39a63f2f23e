# shellcheck shell=sh
# A client that claims to be what it is not, which a test tells what to do
# SPDX-License-Identifier: MIT
#
# Sourced, after what has $T and spawn(). $BUILD_DIR has the client.

start_impostor_with() {
	rm -f "$T/impostor"
	mkfifo "$T/impostor"
	# spawn() has no input for it
	spawn impostor sh -c "exec \"\$0\" $1 <'$T/impostor'" "$BUILD_DIR/tests/module/impostor"
	IMPOSTOR=$PID
	exec 9>"$T/impostor"
}
# With the rights of any program of the user's, and of one in a Flatpak. Its input is file descriptor 9
start_impostor() { start_impostor_with ''; }
start_restricted() { start_impostor_with -u; }

# impostor LINE: it does that, and the daemon has heard of it
impostor() {
	answers=$(wc -l <"$T/impostor.log")
	echo "$*" >&9
	tries=0
	until [ "$(wc -l <"$T/impostor.log")" -gt "$answers" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || { echo "no answer to '$*'"; return 1; }
		sleep 0.02
	done
	answer=$(tail -n 1 "$T/impostor.log")
	case $answer in
	ok*) ;;
	*) echo "'$*': $answer"; return 1 ;;
	esac
}

# All that it has made goes with it
stop_impostor() {
	exec 9>&-
	stop "$IMPOSTOR"
}
