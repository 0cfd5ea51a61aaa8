/*
 * The arithmetic and the formats of fs/ext2: where things lie, ways to blocks, bitmaps, blocks of
 * directories beside a list of names, and whatever bytes there may be.
 * SOURCES: fs/ext2/geometry.c fs/ext2/bitmap.c fs/ext2/dirblock.c lib/integer.c lib/string.c
 */
#include "unit.h"

#include "../../fs/ext2/geometry.h"

#include <err.h>
#include <string.h>

/* ---- superblocks ---- */

static struct ext2_super_disk usual(void)
{
	return (struct ext2_super_disk){
		.inodes_count = 4 * 2048,
		.blocks_count = 4 * 8192 + 1,
		.first_data_block = 1,
		.blocks_per_group = 8192,
		.inodes_per_group = 2048,
		.magic = EXT2_MAGIC,
		.revision = 1,
		.first_inode = 11,
		.inode_size = 128,
		.ro_compat = EXT2_RO_SPARSE_SUPER,
	};
}

#define USUAL_SIZE ((4ull * 8192 + 1) * 1024)

static void superblocks(void **state)
{
	struct ext2_super_disk disk = usual();
	struct ext2_geometry geometry;
	const char *why;

	(void)state;
	assert_int_equal(ext2_geometry_init(&geometry, &disk, USUAL_SIZE, &why), 0);
	assert_int_equal(geometry.ngroups, 4);
	assert_int_equal(geometry.table_blocks, 256);
	assert_int_equal(geometry.descriptor_blocks, 1);
	assert_int_equal(ext2_group_start(&geometry, 2), 1 + 2 * 8192);
	assert_int_equal(ext2_group_blocks(&geometry, 3), 8192);
	/* Groups 0, 1 and 3 have copies; all have two bitmaps and a table. */
	assert_int_equal(ext2_overhead(&geometry), 1 + 3 * 2 + 4 * (2 + 256));
	assert_int_equal(ext2_geometry_init(&geometry, &disk, USUAL_SIZE - 1, &why), -EINVAL);
	assert_non_null(why);
}

/* Copies are in groups 0, 1, and powers of 3, 5 and 7 (Poirier, chapter 3). */
static void copies(void **state)
{
	struct ext2_geometry geometry = { .ro_compat = EXT2_RO_SPARSE_SUPER };
	static const uint32_t with[] = { 0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343 };
	unsigned next = 0;

	(void)state;
	for (uint32_t group = 0; group < 400; group++) {
		bool has = next < ARRAY_SIZE(with) && with[next] == group;

		assert_int_equal(ext2_group_has_super(&geometry, group), has);
		next += has;
	}
	geometry.ro_compat = 0;
	assert_true(ext2_group_has_super(&geometry, 2));
}

/* Whatever is said, what passes is sound. */
static void wrong_superblocks(void **state)
{
	unsigned passed = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		struct ext2_super_disk disk = usual();
		struct ext2_group_disk group;
		struct ext2_geometry geometry;
		uint8_t *bytes = (uint8_t *)&disk;
		const char *why;

		for (unsigned k = unit_random() % 4; k > 0; k--)
			bytes[unit_random() % 108] = (uint8_t)unit_random();
		if (ext2_geometry_init(&geometry, &disk, USUAL_SIZE, &why) != 0)
			continue;
		passed++;
		assert_true(geometry.ngroups > 0 && geometry.inodes_per_group > 0);
		assert_true(geometry.blocks_count <= USUAL_SIZE >> geometry.block_shift);
		for (uint32_t at = geometry.first_block; at < geometry.blocks_count; at += 997)
			assert_true(ext2_group_of(&geometry, at) < geometry.ngroups);
		for (unsigned k = 0; k < sizeof(group) / 4; k++)
			((uint32_t *)&group)[k] = unit_random() % 40000;
		if (ext2_group_valid(&geometry, geometry.ngroups - 1, &group))
			assert_true(group.inode_table + geometry.table_blocks <=
				    geometry.blocks_count);
	}
	assert_true(passed > 0);
}

/* ---- ways to blocks ---- */

static void paths(void **state)
{
	(void)state;
	for (unsigned shift = 10; shift <= 12; shift++) {
		struct ext2_geometry geometry = { .pointers_shift = shift - 2 };
		uint64_t p = 1u << (shift - 2), end = 12 + p + p * p + p * p * p;
		struct ext2_path path;

		assert_int_equal(ext2_path_to(&geometry, 11, &path), 0);
		assert_int_equal(path.depth, 1);
		assert_int_equal(ext2_path_to(&geometry, 12, &path), 0);
		assert_int_equal(path.depth, 2);
		assert_int_equal(path.at[0], 12);
		assert_int_equal(path.at[1], 0);
		assert_int_equal(ext2_path_to(&geometry, 12 + p + 5 * p + 3, &path), 0);
		assert_int_equal(path.depth, 3);
		assert_int_equal(path.at[1], 5);
		assert_int_equal(path.at[2], 3);
		assert_int_equal(ext2_path_to(&geometry, (uint32_t)(end - 1), &path), 0);
		assert_int_equal(path.depth, 4);
		assert_int_equal(path.at[0], 14);
		for (unsigned i = 1; i < 4; i++)
			assert_int_equal(path.at[i], p - 1);
		assert_int_equal(ext2_path_to(&geometry, (uint32_t)end, &path), -EFBIG);
	}
	/* As Linux computes them (fs/ext2/super.c, ext2_max_size). */
	assert_true(ext2_max_size(10) == 17247252480ull);
	assert_true(ext2_max_size(11) == 275415851008ull);
	assert_true(ext2_max_size(12) == 2196873666560ull);
}

