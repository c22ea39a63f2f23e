#!/bin/sh
# All four ways of loading the module, and loading it twice
# SPDX-License-Identifier: MIT
set -eu
. "$(dirname "$0")/lib.sh"

# pw-cli shows errors of modules only when asked
export PIPEWIRE_DEBUG=1
two_sinks
start_pipewire pipewire
start_wireplumber

linked() {
	"$AWAIT" link bluez_combine.default.output.speaker_a speaker_a &&
		"$AWAIT" link bluez_combine.default.output.speaker_b speaker_b
}
gone() { "$AWAIT" gone bluez_combine.default && "$AWAIT" gone bluez_combine.default.driver; }
is_synchronous() { pw-cli info "$1" >"$T/info" && grep -q node.name "$T/info" && ! grep -q 'node.async = "true"' "$T/info"; }

# 1. pw-cli -m, which runs it in its own process and stays
spawn pw-cli pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
loader=$PID
check 'pw-cli loads a group that finds its speakers' linked
for node in bluez_combine.default bluez_combine.default.output.speaker_a bluez_combine.default.driver; do
	check "$node costs no quantum: it is not asynchronous" is_synchronous $node
done

spawn second pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
second=$PID
check 'a second instance of the group refuses and says why' logged second "the group 'default' exists already"
check 'the first instance is untouched by the refusal' linked

spawn other pw-cli -m load-module "$MODULE" "{ combine.group = kitchen stream.rules = [ ] }"
other=$PID
check 'a group of another name stands beside it' "$AWAIT" node bluez_combine.kitchen
stop "$other"
check 'it goes with its process' "$AWAIT" gone bluez_combine.kitchen
stop "$loader"
check 'when the first is gone the second takes over' linked
once() { [ "$(grep -c "exists already" "$T/second.log")" = 1 ]; }
check 'and has refused only once' once
stop "$second"
check 'nothing is left when its process ends' gone

# At one time: neither has seen the other when it begins
spawn one pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
one=$PID
spawn two pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"
two=$PID
drivers() { pw-cli ls Node | grep -c 'node.name = "bluez_combine.default.driver"'; }
either() {
	tries=0
	until grep -q 'exists already' "$T/one.log" "$T/two.log"; do
		tries=$((tries + 1))
		[ $tries -lt 3000 ] || return 1
		sleep 0.02
	done
	linked && [ "$(drivers)" = 1 ]
}
check 'of two that begin at one time one stays' either
stop "$one"
stop "$two"
check 'and goes' gone

# What will never pass is refused, and not tried for ever
mkdir -p "$T/spa"
without() { SPA_PLUGIN_DIR="$T/spa:$system_plugins" pw-cli -m load-module "$MODULE" "{ stream.rules = $RULES }"; }
spawn without without
without=$PID
check 'without the SPA plugin it is not loaded, and that is said' \
	logged without "can't load audio.bluez-combine.fanout from the SPA library"
check 'and makes nothing' gone
few() { sleep 3; [ "$(grep -c "can't load" "$T/without.log")" -le 2 ] || { cat "$T/without.log"; return 1; }; }
check 'nor does it try again each second' few
stop "$without"

# 2. a process of its own: pipewire -c
start_host own
check 'pipewire -c runs a group in a process of its own' linked
stop "$HOST"
check 'nothing is left when that process ends' gone

# 3. WirePlumber's LocalModule
stop "$WIREPLUMBER"
mkdir -p "$T/data/wireplumber/scripts"
cat >"$T/data/wireplumber/scripts/load-combine.lua" <<LUA
combine = LocalModule ("$MODULE", [[{ stream.rules = $RULES }]], {})
again = LocalModule ("$MODULE", [[{ stream.rules = $RULES }]], {})
LUA
cat >"$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d/20-load.conf" <<-'CONF'
wireplumber.components = [ { name = load-combine.lua type = script/lua provides = test.load } ]
wireplumber.profiles = { main = { test.load = required } }
CONF
WIREPLUMBER_DATA_DIR="$T/data/wireplumber:$(pkg-config --variable=prefix libpipewire-0.3)/share/wireplumber"
export WIREPLUMBER_DATA_DIR
start_wireplumber
check "WirePlumber's LocalModule loads a group" linked
check 'a second one in the same process is refused before it makes anything' \
	grep -q "group 'default' is loaded already" "$T/wireplumber.log"
stop "$WIREPLUMBER"
rm "$XDG_CONFIG_HOME/wireplumber/wireplumber.conf.d/20-load.conf"
check 'nothing is left when WirePlumber ends' gone

# 4. a drop-in of the daemon
stop "$PIPEWIRE"
cat >"$XDG_CONFIG_HOME/pipewire/pipewire.conf.d/20-combine.conf" <<CONF
context.modules = [ { name = $MODULE args = { stream.rules = $RULES } } ]
CONF
start_pipewire pipewire-dropin
start_wireplumber
check 'a drop-in of the daemon loads a group' linked

finish
