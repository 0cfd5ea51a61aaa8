/*
 * lib/format.c against the host's snprintf, on random directives and values.
 * SOURCES: lib/format.c
 */
#include "unit.h"

#include <format.h>
#include <string.h>

int snprintf(char *to, size_t size, const char *text, ...);

#pragma GCC diagnostic ignored "-Wformat-overflow"

/*
 * Both must give the same text and length, also when the place is too small. Arguments are
 * evaluated twice.
 */
#define COMPARE(directives, ...) \
	do { \
		const char *text = directives; \
		char ours[200], theirs[200]; \
		size_t size = unit_random() % 4 ? sizeof(ours) : unit_random() % 30; \
		int our_length, their_length; \
		memset(ours, '~', sizeof(ours)); \
		memset(theirs, '~', sizeof(theirs)); \
		our_length = format_any(ours, size, text, __VA_ARGS__); \
		their_length = snprintf(theirs, size, text, __VA_ARGS__); \
		if (our_length != their_length || memcmp(ours, theirs, sizeof(ours)) != 0) \
			fail_msg("\"%s\": \"%s\" (%d), not \"%s\" (%d)", text, ours, our_length, \
				 theirs, their_length); \
	} while (0)

static int (*const format_any)(char *to, size_t size, const char *text, ...) = format;

/* A random directive with flags, width and precision in front of size and conversion. */
static const char *directive(const char *flags, const char *conversion)
{
	static char text[64];
	int length = snprintf(text, sizeof(text), "<%%");

	for (; *flags; flags++) {
		if (unit_random() % 3 == 0)
			text[length++] = *flags;
	}
	if (unit_random() % 2)
		length += snprintf(text + length, 10, "%u", 1 + unit_random() % 25);
	if (unit_random() % 3 == 0)
		length += snprintf(text + length, 10, ".%u", unit_random() % 20);
	snprintf(text + length, 10, "%s>", conversion);
	return text;
}

static uint64_t random_number(void)
{
	uint64_t number = (uint64_t)unit_random() << 32 | unit_random();

	/* Numbers of all lengths, and the edges. */
	switch (unit_random() % 4) {
	case 0:
		return number >> unit_random() % 64;
	case 1:
		return 0 - (number >> unit_random() % 64);
	case 2:
		return (1ull << unit_random() % 64) - unit_random() % 2;
	default:
		return unit_random() % 3;
	}
}

static void test_integers(void **state)
{
	static const char *const signed_int[] = { "d", "i", "hd", "hhd", "ld" };
	static const char *const unsigned_int[] = { "u",   "x",	 "X",  "o", "hu",
						    "hhx", "lx", "zu", "lo" };
	static const char *const unsigned_long[] = { "llu", "llx", "llX", "llo" };

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t number = random_number();

		COMPARE(directive("-0+ ", signed_int[unit_random() % 5]), (int)number);
		COMPARE(directive("-0#", unsigned_int[unit_random() % 9]), (unsigned)number);
		COMPARE(directive("-0+ ", "lld"), (long long)number);
		COMPARE(directive("-0#", unsigned_long[unit_random() % 4]),
			(unsigned long long)number);
	}
}

static void test_strings_and_characters(void **state)
{
	static const char *const strings[] = { "", "a", "loft", "a longer string than most" };

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		const char *string = strings[unit_random() % 4];
		int width = (int)(unit_random() % 20) - 10, other = (int)(unit_random() % 20) - 10;

		COMPARE(directive("-", "s"), string);
		COMPARE("<%*c|%-*c>", width, 'x', other, 'y');
		COMPARE("<%*.*s>", width, other, string);
		COMPARE("%d%% of %s%c", (int)i, "it", '\n');
	}
}

static void test_own_choices(void **state)
{
	char text[40];

	(void)state;
	assert_int_equal(format(text, sizeof(text), "%p", (void *)0x1234), 10);
	assert_string_equal(text, "0x00001234");
	format_any(text, sizeof(text), "%s", (char *)NULL);
	assert_string_equal(text, "(null)");
	assert_int_equal(format(text, sizeof(text), "%s", ""), 0);
	assert_int_equal(format(NULL, 0, "%s", "five5"), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_strings_and_characters),
		cmocka_unit_test(test_own_choices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
