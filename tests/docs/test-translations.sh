#!/bin/sh
# Everything that people read can be translated, and is, into German
# SPDX-License-Identifier: MIT
#
# test-translations.sh SOURCE_DIR TOOL PO_BUILD_DIR
set -eu

cd "$1"
tool=$2 po_dir=$3
command -v xgettext >/dev/null || { echo 'gettext is not installed'; exit 77; }
t=$(mktemp -d)
trap 'rm -r "$t"' EXIT
status=0
bad() {
	echo "not ok $1"
	status=1
}

grep -lE '\b(_|N_|ngettext_)\("' tools/pw-bluez-combine/*/*.c | sort >"$t/files"
sort po/POTFILES | diff - "$t/files" || bad 'po/POTFILES has other files than those with texts'

xgettext --from-code=UTF-8 --keyword=_ --keyword=N_ --keyword=ngettext_:1,2 --add-comments=TRANSLATORS \
	-f po/POTFILES -o "$t/all.pot"
while read -r language; do
	msgfmt --check-format --check-domain -o /dev/null "po/$language.po" || bad "$language.po is not valid"
	msgmerge -q -o "$t/$language.po" "po/$language.po" "$t/all.pot"
	statistics=$(LC_ALL=C msgfmt --statistics -o /dev/null "$t/$language.po" 2>&1)
	case $statistics in
	*untranslated* | *fuzzy*)
		msgattrib --untranslated --no-location "$t/$language.po" | grep '^msgid\|^"' || :
		msgattrib --only-fuzzy --no-location "$t/$language.po" | grep '^msgid\|^"' || :
		bad "$language.po is not complete: $statistics"
		;;
	[4-9][0-9]\ translated* | [1-9][0-9][0-9]*\ translated*) ;;
	*) bad "$language.po was not read: $statistics" ;;
	esac
done <po/LINGUAS

# glibc translates in C.UTF-8 up to 2.38, and later only in a locale of some language, of which
# a build machine may have none. Another program tells whether anything can be translated.
locale=$(locale -a 2>/dev/null | grep -iE '^[a-z]+_.*\.utf-?8$' | head -n 1)
: "${locale:=C.UTF-8}"
mkdir -p "$t/de/LC_MESSAGES"
printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\nmsgid "yes"\nmsgstr "ja"\n' |
	msgfmt -o "$t/de/LC_MESSAGES/oracle.mo" -
if [ "$(TEXTDOMAINDIR=$t LC_ALL=$locale LANGUAGE=de gettext oracle yes)" = ja ]; then
	german=$(TEXTDOMAINDIR=$po_dir LC_ALL=$locale LANGUAGE=de "$tool" --help)
	case $german in
	*Aufruf:*Lautsprecher*) ;;
	*) echo "$german"; bad 'the tool does not speak German' ;;
	esac
else
	echo "no locale to speak German in: $locale is none"
fi
english=$(TEXTDOMAINDIR=$po_dir LC_ALL=C LANGUAGE=de "$tool" --help)
case $english in
usage:*) ;;
*) bad 'the tool does not speak English where no language is chosen' ;;
esac
exit $status
