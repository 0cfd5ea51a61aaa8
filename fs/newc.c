/*
 * The entries of newc archives: a header of a magic number and 13 fields of 8 hexadecimal digits,
 * the name, the data, name and data each padded to 4 bytes. Every number comes from outside: each
 * is held against what is left.
 */
#include "newc.h"

#include <string.h>

#define MAGIC_SIZE 6u
#define FIELD_SIZE 8u
#define FIELDS 13u
#define PAD(size) (((size) + 3) & ~(uint64_t)3)

enum field {
	INO,
	MODE,
	UID,
	GID,
	NLINK,
	MTIME,
	FILESIZE,
	DEV_MAJOR,
	DEV_MINOR,
	RDEV_MAJOR,
	RDEV_MINOR,
	NAMESIZE,
	CHECK
};

/* The value of a hexadecimal digit, and 1 more, so that 0 says: none. */
static const uint8_t digit_values[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static bool parse_field(const uint8_t *digits, uint32_t *value)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < FIELD_SIZE; i++) {
		uint8_t digit = digit_values[digits[i]];

		if (!digit)
			return false;
		sum = sum << 4 | (digit - 1u);
	}
	*value = sum;
	return true;
}

static bool starts_with(const uint8_t *at, size_t left, const char *bytes, size_t size)
{
	return left >= size && memcmp(at, bytes, size) == 0;
}

static bool is_compressed(const uint8_t *at, size_t left)
{
	return starts_with(at, left, "\x1f\x8b", 2) ||
	       starts_with(at, left,
			   "\xfd"
			   "7zXZ",
			   5) ||
	       starts_with(at, left, "BZh", 3) || starts_with(at, left, "\x28\xb5\x2f\xfd", 4) ||
	       starts_with(at, left, "\x02\x21\x4c\x18", 4) || starts_with(at, left, "\x5d\0\0", 3);
}

static uint32_t sum_of(const uint8_t *data, uint32_t size)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < size; i++)
		sum += data[i];
	return sum;
}

static enum newc_result parse_magic(const uint8_t *at, size_t left, bool *summed)
{
	if (left >= MAGIC_SIZE && memcmp(at, "07070", 5) == 0 && (at[5] == '1' || at[5] == '2')) {
		*summed = at[5] == '2';
		return left < NEWC_HEADER_SIZE ? NEWC_CUT : NEWC_OK;
	}
	if (left < MAGIC_SIZE && memcmp(at, "070701", left) == 0)
		return NEWC_CUT;
	return is_compressed(at, left) ? NEWC_COMPRESSED : NEWC_NO_MAGIC;
}

static enum newc_result check_name(const uint8_t *name, size_t left, uint32_t size)
{
	if (size == 0 || size > NEWC_NAME_MAX)
		return NEWC_BAD_NAME;
	if (size > left)
		return NEWC_CUT;
	return memchr(name, 0, size) == name + size - 1 ? NEWC_OK : NEWC_BAD_NAME;
}

enum newc_result newc_parse(const uint8_t *at, size_t left, struct newc_entry *entry)
{
	uint32_t fields[FIELDS];
	enum newc_result result;
	uint64_t data_at;
	bool summed;

	result = parse_magic(at, left, &summed);
	if (result != NEWC_OK)
		return result;
	for (unsigned i = 0; i < FIELDS; i++)
		if (!parse_field(at + MAGIC_SIZE + i * FIELD_SIZE, &fields[i]))
			return NEWC_BAD_FIELD;
	result = check_name(at + NEWC_HEADER_SIZE, left - NEWC_HEADER_SIZE, fields[NAMESIZE]);
	if (result != NEWC_OK)
		return result;
	data_at = PAD((uint64_t)NEWC_HEADER_SIZE + fields[NAMESIZE]);
	if (data_at + fields[FILESIZE] > left)
		return NEWC_CUT;
	if (summed && sum_of(at + data_at, fields[FILESIZE]) != fields[CHECK])
		return NEWC_BAD_SUM;
	*entry = (struct newc_entry){
		.ino = fields[INO],
		.mode = fields[MODE],
		.uid = fields[UID],
		.gid = fields[GID],
		.nlink = fields[NLINK],
		.mtime = fields[MTIME],
		.size = fields[FILESIZE],
		.dev_major = fields[DEV_MAJOR],
		.dev_minor = fields[DEV_MINOR],
		.rdev_major = fields[RDEV_MAJOR],
		.rdev_minor = fields[RDEV_MINOR],
		.name = (const char *)at + NEWC_HEADER_SIZE,
		.data = at + data_at,
		/* The padding of the last entry may be missing. */
		.total = (size_t)MIN(PAD(data_at + fields[FILESIZE]), (uint64_t)left),
	};
	return NEWC_OK;
}

const char *newc_result_name(enum newc_result result)
{
	static const char *const names[NEWC_RESULTS] = {
		[NEWC_OK] = "good",
		[NEWC_NO_MAGIC] = "not a newc cpio archive",
		[NEWC_COMPRESSED] = "compressed; only plain newc cpio archives can be read",
		[NEWC_BAD_FIELD] = "a header field is not a hexadecimal number",
		[NEWC_BAD_NAME] = "a file name without an end, or too long",
		[NEWC_CUT] = "the archive is cut short",
		[NEWC_BAD_SUM] = "a checksum is wrong",
	};

	return result < NEWC_RESULTS ? names[result] : "unknown";
}

size_t newc_component(const char **path, const char **component)
{
	size_t size;

	do {
		while (**path == '/')
			(*path)++;
		*component = *path;
		while (**path && **path != '/')
			(*path)++;
		size = (size_t)(*path - *component);
	} while (size == 1 && **component == '.');
	return size;
}

bool newc_escapes(const char *path)
{
	const char *component;
	size_t size;

	while ((size = newc_component(&path, &component)))
		if (size == 2 && memcmp(component, "..", 2) == 0)
			return true;
	return false;
}