static void devices(void **state)
{
	static const dev_t numbers[] = { 0x103, 0xffff, 0x10300, 0x12c90 | 0x100000, 0xfffffff0 };
	uint32_t block[3];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		ext2_device_encode(numbers[i], block);
		assert_int_equal(ext2_device_decode(block), numbers[i]);
		assert_int_equal(block[0] != 0, numbers[i] <= 0xffff);
	}
}

/* ---- bitmaps ---- */

static void bitmaps(void **state)
{
	static uint32_t words[256];
	uint8_t *bits = (uint8_t *)words;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t from = unit_random() % 8192,
			 end = from + unit_random() % (8192 - from + 1);
		uint32_t first = from, run = 0;

		for (unsigned k = 0; k < 256; k++)
			words[k] = i % 3 == 0 ? unit_random() : unit_random() % 8 ? UINT32_MAX : 0;
		while (first < end && ext2_bit_test(bits, first))
			first++;
		assert_int_equal(ext2_bit_find(bits, from, end), first);
		while (run < 20 && first + run < end && !ext2_bit_test(bits, first + run))
			run++;
		assert_int_equal(ext2_bit_run(bits, first, end, 20), run);
		first = ext2_bit_find_byte(bits, from, end);
		assert_true(first == end || (first % 8 == 0 && first >= from && !bits[first / 8]));
		ext2_bit_set(bits, 77);
		assert_true(ext2_bit_test(bits, 77));
		ext2_bit_clear(bits, 77);
		assert_false(ext2_bit_test(bits, 77));
	}
}

/* ---- blocks of directories ---- */

static uint32_t room[1024];

static struct ext2_dirblock block_of(uint32_t size)
{
	return (struct ext2_dirblock){
		.data = (uint8_t *)room, .size = size, .max_inode = 100000, .types = true
	};
}

#define NAMES 200u

/* Names come and go; the block has those that the list has, and no others. */
static void directory_names(void **state)
{
	(void)state;
	for (uint32_t size = 1024; size <= 4096; size *= 2) {
		struct ext2_dirblock block = block_of(size);
		uint32_t there[NAMES] = { 0 };
		char name[256];

		ext2_dirblock_begin(&block, 30, 2);
		assert_int_equal(ext2_dirblock_empty(&block, 30), 1);
		assert_int_equal(ext2_dirblock_empty(&block, 31), 0);
		for (unsigned i = 0; i < 20000; i++) {
			unsigned which = unit_random() % NAMES;
			unsigned length = 1 + which * 37 % 40;
			struct ext2_entry *entry, *before, *space;

			memset(name, 'a' + (int)which % 26, length);
			name[length - 1] = (char)('0' + which / 26);
			entry = ext2_dirblock_find(&block, name, length, &before);
			assert_false(IS_ERR(entry));
			/* Names of one letter and digit alone may be the same. */
			if (length == 1)
				continue;
			assert_int_equal(entry != NULL, there[which] != 0);
			if (entry) {
				assert_int_equal(entry->inode, there[which]);
				ext2_dirblock_remove(entry, before);
				there[which] = 0;
				continue;
			}
			space = ext2_dirblock_room(&block, length);
			assert_false(IS_ERR(space));
			if (!space)
				continue;
			there[which] = 1 + unit_random() % 100000;
			entry = ext2_dirblock_insert(&block, space, name, length, there[which],
						     EXT2_TYPE_REGULAR);
			assert_int_equal(entry->type, EXT2_TYPE_REGULAR);
		}
		assert_int_equal(ext2_dirblock_empty(&block, 30), 0);
	}
}

/* Whatever bytes there are: nothing outside of the block, no loop, and -EIO says why. */
static void directory_bytes(void **state)
{
	unsigned problems = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		/* On the heap, so that who reads over the end is seen. */
		struct ext2_dirblock block = block_of(1024);
		struct ext2_entry *entry;
		uint32_t at = 0, count = 0;

		block.data = malloc(1024);
		ext2_dirblock_begin(&block, 30, 2);
		for (unsigned k = 0; k < 20; k++) {
			char name = (char)('a' + k);
			struct ext2_entry *space = ext2_dirblock_room(&block, 1);

			ext2_dirblock_insert(&block, space, &name, 1, k + 12, 0);
		}
		for (unsigned k = 1 + unit_random() % 6; k > 0; k--)
			block.data[unit_random() % 320] = (uint8_t)unit_random();
		while ((entry = ext2_dirblock_next(&block, &at)) && !IS_ERR(entry)) {
			assert_true((uint8_t *)entry->name + entry->name_size <= block.data + 1024);
			assert_true(++count <= 1024 / 12);
		}
		if (IS_ERR(entry)) {
			assert_non_null(block.problem);
			problems++;
		}
		entry = ext2_dirblock_room(&block, 1 + unit_random() % 255);
		if (entry && !IS_ERR(entry))
			assert_true(entry->size <= 1024);
		ext2_dirblock_empty(&block, 30);
		free(block.data);
	}
	assert_true(problems > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(superblocks),	     cmocka_unit_test(copies),
		cmocka_unit_test(wrong_superblocks), cmocka_unit_test(paths),
		cmocka_unit_test(devices),	     cmocka_unit_test(bitmaps),
		cmocka_unit_test(directory_names),   cmocka_unit_test(directory_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
