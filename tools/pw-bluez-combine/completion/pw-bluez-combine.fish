# Completion of pw-bluez-combine for fish
# SPDX-License-Identifier: MIT
#
# Commands and options are what the tool's own --help says, so that none is missing here.

function __pw_bluez_combine_commands
    LANGUAGE=C pw-bluez-combine --help 2>/dev/null |
        string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __pw_bluez_combine_options
    set -l words (commandline -opc)
    LANGUAGE=C pw-bluez-combine $words[2] --help 2>/dev/null |
        string replace -rf '^  -., (--[a-z-]+).*?  +(.*)' '$1\t$2'
end

function __pw_bluez_combine_speakers
    pw-bluez-combine status --all 2>/dev/null |
        string replace -rf '^ *(.*?)  +(([0-9A-F]{2}:){5}[0-9A-F]{2}).*' '$1\t$2\n$2\t$1' | string match -rv '^-\t'
end

set -l first 'test (count (commandline -opc)) = 1'
complete -c pw-bluez-combine -f
complete -c pw-bluez-combine -n $first -a '(__pw_bluez_combine_commands) --help --version'
complete -c pw-bluez-combine -n "not $first; and string match -q -- '-*' (commandline -ct)" \
    -a '(__pw_bluez_combine_options)'
complete -c pw-bluez-combine -n "not $first; and contains -- (commandline -opc)[-1] -R --role" \
    -a 'stereo left right mono default'
complete -c pw-bluez-combine -n "not $first; and contains -- (commandline -opc)[2] speaker test adjust" \
    -a '(__pw_bluez_combine_speakers)'
