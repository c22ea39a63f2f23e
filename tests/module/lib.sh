# shellcheck shell=sh disable=SC2034 # those who source it use them
# Private daemons for the module's tests
# SPDX-License-Identifier: MIT
#
# Sourced. The environment names what is tested:
#   BUILD_DIR    the build tree, or
#   PREFIX_DIR   an installed tree (DESTDIR), whose folders are then used
#   SOURCE_DIR   the source tree
# Everything lives in $T, a temporary folder, and ends with the test.

set -eu

T=$(mktemp -d)
PIDS=
FAILED=0
PASSED=0

cleanup() {
	# One that was stopped cannot end
	for pid in $PIDS; do kill -s TERM "$pid" 2>/dev/null || :; kill -s CONT "$pid" 2>/dev/null || :; done
	for pid in $PIDS; do wait "$pid" 2>/dev/null || :; done
	if [ "$FAILED" != 0 ]; then
		for log in "$T"/*.log; do
			echo "# --- $log"
			tail -n 30 "$log" | sed 's/^/# /'
		done
	fi
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

export XDG_RUNTIME_DIR="$T/run" XDG_CONFIG_HOME="$T/config" XDG_STATE_HOME="$T/state" \
	XDG_CACHE_HOME="$T/cache" HOME="$T/home" PIPEWIRE_RUNTIME_DIR="$T/run"
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/pipewire/pipewire.conf.d" \
	"$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d" "$XDG_STATE_HOME" "$XDG_CACHE_HOME" "$HOME"
chmod 700 "$XDG_RUNTIME_DIR"
# No session or system bus of the machine's is ours to talk to
export DBUS_SESSION_BUS_ADDRESS="unix:path=$T/no-bus" DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/no-bus"
unset PIPEWIRE_REMOTE DISPLAY WAYLAND_DISPLAY 2>/dev/null || :

system_modules=$(pkg-config --variable=moduledir libpipewire-0.3)
system_plugins=$(pkg-config --variable=plugindir libspa-0.2)
if [ -n "${PREFIX_DIR:-}" ]; then
	export PIPEWIRE_MODULE_DIR="$PREFIX_DIR$system_modules:$system_modules"
	export SPA_PLUGIN_DIR="$PREFIX_DIR$system_plugins:$system_plugins"
else
	export PIPEWIRE_MODULE_DIR="$BUILD_DIR/modules:$system_modules"
	export SPA_PLUGIN_DIR="$BUILD_DIR/spa:$system_plugins"
fi
AWAIT="$BUILD_DIR/tests/module/await"
MODULE=libpipewire-module-bluez-combine

# spawn NAME COMMAND...: run it with its output in NAME.log; its id is in $PID
spawn() {
	name=$1
	shift
	"$@" >"$T/$name.log" 2>&1 </dev/null &
	PID=$!
	PIDS="$PIDS $PID"
}

# running PID: it has not ended. One that has is there until it is waited for
running() {
	case $(cat "/proc/$1/stat" 2>/dev/null) in
	'' | *') Z '*) return 1 ;;
	esac
}

# stop PID: end one of ours and wait for it
stop() {
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# Two sinks that are there from the start, as speakers would be
two_sinks() {
	cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/10-sinks.conf" <<-'CONF'
	context.objects = [
	  { factory = adapter args = { factory.name = support.null-audio-sink
	      node.name = speaker_a node.description = "Speaker A" media.class = Audio/Sink
	      object.linger = true audio.position = [ FL FR ] priority.session = 900 } }
	  { factory = adapter args = { factory.name = support.null-audio-sink
	      node.name = speaker_b node.description = "Speaker B" media.class = Audio/Sink
	      object.linger = true audio.position = [ FL FR ] priority.session = 900 } }
	]
	CONF
}

RULES='[ { matches = [ { node.name = "~speaker_.*" } ] actions = { create-stream = { } } } ]'

# start_host LOG [COMMAND...]: a process of its own with the group of those two, under a command
# such as valgrind; its warnings are logged, its id is in $HOST
start_host() {
	log=$1
	shift
	cat >"$T/combine.conf" <<-CONF
	context.properties = { core.daemon = false }
	context.spa-libs = { audio.convert.* = audioconvert/libspa-audioconvert support.* = support/libspa-support }
	context.modules = [
	  { name = libpipewire-module-rt args = { } flags = [ ifexists nofail ] }
	  { name = libpipewire-module-protocol-native }
	  { name = libpipewire-module-client-node }
	  { name = libpipewire-module-adapter }
	  { name = libpipewire-module-metadata }
	  { name = $MODULE args = { stream.rules = $RULES } }
	]
	CONF
	spawn "$log" env PIPEWIRE_DEBUG=2 "$@" pipewire -c "$T/combine.conf"
	HOST=$PID
}

# start_pipewire LOG
start_pipewire() {
	spawn "$1" pipewire
	PIPEWIRE=$PID
	wait_socket
}

# The socket appears when the daemon can be talked to
wait_socket() {
	tries=0
	until [ -S "$XDG_RUNTIME_DIR/pipewire-0" ] && pw-cli info 0 >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 3000 ] || { echo "no PipeWire daemon" >&2; FAILED=1; exit 1; }
		sleep 0.02
	done
}

# use_policy DIR: our policy, or a copy of it, before WirePlumber's own. ROOM_SYSTEM_DATA_DIR names that of
# another WirePlumber than the system's, as in the room.
use_policy() {
	share=${ROOM_SYSTEM_DATA_DIR:-$(pkg-config --variable=prefix libpipewire-0.3)/share}
	export WIREPLUMBER_DATA_DIR="$1:$share/wireplumber"
	export WIREPLUMBER_CONFIG_DIR="$XDG_CONFIG_HOME/wireplumber:$1:$share/wireplumber"
}

start_wireplumber() {
	cat >"$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d/10-test.conf" <<-'CONF'
	wireplumber.profiles = { main = {
	  hardware.audio = disabled hardware.bluetooth = disabled hardware.video-capture = disabled
	  support.logind = disabled support.reserve-device = disabled
	  support.portal-permissionstore = disabled monitor.alsa.reserve-device = disabled
	} }
	CONF
	spawn wireplumber wireplumber
	WIREPLUMBER=$PID
}

# logged LOG TEXT: the log of a process has TEXT, by now or soon
logged() {
	tries=0
	until grep -F -q -- "$2" "$T/$1.log"; do
		tries=$((tries + 1))
		[ $tries -lt 3000 ] || { echo "not in $1.log: $2"; return 1; }
		sleep 0.02
	done
}

# check NAME COMMAND...: one test, whose name is a sentence
check() {
	what=$1
	shift
	if "$@" >"$T/check.log" 2>&1; then
		PASSED=$((PASSED + 1))
		echo "ok $((PASSED + FAILED)) - $what"
	else
		FAILED=$((FAILED + 1))
		echo "not ok $((PASSED + FAILED)) - $what"
		sed 's/^/# /' "$T/check.log"
	fi
}

finish() {
	echo "1..$((PASSED + FAILED))"
	[ "$FAILED" = 0 ]
}
