/*
 * Partition tables of the IBM PC: the master boot record's four entries, and the chain of records
 * that hold an extended partition's logical ones. Not specified anywhere; what Linux's
 * block/partitions/msdos.c takes and leaves decides here too.
 *
 * A table is whatever its disk holds, so nothing in it is believed: what begins beyond the disk is
 * left out, what ends beyond is cut, and the chain of an extended partition, which may well be a
 * circle, is followed only so far without finding a partition.
 *
 * Where a GPT is, a record with an entry of type EE stands in front of it, to keep those away who do
 * not know of GPTs (drivers/partition_gpt.c). When the GPT is not to be believed there are no
 * partitions, rather than that entry as one.
 */
#include "partition.h"

#include <assert.h>
#include <format.h>
#include <kheap.h>
#include <log.h>
#include <string.h>

#include <abi/errno.h>

#include "partition_internal.h"

#define DISK_SIGNATURE_AT 440
#define ENTRIES_AT 446
#define ENTRIES 4
#define SIGNATURE_AT 510
#define SIGNATURE 0xaa55

#define TYPE_EXTENDED_CHS 0x05
#define TYPE_EXTENDED_LBA 0x0f
#define TYPE_EXTENDED_LINUX 0x85
#define TYPE_GPT 0xee

#define FLAG_ACTIVE 0x80

#define LOGICAL_FIRST 5
#define RECORDS_MAX 100 /* in a row with no partition in them */
/* An extended partition as a device: enough for its record, too little for a file system. */
#define EXTENDED_SECTORS 2

/* An entry, in sectors of the disk's own size; 16 bytes in the record, the words not aligned. */
struct entry {
	uint8_t flags, type;
	uint32_t start, nsectors;
};

static uint32_t word_at(const uint8_t *from)
{
	return from[0] | from[1] << 8 | from[2] << 16 | (uint32_t)from[3] << 24;
}

static struct entry entry_at(const uint8_t *record, unsigned i)
{
	const uint8_t *from = record + ENTRIES_AT + i * 16;

	assert(i < ENTRIES);
	return (struct entry){ .flags = from[0],
			       .type = from[4],
			       .start = word_at(from + 8),
			       .nsectors = word_at(from + 12) };
}

static bool is_extended(const struct entry *entry)
{
	return entry->nsectors > 0 &&
	       (entry->type == TYPE_EXTENDED_CHS || entry->type == TYPE_EXTENDED_LBA ||
		entry->type == TYPE_EXTENDED_LINUX);
}

static bool is_record(const uint8_t *record)
{
	return (record[SIGNATURE_AT] | record[SIGNATURE_AT + 1] << 8) == SIGNATURE;
}

/* A boot sector of a file system ends like a record, but has code where the flags would be. */
static bool has_right_flags(const uint8_t *record)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		if (entry_at(record, i).flags & ~FLAG_ACTIVE)
			return false;
	return true;
}

void partition_add(const struct partition_reader *reader, struct partition_table *table,
		   struct partition partition)
{
	if (partition.start >= reader->nsectors) {
		log_warning("%s: partition %u starts beyond the end of the disk: left out",
			    reader->name, partition.number);
		return;
	}
	if (partition.nsectors > reader->nsectors - partition.start) {
		log_warning("%s: partition %u ends beyond the end of the disk: cut", reader->name,
			    partition.number);
		partition.nsectors = reader->nsectors - partition.start;
	}
	assert(table->count < PARTITIONS_MAX && partition.nsectors > 0);
	table->partitions[table->count++] = partition;
}

/* ---- extended partitions ---- */

/* How far the walk through one has come; all in the disk's sectors of 512 bytes. */
struct walk {
	const struct partition_reader *reader;
	struct partition_table *table;
	unsigned factor;		      /* sectors of 512 bytes in one of the disk's */
	uint64_t first_start, first_nsectors; /* the extended partition */
	uint64_t start, nsectors;	      /* the record, and what it is for */
	unsigned *number;		      /* of the next logical one */
};

/* The last two entries should be empty. Some have something in them; it is to make sense. */
static bool is_plausible(const struct walk *walk, uint64_t offset, uint64_t nsectors)
{
	uint64_t start = walk->start + offset;

	return offset + nsectors <= walk->nsectors && start >= walk->first_start &&
	       start + nsectors <= walk->first_start + walk->first_nsectors;
}

