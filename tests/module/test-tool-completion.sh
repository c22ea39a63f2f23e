#!/bin/bash
# The shells complete what there is
# SPDX-License-Identifier: MIT
set -euo pipefail
# shellcheck source=tests/module/lib.sh
. "$(dirname "$0")/lib.sh"

export LC_ALL=C.UTF-8
PATH="$BUILD_DIR/tools/pw-bluez-combine:$PATH"
folder=$SOURCE_DIR/tools/pw-bluez-combine/completion
# shellcheck source=tools/pw-bluez-combine/completion/pw-bluez-combine.bash
. "$folder/pw-bluez-combine.bash"

# bash_gives WORDS... -- EXPECTED...: after these words bash offers at least those
bash_gives() {
	COMP_WORDS=(pw-bluez-combine)
	while [ "$1" != -- ]; do COMP_WORDS+=("$1"); shift; done
	shift
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
	_pw_bluez_combine
	echo "offered: ${COMPREPLY[*]}"
	for expected; do
		printf '%s\n' "${COMPREPLY[@]}" | grep -q -x -F -e "$expected" || { echo "missing: $expected"; return 1; }
	done
}
bash_offers_nothing() { bash_gives "$@" -- && [ ${#COMPREPLY[@]} = 0 ]; }

# All that the tool says it has
mapfile -t commands < <(pw-bluez-combine --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
many() { [ ${#commands[@]} -ge 3 ]; }
check 'the tool has commands' many
check 'bash: all commands' bash_gives '' -- "${commands[@]}" --help --version
check 'bash: the beginning of one' bash_gives spe -- speaker
for command in "${commands[@]}"; do
	mapfile -t options < <(pw-bluez-combine "$command" --help | grep -oE '^  -., --[a-z-]+' | grep -oE -e '--.*')
	check "bash: all options of $command" bash_gives "$command" - -- "${options[@]}"
done
check 'bash: roles' bash_gives speaker x --role '' -- stereo left right mono
check 'bash: nothing where a number is wanted' bash_offers_nothing speaker x --trim ''

two_sinks
start_pipewire pipewire
start_wireplumber
"$AWAIT" node speaker_b
spawn host pw-cli -m load-module "$MODULE" "{ stream.rules = [ ] }"
"$AWAIT" metadata bluez-combine status >/dev/null
pw-metadata -n bluez-combine 0 member.AA:BB:CC:DD:EE:FF '{ "include": false }' Spa:String:JSON >/dev/null
pw-metadata -n bluez-combine 0 status.11:22:33:44:55:66 '{ "name": "Living room", "state": "idle" }' Spa:String:JSON >/dev/null
# shellcheck disable=SC2016 # as somebody may call a device
pw-metadata -n bluez-combine 0 status.11:22:33:44:55:77 '{ "name": "$(date);x", "state": "idle" }' Spa:String:JSON >/dev/null
check 'bash: names of speakers, small or not' bash_gives speaker liv -- 'Living\ room'
not_all() { [ ${#COMPREPLY[@]} = 1 ]; }
check 'bash: and not those of others' not_all
# shellcheck disable=SC2016 # as it is to be offered
check 'bash: a name is never a command' bash_gives speaker '' -- '\$\(date\)\;x'
check 'bash: the beginning of an address' bash_gives speaker '11\:' -- '11\:22\:33\:44\:55\:66' '11\:22\:33\:44\:55\:77'
check 'bash: addresses of speakers' bash_gives speaker '' -- 'AA\:BB\:CC\:DD\:EE\:FF'

if command -v fish >/dev/null; then
	fish_gives() {
		words=$1
		shift
		fish -c "source '$folder/pw-bluez-combine.fish'; complete -C '$words'" >"$T/out"
		cat "$T/out"
		for expected; do
			cut -f 1 "$T/out" | grep -q -x -F -e "$expected" || { echo "missing: $expected"; return 1; }
		done
	}
	check 'fish: all commands' fish_gives 'pw-bluez-combine ' "${commands[@]}"
	check 'fish: options' fish_gives 'pw-bluez-combine status --' --watch --json
	check 'fish: names of speakers' fish_gives 'pw-bluez-combine speaker Liv' 'Living room'
	check 'fish: addresses of speakers' fish_gives 'pw-bluez-combine speaker ' AA:BB:CC:DD:EE:FF
	check 'fish: roles' fish_gives 'pw-bluez-combine speaker x --role ' left right
fi
if command -v zsh >/dev/null; then
	# zsh's own functions only print what they are given here
	zsh_gives() {
		words=$1
		shift
		# shellcheck disable=SC2016 # zsh expands it
		zsh -f -c '
			compadd() { [[ $1 == -a ]] && set -- ${(P)2}; print -rl -- "$@" }
			_describe() { print -rl -- ${(P)2%%:*} }
			words=( ${(z)2} )
			CURRENT=${#words}
			PREFIX=${words[-1]#x}
			source $1' zsh "$folder/_pw-bluez-combine" "$words" >"$T/out"
		cat "$T/out"
		for expected; do
			grep -q -x -F -e "$expected" "$T/out" || { echo "missing: $expected"; return 1; }
		done
	}
	check 'zsh: all commands' zsh_gives 'pw-bluez-combine x' "${commands[@]}" --help
	check 'zsh: options' zsh_gives 'pw-bluez-combine status --' --watch --json
	check 'zsh: names of speakers' zsh_gives 'pw-bluez-combine speaker x' 'Living room'
	check 'zsh: addresses of speakers' zsh_gives 'pw-bluez-combine speaker x' AA:BB:CC:DD:EE:FF
	check 'zsh: roles' zsh_gives 'pw-bluez-combine speaker y --role x' left right
fi

finish
