/*
 * What the page cache asks of its disk: how much at a time, nothing that is not needed, and what an error
 * of one sector does to the pages around it.
 */
#include "object_model.h"

/* Nobody else is there. */
static void others_do_something(void)
{
}

/* A file whose blocks lie in a row is read, and written, in few requests. */
static void test_neighbours_go_together(void **state)
{
	(void)state;
	begin(PAGE_SIZE);
	scattered = false;
	do_write(0, 32 * PAGE_SIZE);
	nrequests = 0;
	do_sync();
	assert_true(nrequests <= 2);
	object_drop_pages(&file, 0, UINT32_MAX);
	nrequests = 0;
	for (unsigned i = 0; i < 32; i++)
		check_read(i * PAGE_SIZE, PAGE_SIZE, true);
	assert_true(nrequests <= 6);
	end();
}

/* What is read here and there brings nothing else in. */
static void test_random_reads_read_what_is_asked(void **state)
{
	(void)state;
	begin(PAGE_SIZE);
	do_write(0, 40 * PAGE_SIZE);
	do_sync();
	object_drop_pages(&file, 0, UINT32_MAX);
	nsectors_read = 0;
	for (unsigned i = 39; i > 3; i -= 3)
		check_read(i * PAGE_SIZE, PAGE_SIZE, true);
	assert_int_equal(nsectors_read, 12 * SECTORS_PER_PAGE);
	end();
}

/* One sector cannot be read: its page alone is an error, and only as long as that is so. */
static void test_read_errors(void **state)
{
	(void)state;
	begin(PAGE_SIZE);
	scattered = false;
	do_write(0, 32 * PAGE_SIZE);
	do_sync();
	object_drop_pages(&file, 0, UINT32_MAX);
	bad_sector = file_blocks[5] + 3;
	assert_int_equal(read_file(0, 32 * PAGE_SIZE, true), 5 * PAGE_SIZE);
	assert_int_equal(read_file(5 * PAGE_SIZE, 10, true), -EIO);
	for (unsigned i = 0; i < 32; i++)
		if (i != 5)
			check_read(i * PAGE_SIZE, PAGE_SIZE, true);
	bad_sector = NONE;
	check_read(5 * PAGE_SIZE, PAGE_SIZE, true);
	end();
}

/* One sector cannot be written: the other pages are, and everybody is told once. */
static void test_write_errors(void **state)
{
	uint32_t early = object_error_sample(&file), other, late;

	(void)state;
	begin(PAGE_SIZE);
	scattered = false;
	other = early;
	do_write(0, 32 * PAGE_SIZE);
	bad_sector = file_blocks[7];
	assert_int_equal(object_write_back(&file, 0, UINT32_MAX, true), -EIO);
	assert_int_equal(file.ndirty, 0);
	assert_int_equal(file.nerrors, 1);
	for (unsigned i = 0; i < 32; i++) {
		int differs = memcmp(disk + file_blocks[i] * SECTOR_SIZE, model + i * PAGE_SIZE,
				     PAGE_SIZE);

		assert_int_equal(differs != 0, i == 7);
	}
	/* Nobody was told yet: a file that is opened now is as well. */
	late = object_error_sample(&file);
	assert_int_equal(object_error_check(&file, &early), -EIO);
	assert_int_equal(object_error_check(&file, &early), 0);
	assert_int_equal(object_error_check(&file, &late), -EIO);
	assert_int_equal(object_error_check(&file, &other), -EIO);
	late = object_error_sample(&file);
	assert_int_equal(object_error_check(&file, &late), 0);
	assert_int_equal(object_error_check(&file, &other), 0);
	bad_sector = NONE;
	do_write(7 * PAGE_SIZE, 1);
	do_sync();
	assert_int_equal(object_error_check(&file, &early), 0);
	end();
}

/* A small write to a page with small blocks writes its block alone. */
static void test_dirty_blocks_alone_are_written(void **state)
{
	(void)state;
	begin(1024);
	do_write(0, PAGE_SIZE);
	do_sync();
	nrequests = 0;
	memset(disk + file_blocks[1] * SECTOR_SIZE, JUNK, block_size);
	do_write(2048 + 10, 5);
	assert_int_equal(object_write_back(&file, 0, UINT32_MAX, true), 0);
	assert_int_equal(nrequests, 1);
	assert_int_equal(disk[file_blocks[1] * SECTOR_SIZE], JUNK);
	assert_memory_equal(disk + file_blocks[2] * SECTOR_SIZE, model + 2048, 1024);
	/* And what is forgotten is not written at all. */
	do_write(0, PAGE_SIZE);
	object_forget(&file, 1024, 2048);
	nrequests = 0;
	assert_int_equal(object_write_back(&file, 0, UINT32_MAX, true), 0);
	assert_int_equal(disk[file_blocks[1] * SECTOR_SIZE], JUNK);
	assert_memory_equal(disk + file_blocks[0] * SECTOR_SIZE, model, 1024);
	assert_memory_equal(disk + file_blocks[3] * SECTOR_SIZE, model + 3072, 1024);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours_go_together),
		cmocka_unit_test(test_random_reads_read_what_is_asked),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_write_errors),
		cmocka_unit_test(test_dirty_blocks_alone_are_written),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
