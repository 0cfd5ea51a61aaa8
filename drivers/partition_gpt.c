/*
 * GUID partition tables (UEFI specification 2.8, 5.3): a header at the disk's second sector, an array
 * of entries, and a copy of both at the disk's end. Each header and each array has a check sum, and a
 * table is believed only when both are right and its numbers make sense; then the entries are taken
 * one by one as Linux takes them. Where the first table is not right the copy at the end is used.
 *
 * The array is read a piece at a time, once to sum it up and once more to take what is in it.
 */
#include "partition_internal.h"

#include <assert.h>
#include <crc32.h>
#include <format.h>
#include <kheap.h>
#include <log.h>
#include <string.h>

#define HEADER_SECTOR 1
#define HEADER_SIZE_MIN 92

/* Offsets in a header (table 21). */
#define HEADER_SIGNATURE 0
#define HEADER_SIZE 12
#define HEADER_CRC 16
#define HEADER_OWN 24
#define HEADER_FIRST_USABLE 40
#define HEADER_LAST_USABLE 48
#define HEADER_ENTRIES 72
#define HEADER_COUNT 80
#define HEADER_ENTRY_SIZE 84
#define HEADER_ENTRIES_CRC 88

/* And in an entry (table 22). */
#define ENTRY_TYPE 0
#define ENTRY_GUID 16
#define ENTRY_FIRST 32
#define ENTRY_LAST 40
#define ENTRY_SIZE 128
#define GUID_SIZE 16

#define ENTRIES_MAX 32768 /* 4 MB of them */
#define PIECE 4096u

/* What a header that is right says; sectors are the disk's own. */
struct gpt {
	uint64_t entries;
	uint32_t count, entries_crc;
};