/* True when there was one. */
static bool add_logical(struct walk *walk, const uint8_t *record)
{
	unsigned before = *walk->number;

	for (unsigned i = 0; i < ENTRIES && *walk->number <= PARTITIONS_MAX; i++) {
		struct entry entry = entry_at(record, i);
		uint64_t offset = (uint64_t)entry.start * walk->factor;
		uint64_t nsectors = (uint64_t)entry.nsectors * walk->factor;

		if (nsectors == 0 || is_extended(&entry) ||
		    (i >= 2 && !is_plausible(walk, offset, nsectors)))
			continue;
		partition_add(walk->reader, walk->table,
			      (struct partition){ .number = (*walk->number)++,
						  .logical = true,
						  .start = walk->start + offset,
						  .nsectors = nsectors });
	}
	return *walk->number != before;
}

/* To the record of the next logical partition. False: that was the last. */
static bool go_on(struct walk *walk, const uint8_t *record)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct entry entry = entry_at(record, i);

		if (!is_extended(&entry))
			continue;
		walk->start = walk->first_start + (uint64_t)entry.start * walk->factor;
		walk->nsectors = (uint64_t)entry.nsectors * walk->factor;
		return true;
	}
	return false;
}

static void read_extended(struct walk *walk, uint8_t *record)
{
	unsigned nempty = 0;

	do {
		if (*walk->number > PARTITIONS_MAX || walk->start >= walk->reader->nsectors)
			return;
		if (walk->reader->read(walk->reader->context, walk->start, record,
				       walk->reader->sector_size) != 0 ||
		    !is_record(record))
			return;
		nempty = add_logical(walk, record) ? 0 : nempty + 1;
	} while (nempty < RECORDS_MAX && go_on(walk, record));
	if (nempty == RECORDS_MAX)
		log_warning("%s: the extended partition leads nowhere", walk->reader->name);
}

/* ---- the record at the disk's start ---- */

static void add_primary(const struct partition_reader *reader, struct partition_table *table,
			unsigned i, const struct entry *entry)
{
	unsigned factor = reader->sector_size / 512;
	uint64_t nsectors = (uint64_t)entry->nsectors * factor;

	if (nsectors == 0)
		return;
	if (is_extended(entry))
		nsectors = MIN(nsectors, MAX(EXTENDED_SECTORS, factor));
	partition_add(reader, table,
		      (struct partition){ .number = i + 1,
					  .start = (uint64_t)entry->start * factor,
					  .nsectors = nsectors });
}

static void read_mbr(const struct partition_reader *reader, struct partition_table *table,
		     uint8_t *record)
{
	unsigned number = LOGICAL_FIRST, factor = reader->sector_size / 512;
	uint32_t signature;
	struct entry entries[ENTRIES];

	memcpy(&signature, record + DISK_SIGNATURE_AT, sizeof(signature));
	table->is_table = true;
	for (unsigned i = 0; i < ENTRIES; i++) {
		entries[i] = entry_at(record, i);
		add_primary(reader, table, i, &entries[i]);
	}
	/* From here on the record is another. */
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct walk walk = { .reader = reader,
				     .table = table,
				     .factor = factor,
				     .first_start = (uint64_t)entries[i].start * factor,
				     .first_nsectors = (uint64_t)entries[i].nsectors * factor,
				     .number = &number };

		walk.start = walk.first_start;
		walk.nsectors = walk.first_nsectors;
		if (is_extended(&entries[i]))
			read_extended(&walk, record);
	}
	for (unsigned i = 0; i < table->count; i++)
		format(table->partitions[i].uuid, PARTITION_UUID_SIZE, "%08x-%02x", signature,
		       table->partitions[i].number);
}

static bool announces_gpt(const uint8_t *record)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		if (entry_at(record, i).type == TYPE_GPT)
			return true;
	return false;
}

int partition_read_table(const struct partition_reader *reader, struct partition_table *table)
{
	uint8_t *record = kalloc(reader->sector_size);
	int error;

	assert(reader->sector_size == 512 || reader->sector_size == 4096);
	*table = (struct partition_table){ .count = 0 };
	if (!record)
		return -ENOMEM;
	error = reader->nsectors < reader->sector_size / 512
			? -EIO
			: reader->read(reader->context, 0, record, reader->sector_size);
	if (!error && is_record(record) && announces_gpt(record)) {
		if (!partition_read_gpt(reader, table))
			table->is_table = true;
	} else if (!error && is_record(record) && has_right_flags(record)) {
		read_mbr(reader, table, record);
	}
	kfree(record);
	return error;
}
