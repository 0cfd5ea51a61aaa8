/*
 * fs/newc.c: good archives, every header field that lies, every cut, and random damage: whatever
 * the parser says is good lies within what it was given. SOURCES: fs/newc.c lib/string.c
 */
#include "unit.h"

#include "../../fs/newc.h"
#include <string.h>

static uint8_t archive[512];

/* Field `index` (0..12) of the header at `at`. */
static void set_field(uint8_t *at, unsigned index, uint32_t value)
{
	for (unsigned i = 0; i < 8; i++)
		at[6 + 8 * index + i] = "0123456789abcdefABCDEF"[value >> (28 - 4 * i) & 15];
}

/* An entry of mode, name and data; the bytes it takes. */
static size_t put(uint8_t *at, uint32_t mode, const char *name, const char *data)
{
	uint32_t name_size = strlen(name) + 1, size = strlen(data);
	size_t data_at = (NEWC_HEADER_SIZE + name_size + 3) & ~3u;

	memset(at, '0', NEWC_HEADER_SIZE);
	memcpy(at, "070701", 6);
	set_field(at, 1, mode);
	set_field(at, 6, size);
	set_field(at, 11, name_size);
	memset(at + NEWC_HEADER_SIZE, 0, data_at - NEWC_HEADER_SIZE);
	memcpy(at + NEWC_HEADER_SIZE, name, name_size);
	memset(at + data_at, 0, (size + 3) & ~3u);
	memcpy(at + data_at, data, size);
	return data_at + ((size + 3) & ~3u);
}

static void good_entries(void **state)
{
	struct newc_entry entry;
	size_t first = put(archive, 0100644, "a/file", "hello"), second;

	(void)state;
	second = put(archive + first, 0040755, "dir", "");
	assert_int_equal(newc_parse(archive, first + second, &entry), NEWC_OK);
	assert_int_equal(entry.mode, 0100644);
	assert_int_equal(entry.size, 5);
	assert_int_equal(entry.total, first);
	assert_string_equal(entry.name, "a/file");
	assert_memory_equal(entry.data, "hello", 5);
	assert_int_equal(newc_parse(archive + first, second, &entry), NEWC_OK);
	assert_string_equal(entry.name, "dir");
	/* The padding behind the last data may be missing. */
	assert_int_equal(newc_parse(archive, first - 3, &entry), NEWC_OK);
	assert_int_equal(entry.total, first - 3);
}

static void every_cut(void **state)
{
	size_t total = put(archive, 0100644, "file", "12345678");
	struct newc_entry entry;

	(void)state;
	for (size_t left = 0; left < total; left++) {
		uint8_t *copy = malloc(left + 1); /* so that ASan sees a step too far */

		memcpy(copy + 1, archive, left);
		assert_int_equal(newc_parse(copy + 1, left, &entry), NEWC_CUT);
		free(copy);
	}
}

static void lying_fields(void **state)
{
	static const uint32_t lies[] = { 0, 0x7fffffff, 0xffffffff, 0xffffff00, 4097, 200 };
	struct newc_entry entry;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
		size_t total = put(archive, 0100644, "file", "12345678");

		set_field(archive, 11, lies[i]);
		assert_int_not_equal(newc_parse(archive, total, &entry), NEWC_OK);
		put(archive, 0100644, "file", "12345678");
		set_field(archive, 6, lies[i]);
		assert_int_equal(newc_parse(archive, total, &entry), lies[i] ? NEWC_CUT : NEWC_OK);
	}
	for (unsigned digit = 6; digit < NEWC_HEADER_SIZE; digit++) {
		size_t total = put(archive, 0100644, "file", "12345678");

		archive[digit] = 'g';
		assert_int_equal(newc_parse(archive, total, &entry), NEWC_BAD_FIELD);
	}
	put(archive, 0100644, "file", "");
	archive[NEWC_HEADER_SIZE + 4] = 'x';
	assert_int_equal(newc_parse(archive, sizeof(archive), &entry), NEWC_BAD_NAME);
	put(archive, 0100644, "file", "");
	archive[NEWC_HEADER_SIZE + 1] = 0;
	assert_int_equal(newc_parse(archive, sizeof(archive), &entry), NEWC_BAD_NAME);
}

static void other_things(void **state)
{
	struct newc_entry entry;

	(void)state;
	assert_int_equal(newc_parse((const uint8_t *)"070707abcdef", 12, &entry), NEWC_NO_MAGIC);
	assert_int_equal(newc_parse((const uint8_t *)"\x1f\x8b\x08     ", 8, &entry),
			 NEWC_COMPRESSED);
	assert_int_equal(newc_parse((const uint8_t *)"\xfd"
						     "7zXZ   ",
				    8, &entry),
			 NEWC_COMPRESSED);
	assert_int_equal(newc_parse((const uint8_t *)"\x7f"
						     "ELF    ",
				    8, &entry),
			 NEWC_NO_MAGIC);
}

static void sums(void **state)
{
	size_t total = put(archive, 0100644, "file", "12345678");
	struct newc_entry entry;

	(void)state;
	archive[5] = '2';
	set_field(archive, 12, '1' + '2' + '3' + '4' + '5' + '6' + '7' + '8');
	assert_int_equal(newc_parse(archive, total, &entry), NEWC_OK);
	set_field(archive, 12, 1);
	assert_int_equal(newc_parse(archive, total, &entry), NEWC_BAD_SUM);
}

static void random_damage(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		size_t total = put(archive, 0100644, "some/file", "data and more");
		struct newc_entry entry;

		for (unsigned hits = unit_random() % 4; hits > 0; hits--)
			archive[unit_random() % total] = (uint8_t)unit_random();
		if (newc_parse(archive, total, &entry) != NEWC_OK)
			continue;
		assert_true(entry.total <= total);
		assert_true(entry.data >= archive && entry.data + entry.size <= archive + total);
		assert_true(strlen(entry.name) < NEWC_NAME_MAX);
	}
}

static void paths(void **state)
{
	const char *path = "./a//b/./c/", *component;

	(void)state;
	assert_int_equal(newc_component(&path, &component), 1);
	assert_int_equal(*component, 'a');
	assert_int_equal(newc_component(&path, &component), 1);
	assert_int_equal(*component, 'b');
	assert_int_equal(newc_component(&path, &component), 1);
	assert_int_equal(*component, 'c');
	assert_int_equal(newc_component(&path, &component), 0);
	assert_true(newc_escapes("../x"));
	assert_true(newc_escapes("a/.."));
	assert_false(newc_escapes("a/..b/c..."));
	assert_false(newc_escapes("."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_entries), cmocka_unit_test(every_cut),
		cmocka_unit_test(lying_fields), cmocka_unit_test(other_things),
		cmocka_unit_test(sums),		cmocka_unit_test(random_damage),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