static uint32_t word_at(const uint8_t *from)
{
	uint32_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

static uint64_t long_at(const uint8_t *from)
{
	uint64_t number;

	memcpy(&number, from, sizeof(number));
	return number;
}

static uint64_t last_sector(const struct partition_reader *reader)
{
	return reader->nsectors / (reader->sector_size / 512) - 1;
}

/* From sector (the disk's own) on. False: it cannot be read. */
static bool read_at(const struct partition_reader *reader, uint64_t sector, void *to, uint32_t size)
{
	assert(size <= PIECE && size % reader->sector_size == 0);
	if (sector > last_sector(reader) ||
	    size / reader->sector_size > last_sector(reader) - sector + 1)
		return false;
	return reader->read(reader->context, sector * (reader->sector_size / 512), to, size) == 0;
}

/* ---- the header ---- */

/* Its sum, taken with the field of the sum itself as 0. */
static bool sum_is_right(uint8_t *header, uint32_t size)
{
	uint32_t sum = word_at(header + HEADER_CRC);

	memset(header + HEADER_CRC, 0, sizeof(sum));
	return crc32(0, header, size) == sum;
}

static bool makes_sense(const struct partition_reader *reader, const uint8_t *header, uint64_t own)
{
	uint64_t first = long_at(header + HEADER_FIRST_USABLE);
	uint64_t last = long_at(header + HEADER_LAST_USABLE);
	uint32_t count = word_at(header + HEADER_COUNT);

	return long_at(header + HEADER_OWN) == own && first <= last &&
	       last <= last_sector(reader) && word_at(header + HEADER_ENTRY_SIZE) == ENTRY_SIZE &&
	       count > 0 && count <= ENTRIES_MAX;
}

/* Reads the header that lies at sector `at` into buffer, of PIECE bytes. */
static bool read_header(const struct partition_reader *reader, uint64_t at, uint8_t *buffer,
			struct gpt *gpt)
{
	uint32_t size;

	if (!read_at(reader, at, buffer, reader->sector_size) ||
	    memcmp(buffer + HEADER_SIGNATURE, "EFI PART", 8) != 0)
		return false;
	size = word_at(buffer + HEADER_SIZE);
	if (size < HEADER_SIZE_MIN || size > reader->sector_size || !sum_is_right(buffer, size) ||
	    !makes_sense(reader, buffer, at))
		return false;
	*gpt = (struct gpt){ .entries = long_at(buffer + HEADER_ENTRIES),
			     .count = word_at(buffer + HEADER_COUNT),
			     .entries_crc = word_at(buffer + HEADER_ENTRIES_CRC) };
	return true;
}

/* ---- the entries ---- */

static bool is_unused(const uint8_t *entry)
{
	static const uint8_t zeros[GUID_SIZE];

	return memcmp(entry + ENTRY_TYPE, zeros, GUID_SIZE) == 0;
}

/* As text: three numbers, little-endian, and eight bytes (UEFI specification 2.8, appendix A). */
static void describe_guid(const uint8_t *guid, char *to)
{
	size_t used = (size_t)format(to, PARTITION_UUID_SIZE, "%08x-%02x%02x-%02x%02x-",
				     word_at(guid), guid[5], guid[4], guid[7], guid[6]);

	for (unsigned i = 8; i < GUID_SIZE; i++)
		used += (size_t)format(to + used, PARTITION_UUID_SIZE - used, "%s%02x",
				       i == 10 ? "-" : "", guid[i]);
}

static void take_entry(const struct partition_reader *reader, struct partition_table *table,
		       const uint8_t *entry, uint32_t number)
{
	uint64_t first = long_at(entry + ENTRY_FIRST), last = long_at(entry + ENTRY_LAST);
	unsigned factor = reader->sector_size / 512;
	struct partition partition = { .number = number };

	if (is_unused(entry))
		return;
	if (first > last || last > last_sector(reader)) {
		log_warning("%s: partition %u is not within the disk: left out", reader->name,
			    number);
		return;
	}
	partition.start = first * factor;
	partition.nsectors = (last - first + 1) * factor;
	describe_guid(entry + ENTRY_GUID, partition.uuid);
	partition_add(reader, table, partition);
}

/*
 * Of the array, the piece that begins with entry `index`; how many there are in it, 0: it cannot be
 * read.
 */
static uint32_t read_piece(const struct partition_reader *reader, const struct gpt *gpt,
			   uint32_t index, uint8_t *buffer)
{
	uint32_t count = MIN(gpt->count - index, PIECE / ENTRY_SIZE);
	uint32_t size = ROUND_UP(count * ENTRY_SIZE, reader->sector_size);
	uint64_t sector = gpt->entries + index * ENTRY_SIZE / reader->sector_size;

	return read_at(reader, sector, buffer, size) ? count : 0;
}

static bool entries_are_right(const struct partition_reader *reader, const struct gpt *gpt,
			      uint8_t *buffer)
{
	uint32_t crc = 0, count;

	for (uint32_t index = 0; index < gpt->count; index += count) {
		count = read_piece(reader, gpt, index, buffer);
		if (count == 0)
			return false;
		crc = crc32(crc, buffer, count * ENTRY_SIZE);
	}
	return crc == gpt->entries_crc;
}

/* Those that there are numbers for. */
static void take_entries(const struct partition_reader *reader, const struct gpt *gpt,
			 uint8_t *buffer, struct partition_table *table)
{
	uint32_t end = MIN(gpt->count, PARTITIONS_MAX), count;

	for (uint32_t index = 0; index < end; index += count) {
		count = read_piece(reader, gpt, index, buffer);
		/* It could be read for its sum. */
		if (count == 0)
			return;
		for (uint32_t i = 0; i < count && index + i < end; i++)
			take_entry(reader, table, buffer + i * ENTRY_SIZE, index + i + 1);
	}
	if (gpt->count > PARTITIONS_MAX)
		log_warning("%s: of %u places for partitions %u are looked at", reader->name,
			    gpt->count, PARTITIONS_MAX);
}

/* ---- the table ---- */

/* The one whose header is at sector `at`. */
static bool read_one(const struct partition_reader *reader, uint64_t at, uint8_t *buffer,
		     struct partition_table *table)
{
	struct gpt gpt;

	if (!read_header(reader, at, buffer, &gpt) || !entries_are_right(reader, &gpt, buffer))
		return false;
	take_entries(reader, &gpt, buffer, table);
	return true;
}

bool partition_read_gpt(const struct partition_reader *reader, struct partition_table *table)
{
	uint8_t *buffer = kalloc(PIECE);
	bool found;

	if (!buffer)
		return false;
	found = read_one(reader, HEADER_SECTOR, buffer, table);
	if (!found) {
		found = read_one(reader, last_sector(reader), buffer, table);
		log_warning("%s: the GPT is damaged%s", reader->name,
			    found ? ": its copy at the end of the disk is used"
				  : ", and so is its copy");
	}
	kfree(buffer);
	table->is_table |= found;
	return found;
}
