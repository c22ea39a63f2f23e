# shellcheck shell=sh disable=SC2034 # those who source it use them
# A room for tests of what users run in it
# SPDX-License-Identifier: MIT
#
# Sourced. The daemons of tests/module/lib.sh with a virtual bluetoothd beside them, WirePlumber's
# Bluetooth monitor and our policy. Everything is on the machine's clock.

. "$(dirname "$0")/../../module/lib.sh"

TOOL="$BUILD_DIR/tools/pw-bluez-combine/pw-bluez-combine"
OUT="$T/out"
EVENTS="$OUT/events.jsonl"
export DBUS_SESSION_BUS_ADDRESS="unix:path=$T/bus" DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/bus"
system_data=$(pkg-config --variable=prefix libspa-0.2)/share/wireplumber
export LC_ALL=C.UTF-8

# until_true COMMAND...: it succeeds, by now or soon
until_true() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] || { echo "never true: $*"; return 1; }
		sleep 0.02
	done
}

start_bus() {
	cat >"$T/dbus.conf" <<-CONF
	<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
	 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
	<busconfig>
	  <type>custom</type>
	  <listen>unix:path=$T/bus</listen>
	  <auth>EXTERNAL</auth>
	  <policy context="default">
	    <allow send_destination="*" eavesdrop="true"/>
	    <allow receive_sender="*" eavesdrop="true"/>
	    <allow own="*"/>
	    <allow user="*"/>
	  </policy>
	</busconfig>
	CONF
	spawn dbus dbus-daemon --config-file="$T/dbus.conf" --nofork --nopidfile
	until_true [ -S "$T/bus" ]
}

start_roomd() {
	mkdir -p "$OUT"
	spawn roomd "$BUILD_DIR/tests/room/roomd" --out "$OUT"
	ROOMD=$PID
	until_true grep -q ready "$T/roomd.log"
}

# room METHOD ARGUMENT...: as GVariant texts
room() {
	method=$1
	shift
	gdbus call --system --dest org.bluez --object-path /org/bluez_combine/Room \
		--method "org.bluez_combine.Room1.$method" "$@" >/dev/null
}

# event DEVICE EVENT [COUNT]: it has happened, by now or soon
count_of() { grep "\"device\": *\"$1\"" "$EVENTS" | grep -c "\"event\": *\"$2\"" || :; }
happened() { [ "$(count_of "$1" "$2")" -ge "${3:-1}" ]; }
event() { until_true happened "$@"; }
never() { ! happened "$1" "$2"; }

# What needs hardware, a seat or the desktop's services is off. Calls are the room's oFono's.
room_conf() {
	cat <<-CONF
	wireplumber.profiles = { main = {
	  monitor.alsa = disabled monitor.alsa-midi = disabled monitor.alsa.reserve-device = disabled
	  monitor.v4l2 = disabled monitor.libcamera = disabled monitor.bluez-midi = disabled
	  monitor.bluez.seat-monitoring = disabled support.logind = disabled
	  support.reserve-device = disabled support.portal-permissionstore = disabled
	} }
	monitor.bluez.properties = {
	  bluez5.roles = [ ${ROLES:-a2dp_sink a2dp_source hfp_ag} ]
	  bluez5.hfphsp-backend = "ofono" bluez5.dummy-avrcp-player = false
	}
	CONF
}

# policy_in DIR: WirePlumber finds our policy there
policy_in() {
	export WIREPLUMBER_CONFIG_DIR="$XDG_CONFIG_HOME/wireplumber:/etc/wireplumber:$1:$system_data"
	export WIREPLUMBER_DATA_DIR="$1:$system_data"
}
policy_in "$SOURCE_DIR/wireplumber"

# room_wireplumber [LINE...]: with these lines of configuration
room_wireplumber() {
	conf="$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d"
	room_conf >"$conf/50-room.conf"
	printf '%s\n' "$@" >"$conf/80-test.conf"
	spawn wireplumber wireplumber
	WIREPLUMBER=$PID
}
