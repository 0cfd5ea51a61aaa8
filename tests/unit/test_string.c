/*
 * lib/string.c against plain loops, on random pieces of memory.
 * SOURCES: lib/string.c
 */
#include "unit.h"

#include <string.h>
#include <types.h>

#define SIZE 256

static unsigned char a[SIZE], b[SIZE];

static void fill_randomly(void)
{
	for (size_t i = 0; i < SIZE; i++)
		a[i] = b[i] = 1 + unit_random() % 3;
}

static void test_memmove(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		fill_randomly();
		size_t size = unit_random() % (SIZE / 2);
		size_t from = unit_random() % (SIZE - size), to = unit_random() % (SIZE - size);
		unsigned char copy[SIZE];
		for (size_t i = 0; i < size; i++)
			copy[i] = b[from + i];
		for (size_t i = 0; i < size; i++)
			b[to + i] = copy[i];
		assert_ptr_equal(memmove(a + to, a + from, size), a + to);
		for (size_t i = 0; i < SIZE; i++)
			assert_int_equal(a[i], b[i]);
	}
}

static void test_memset_and_memchr(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		fill_randomly();
		size_t from = unit_random() % SIZE, size = unit_random() % (SIZE - from);
		memset(a + from, 0x180, size);
		for (size_t i = 0; i < SIZE; i++)
			assert_int_equal(a[i], i - from < size ? 0x80 : b[i]);
		void *found = memchr(a, 0x80, SIZE);
		assert_ptr_equal(found, size ? a + from : NULL);
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void test_comparisons(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		char one[8], two[8];
		for (size_t i = 0; i < 8; i++) {
			one[i] = i == 7 ? 0 : unit_random() % 3 * 127;
			two[i] = i == 7 ? 0 : unit_random() % 3 * 127;
		}
		size_t at = 0, limit = unit_random() % 8;
		while (one[at] && one[at] == two[at])
			at++;
		int order = sign((unsigned char)one[at] - (unsigned char)two[at]);
		assert_int_equal(sign(strcmp(one, two)), order);
		assert_int_equal(sign(strncmp(one, two, limit)), at < limit ? order : 0);
		assert_int_equal(strnlen(one, limit), MIN(strlen(one), limit));
	}
}

static void test_searches(void **state)
{
	(void)state;
	assert_string_equal(strchr("abcabc", 'b'), "bcabc");
	assert_string_equal(strrchr("abcabc", 'b'), "bc");
	assert_string_equal(strchr("abc", 0), "");
	assert_null(strrchr("abc", 'd'));
	assert_string_equal(strstr("aaab", "aab"), "aab");
	assert_string_equal(strstr("abc", ""), "abc");
	assert_null(strstr("aab", "aaab"));
}

static void test_strlcpy(void **state)
{
	(void)state;
	char to[4] = "xyz";
	assert_int_equal(strlcpy(to, "abcdef", sizeof(to)), 6);
	assert_string_equal(to, "abc");
	assert_int_equal(strlcpy(to, "", sizeof(to)), 0);
	assert_string_equal(to, "");
	to[0] = 'x';
	assert_int_equal(strlcpy(to, "abc", 0), 3);
	assert_int_equal(to[0], 'x');
}

static void test_parse_u32(void **state)
{
	(void)state;
	const int einval = -22, erange = -34;
	uint32_t value = 0;
	assert_int_equal(parse_u32("4294967295", 10, &value), 0);
	assert_int_equal(value, 0xffffffff);
	assert_int_equal(parse_u32("0xfFfFfFfF", 0, &value), 0);
	assert_int_equal(value, 0xffffffff);
	assert_int_equal(parse_u32("0755", 0, &value), 0);
	assert_int_equal(value, 0755);
	assert_int_equal(parse_u32("0", 0, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_u32("4294967296", 10, &value), erange);
	assert_int_equal(parse_u32("99999999999999999999", 10, &value), erange);
	const char *wrong[] = { "", "-1", " 1", "1 ", "0x", "08", "12k" };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(parse_u32(wrong[i], 0, &value), einval);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memmove),	    cmocka_unit_test(test_memset_and_memchr),
		cmocka_unit_test(test_comparisons), cmocka_unit_test(test_searches),
		cmocka_unit_test(test_strlcpy),	    cmocka_unit_test(test_parse_u32),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
