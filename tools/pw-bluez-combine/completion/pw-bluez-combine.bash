# shellcheck shell=bash
# Completion of pw-bluez-combine for bash
# SPDX-License-Identifier: MIT
#
# Commands and options are what the tool's own --help says, so that none is missing here.

_pw_bluez_combine_help() {
	LC_ALL=C.UTF-8 LANGUAGE=C command pw-bluez-combine "$@" --help 2>/dev/null
}

# Names, and the addresses of those without one, or all of them for the beginning of an address
_pw_bluez_combine_speakers() {
	local speakers name address
	speakers=$(command pw-bluez-combine status --all 2>/dev/null |
		sed -nE 's/^  (.*[^ ]) +(([0-9A-F]{2}:){5}[0-9A-F]{2}) .*/\2 \1/p')
	while read -r address name; do
		if [[ ${address,,} == "${1,,}"* && ( $name == - || -n $1 ) ]]; then
			# readline takes the colons of an address for ends of words
			echo "${address//:/\\:}"
		elif [[ $name != - && ${name,,} == "${1,,}"* ]]; then
			printf '%q\n' "$name"
		fi
	done <<<"$speakers"
}

_pw_bluez_combine() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words

	if [ "$COMP_CWORD" = 1 ]; then
		words="$(_pw_bluez_combine_help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p') --help --version"
	elif [[ $word == -* ]]; then
		words=$(_pw_bluez_combine_help "$command" | sed -n 's/^  -., \(--[a-z-]*\).*/\1/p')
	else
		case $previous in
		-R | --role) words='stereo left right mono default' ;;
		-*) return ;;
		*)
			mapfile -t COMPREPLY < <(_pw_bluez_combine_speakers "${word//\\/}")
			return
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _pw_bluez_combine pw-bluez-combine
