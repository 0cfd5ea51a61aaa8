/*
 * drivers/partition.c and partition_gpt.c: tables that sfdisk made, every kind of damage that has a
 * name, chains that are circles, and random damage: whatever is found lies within the disk, and no
 * more is read than a table can take. SOURCES: drivers/partition.c drivers/partition_gpt.c
 * lib/crc32.c lib/format.c lib/string.c
 */
#include "unit.h"

#include "../../drivers/partition.h"
#include <abi/errno.h>
#include <crc32.h>
#include <kheap.h>
#include <log.h>
#include <string.h>

typedef struct file FILE;
FILE *fopen(const char *path, const char *mode);
size_t fread(void *to, size_t size, size_t count, FILE *file);
int fclose(FILE *file);
int system(const char *command);
int getpid(void);
int sprintf(char *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define DISK_SECTORS 131072u /* 64 MB */
#define DISK_SIZE (DISK_SECTORS * 512u)
/* Beyond this only an extended partition's own records lie, which the tests do not have there. */
#define READS_MAX 400

static uint8_t *disk;
static unsigned nreads, nlines;
static uint64_t bad_sector = UINT64_MAX;

void *kalloc(size_t size)
{
	return malloc(size);
}

void kfree(void *pointer)
{
	free(pointer);
}

void log_print(enum log_level level, const char *text, ...)
{
	(void)level;
	(void)text;
	nlines++;
}

static int read_disk(void *context, uint64_t sector, void *to, uint32_t size)
{
	(void)context;
	nreads++;
	assert_true(size > 0 && size % 512 == 0 && size <= 4096);
	assert_true(sector < DISK_SECTORS && size / 512 <= DISK_SECTORS - sector);
	if (bad_sector >= sector && bad_sector < sector + size / 512)
		return -EIO;
	memcpy(to, disk + sector * 512, size);
	return 0;
}

static struct partition_table read_table(uint32_t sector_size)
{
	struct partition_reader reader = { .read = read_disk,
					   .nsectors = DISK_SECTORS,
					   .sector_size = sector_size,
					   .name = "disk" };
	struct partition_table table;

	nreads = nlines = 0;
	assert_int_equal(partition_read_table(&reader, &table), 0);
	return table;
}

static int set_up(void **state)
{
	(void)state;
	disk = calloc(1, DISK_SIZE);
	bad_sector = UINT64_MAX;
	return disk ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(disk);
	return 0;
}

/* The disk becomes what sfdisk makes of a script. */
static void make(const char *script)
{
	char path[64], command[512];
	FILE *file;

	sprintf(path, "/tmp/loft-partition-%d.img", getpid());
	sprintf(command,
		"truncate -s 0 %s; truncate -s %u %s; printf '%s' | /usr/sbin/sfdisk -q %s", path,
		DISK_SIZE, path, script, path);
	assert_int_equal(system(command), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(disk, 1, DISK_SIZE, file), DISK_SIZE);
	fclose(file);
	sprintf(command, "rm %s", path);
	assert_int_equal(system(command), 0);
}

static void expect(const struct partition_table *table, unsigned at, unsigned number,
		   uint64_t start, uint64_t nsectors)
{
	assert_true(at < table->count);
	assert_int_equal(table->partitions[at].number, number);
	assert_int_equal(table->partitions[at].start, start);
	assert_int_equal(table->partitions[at].nsectors, nsectors);
	assert_int_equal(table->partitions[at].logical, number >= 5 && disk[450] != 0xee);
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return value;
}

static void put_entry(uint32_t sector, unsigned i, uint8_t type, uint32_t start, uint32_t nsectors)
{
	uint8_t *entry = disk + sector * 512 + 446 + i * 16;

	entry[4] = type;
	put32(entry + 8, start);
	put32(entry + 12, nsectors);
	disk[sector * 512 + 510] = 0x55;
	disk[sector * 512 + 511] = 0xaa;
}

/* ---- MBR ---- */

static void an_empty_disk_has_no_table(void **state)
{
	struct partition_table table = read_table(512);

	(void)state;
	assert_false(table.is_table);
	assert_int_equal(table.count, 0);
	assert_int_equal(nreads, 1);
	table = read_table(4096);
	assert_false(table.is_table);
}

static void primary_partitions(void **state)
{
	struct partition_table table;

	(void)state;
	make("label: dos\nstart=2048,size=20480,type=83\nstart=22528,size=4096,type=82,bootable\n");
	table = read_table(512);
	assert_true(table.is_table);
	assert_int_equal(table.count, 2);
	expect(&table, 0, 1, 2048, 20480);
	expect(&table, 1, 2, 22528, 4096);
	assert_int_equal(nlines, 0);
}

static void logical_partitions(void **state)
{
	struct partition_table table;

	(void)state;
	make("label: dos\nstart=2048,size=2048\nstart=8192,size=60000,type=5\n"
	     "p5: start=10240,size=1000\np6: start=14336,size=2000\np7: start=18432,size=3000\n");
	table = read_table(512);
	assert_int_equal(table.count, 5);
	expect(&table, 0, 1, 2048, 2048);
	expect(&table, 1, 2, 8192, 2);
	expect(&table, 2, 5, 10240, 1000);
	expect(&table, 3, 6, 14336, 2000);
	expect(&table, 4, 7, 18432, 3000);
}

static void no_more_than_there_are_numbers(void **state)
{
	struct partition_table table;

	(void)state;
	put_entry(0, 0, 5, 1000, 100000);
	for (uint32_t i = 0; i < 300; i++) {
		put_entry(1000 + i * 100, 0, 0x83, 10, 50);
		put_entry(1000 + i * 100, 1, 5, (i + 1) * 100, 100);
	}
	table = read_table(512);
	assert_int_equal(table.count, 252);
	expect(&table, 251, 255, 1000 + 250 * 100 + 10, 50);
}

static void large_sectors(void **state)
{
	struct partition_table table;

	(void)state;
	put_entry(0, 0, 0x83, 256, 1024);
	put_entry(0, 1, 5, 2048, 1024);
	put_entry(2048 * 8, 0, 0x83, 16, 100);
	table = read_table(4096);
	assert_int_equal(table.count, 3);
	expect(&table, 0, 1, 2048, 8192);
	expect(&table, 1, 2, 16384, 8);
	expect(&table, 2, 5, 16384 + 128, 800);
}

static void beyond_the_end(void **state)
{
	struct partition_table table;

	(void)state;
	put_entry(0, 0, 0x83, DISK_SECTORS - 10, 20);
	put_entry(0, 1, 0x83, DISK_SECTORS, 20);
	put_entry(0, 2, 0x83, UINT32_MAX, UINT32_MAX);
	table = read_table(512);
	assert_int_equal(table.count, 1);
	expect(&table, 0, 1, DISK_SECTORS - 10, 10);
	assert_int_equal(nlines, 3);
}

static void circles(void **state)
{
	(void)state;
	put_entry(0, 0, 5, 1000, 1000);
	/* Leads to itself; to another that leads back; to nowhere. */
	put_entry(1000, 1, 5, 0, 100);
	assert_int_equal(read_table(512).count, 1);
	assert_true(nreads < READS_MAX);
	put_entry(1000, 1, 5, 100, 100);
	put_entry(1100, 1, 5, 0, 100);
	assert_int_equal(read_table(512).count, 1);
	assert_true(nreads < READS_MAX);
	put_entry(1000, 1, 5, UINT32_MAX, 100);
	assert_int_equal(read_table(512).count, 1);
	/* With a partition in it the circle ends when numbers are out. */
	put_entry(1000, 0, 0x83, 10, 10);
	put_entry(1000, 1, 5, 0, 100);
	assert_int_equal(read_table(512).count, 252);
}

static void no_partition_table(void **state)
{
	(void)state;
	/* A boot sector: code where the flags would be. */
	put_entry(0, 0, 0x83, 2048, 100);
	disk[446] = 0x33;
	assert_false(read_table(512).is_table);
	disk[446] = 0x80;
	assert_int_equal(read_table(512).count, 1);
	disk[510] = 0;
	assert_false(read_table(512).is_table);
}

static void what_cannot_be_read(void **state)
{
	struct partition_reader reader = { .read = read_disk,
					   .nsectors = DISK_SECTORS,
					   .sector_size = 512 };
	struct partition_table table;

	(void)state;
	bad_sector = 0;
	assert_int_equal(partition_read_table(&reader, &table), -EIO);
	put_entry(0, 0, 0x83, 2048, 100);
	put_entry(0, 1, 5, 4096, 100);
	bad_sector = 4096;
	assert_int_equal(read_table(512).count, 2);
	reader.nsectors = 0;
	assert_int_equal(partition_read_table(&reader, &table), -EIO);
}

/* ---- GPT ---- */

#define GPT_SCRIPT \
	"label: " \
	"gpt\nstart=2048,size=2048\nstart=4096,size=4096,type=S\nstart=16384,size=65536,name=" \
	"\"root\"\n"
#define COPY (DISK_SECTORS - 1)

static void expect_gpt(const struct partition_table *table)
{
	assert_true(table->is_table);
	assert_int_equal(table->count, 3);
	expect(table, 0, 1, 2048, 2048);
	expect(table, 1, 2, 4096, 4096);
	expect(table, 2, 3, 16384, 65536);
}

static void sign(uint32_t sector)
{
	uint8_t *header = disk + (size_t)sector * 512;

	put32(header + 16, 0);
	put32(header + 16, crc32(0, header, 92));
}

static void sum_entries(uint32_t sector)
{
	uint8_t *header = disk + (size_t)sector * 512;
	uint64_t at = get32(header + 72), count = get32(header + 80);

	if (at < DISK_SECTORS && count * 128 <= DISK_SIZE - at * 512)
		put32(header + 88, crc32(0, disk + at * 512, count * 128));
}

static void a_known_sum(void **state)
{
	(void)state;
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	assert_int_equal(crc32(0, "", 0), 0);
}

static void gpt(void **state)
{
	struct partition_table table;

	(void)state;
	make(GPT_SCRIPT);
	table = read_table(512);
	expect_gpt(&table);
	assert_int_equal(nlines, 0);
}

/* Byte `at` of the first header or array is damaged: the copy is used, and it is said. */
static void expect_copy(size_t at)
{
	struct partition_table table;

	disk[at] ^= 1;
	table = read_table(512);
	expect_gpt(&table);
	assert_int_equal(nlines, 1);
	disk[at] ^= 1;
}

static void a_damaged_gpt_has_a_copy(void **state)
{
	struct partition_table table;

	(void)state;
	make(GPT_SCRIPT);
	for (unsigned at = 0; at < 92; at++)
		expect_copy(512 + at);
	expect_copy(1024 + 32);
	expect_copy(1024 + 127 * 128);
	bad_sector = 1;
	expect_copy(512);
	bad_sector = 20;
	expect_copy(512);
	bad_sector = UINT64_MAX;
	disk[512] ^= 1;
	disk[COPY * 512 + 20] ^= 1;
	table = read_table(512);
	assert_int_equal(table.count, 0);
	assert_int_equal(nlines, 1);
}

static void gpt_numbers_that_lie(void **state)
{
	static const struct {
		unsigned at;
		uint32_t value;
	} lies[] = {
		{ 12, 91 },
		{ 12, 513 },
		{ 12, UINT32_MAX },
		{ 24, 2 },
		{ 28, 1 },
		{ 40, 131072 },
		{ 48, DISK_SECTORS },
		{ 48, 1 },
		{ 52, 1 },
		{ 72, DISK_SECTORS },
		{ 72, 0xfffffff0 },
		{ 76, UINT32_MAX },
		{ 80, 0 },
		{ 80, UINT32_MAX },
		{ 80, 32769 },
		{ 84, 64 },
		{ 84, 0 },
		{ 84, 256 },
		{ 88, 0 },
	};

	(void)state;
	make(GPT_SCRIPT);
	memset(disk + COPY * 512, 0, 512);
	for (unsigned i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		uint32_t before = get32(disk + 512 + lies[i].at);

		put32(disk + 512 + lies[i].at, lies[i].value);
		sign(1);
		assert_int_equal(read_table(512).count, 0);
		assert_true(nreads < READS_MAX);
		put32(disk + 512 + lies[i].at, before);
	}
	sign(1);
	assert_int_equal(read_table(512).count, 3);
}

static void gpt_entries_that_lie(void **state)
{
	struct partition_table table;

	(void)state;
	make(GPT_SCRIPT);
	put32(disk + 1024 + 32, 5000); /* starts behind its end */
	put32(disk + 1024 + 128 + 40, DISK_SECTORS);
	memcpy(disk + 1024 + 20 * 128, disk + 1024 + 2 * 128, 128); /* number 21 */
	memcpy(disk + 1024 + 127 * 128, disk + 1024 + 2 * 128, 128);
	sum_entries(1);
	sign(1);
	table = read_table(512);
	assert_int_equal(table.count, 3);
	expect(&table, 0, 3, 16384, 65536);
	expect(&table, 1, 21, 16384, 65536);
	expect(&table, 2, 128, 16384, 65536);
	assert_int_equal(nlines, 2);
}

/* The header that sfdisk makes, moved to where the second sector of 4096 bytes is. */
static void a_gpt_with_large_sectors(void **state)
{
	struct partition_table table;
	uint8_t *header = disk + 4096;

	(void)state;
	make(GPT_SCRIPT);
	memmove(disk + 8192, disk + 1024, 128 * 128);
	memcpy(header, disk + 512, 512);
	put32(header + 40, 256);
	put32(header + 48, 16000);
	put32(disk + 8192 + 32, 256);
	put32(disk + 8192 + 40, 767);
	put32(header + 88, crc32(0, disk + 8192, 128 * 128));
	sign(8);
	table = read_table(4096);
	assert_int_equal(table.count, 2);
	expect(&table, 0, 1, 2048, 4096);
	expect(&table, 1, 2, 4096 * 8, 4096 * 8);
}

/* ---- any contents ---- */

static void check_any(const struct partition_table *table)
{
	assert_true(table->count <= PARTITIONS_MAX);
	assert_true(nreads < 3 * READS_MAX);
	for (unsigned i = 0; i < table->count; i++) {
		const struct partition *partition = &table->partitions[i];

		assert_true(partition->number >= 1 && partition->number <= PARTITIONS_MAX);
		assert_true(partition->nsectors > 0 && partition->start < DISK_SECTORS);
		assert_true(partition->nsectors <= DISK_SECTORS - partition->start);
		for (unsigned j = 0; j < i; j++)
			assert_true(table->partitions[j].number != partition->number);
	}
}

static uint32_t odd_number(void)
{
	static const uint32_t numbers[] = {
		0, 1, 2, 33, 1000, DISK_SECTORS - 1, DISK_SECTORS, UINT32_MAX
	};

	return unit_random() % 2 ? unit_random() : numbers[unit_random() % 8];
}

static void damaged_mbr(void **state)
{
	(void)state;
	make("label: dos\nstart=2048,size=2048\nstart=8192,size=60000,type=5\n"
	     "p5: start=10240,size=1000\np6: start=14336,size=2000\np7: start=18432,size=3000\n");
	for (unsigned round = 0; round < 20000; round++) {
		static const uint32_t records[] = { 0, 8192, 12288, 16384 };
		uint32_t record = records[unit_random() % 4];
		uint8_t *entry = disk + record * 512 + 446 + unit_random() % 4 * 16;
		uint8_t saved[16];
		struct partition_table table;

		memcpy(saved, entry, 16);
		if (unit_random() % 2)
			entry[4] = (const uint8_t[]){ 5, 0x0f, 0x83, 0x85 }[unit_random() % 4];
		put32(entry + 8 + unit_random() % 2 * 4, odd_number());
		table = read_table(unit_random() % 4 ? 512 : 4096);
		check_any(&table);
		if (unit_random() % 8)
			memcpy(entry, saved, 16);
	}
}

static void damaged_gpt(void **state)
{
	(void)state;
	make(GPT_SCRIPT);
	for (unsigned round = 0; round < 3000; round++) {
		size_t at = unit_random() % 4 ? 512 + unit_random() % 92
					      : 1024 + unit_random() % 2048;
		uint32_t before = get32(disk + at);
		struct partition_table table;

		put32(disk + at, odd_number());
		if (unit_random() % 2)
			sum_entries(1);
		if (unit_random() % 4)
			sign(1);
		table = read_table(512);
		check_any(&table);
		put32(disk + at, before);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_empty_disk_has_no_table),
		CASE(primary_partitions),
		CASE(logical_partitions),
		CASE(no_more_than_there_are_numbers),
		CASE(large_sectors),
		CASE(beyond_the_end),
		CASE(circles),
		CASE(no_partition_table),
		CASE(what_cannot_be_read),
		CASE(a_known_sum),
		CASE(gpt),
		CASE(a_damaged_gpt_has_a_copy),
		CASE(gpt_numbers_that_lie),
		CASE(gpt_entries_that_lie),
		CASE(a_gpt_with_large_sectors),
		CASE(damaged_mbr),
		CASE(damaged_gpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
