# shellcheck shell=bash
# Completion of pw-bluez-combine for bash
# SPDX-License-Identifier: MIT
#
# Commands and options are what the tool's own --help says, so that none is missing here.

_pw_bluez_combine_help() {
	LC_ALL=C.UTF-8 LANGUAGE=C command pw-bluez-combine "$@" --help 2>/dev/null
}

_pw_bluez_combine_speakers() {
	command pw-bluez-combine status --all 2>/dev/null |
		grep -oE '([0-9A-F]{2}:){5}[0-9A-F]{2}'
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
		-R | --role) words='stereo left right mono' ;;
		-*) return ;;
		*)
			# readline takes the colons of an address for ends of words
			mapfile -t COMPREPLY < <(_pw_bluez_combine_speakers | grep -i "^${word//\\/}" | sed 's/:/\\:/g')
			return
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _pw_bluez_combine pw-bluez-combine
