/* Tests of what may be meant by a word that is none */
/* SPDX-FileCopyrightText: Copyright © 2026 The bluez-combine authors */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <string.h>

#include "cli/suggest.h"
#include "harness.h"

static const char *suggested(const char *typed)
{
	static const char *const words[] = { "status", "speaker", "test", "doctor", "pair" };
	struct suggest suggest = { 0 };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		suggest_consider(&suggest, typed, words[i]);
	printf("# %s: %s\n", typed, suggest.word ? suggest.word : "-");
	return suggest.word ? suggest.word : "-";
}

static void a_distance_counts_letters(void)
{
	check(suggest_distance("watch", "watch") == 0);
	check(suggest_distance("Watch", "wATCH") == 0);
	check(suggest_distance("wach", "watch") == 1);
	check(suggest_distance("wattch", "watch") == 1);
	check(suggest_distance("wetch", "watch") == 1);
	check(suggest_distance("wacth", "watch") == 1);
	check(suggest_distance("", "watch") == 5);
	check(suggest_distance("watch", "") == 5);
}

static void a_word_of_any_length_has_a_distance(void)
{
	char text[200];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check(suggest_distance(text, "a") > 20);
	check(strcmp(suggested(text), "-") == 0);
}

static void slips_of_the_hand_are_understood(void)
{
	check(strcmp(suggested("spekaer"), "speaker") == 0);
	check(strcmp(suggested("speakers"), "speaker") == 0);
	check(strcmp(suggested("stats"), "status") == 0);
	check(strcmp(suggested("docter"), "doctor") == 0);
	check(strcmp(suggested("pari"), "pair") == 0);
}

static void a_beginning_is_understood(void)
{
	check(strcmp(suggested("stat"), "status") == 0);
	check(strcmp(suggested("do"), "doctor") == 0);
}

static void another_word_is_left_alone(void)
{
	check(strcmp(suggested("calibrate"), "-") == 0);
	check(strcmp(suggested("x"), "-") == 0);
	check(strcmp(suggested(""), "-") == 0);
	check(strcmp(suggested("list"), "-") == 0);
}

int main(void)
{
	run(a_distance_counts_letters);
	run(a_word_of_any_length_has_a_distance);
	run(slips_of_the_hand_are_understood);
	run(a_beginning_is_understood);
	run(another_word_is_left_alone);
	return harness_finish();
}
