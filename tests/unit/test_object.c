/*
 * The page cache with a disk behind it, against a model: reads, writes, truncations, writes through
 * mappings, write-back whose requests end in any order, pages dropped and read ahead, blocks of every
 * size, while others use the same file and memory runs out; and what a page is told while it is cut.
 */
#include "object_model.h"

static bool others_are_there;

static void do_truncate(uint64_t size)
{
	struct frame *last = NULL;

	if (size < file.size && (size & PAGE_MASK)) {
		do
			last = object_get_page(&file, (uint32_t)(size >> PAGE_SHIFT));
		while (PTR_ERR(last) == -ENOMEM);
		assert_false(IS_ERR(last));
		last->holds++;
	}
	assert_int_equal(object_truncate(&file, size), 0);
	if (last) {
		last->holds--;
		frame_put(last);
	}
	free_blocks_from(size);
	if (size < model_size)
		memset(model + size, 0, model_size - size);
	model_size = size;
}

/* A program writes to a page through a mapping. */
static void do_mapped_write(uint32_t index)
{
	struct frame *frame;
	int error;

	if ((uint64_t)index * PAGE_SIZE >= model_size)
		return;
	do
		frame = object_get_page(&file, index);
	while (PTR_ERR(frame) == -ENOMEM);
	assert_false(IS_ERR(frame));
	frame->holds++;
	do
		error = object_prepare_write(&file, index);
	while (error == -ENOMEM);
	assert_int_equal(error, 0);
	assert_ptr_equal(frame->object, &file);
	for (unsigned i = 0; i < 20; i++) {
		unsigned offset = unit_random() % PAGE_SIZE;
		uint8_t byte = (uint8_t)unit_random();

		/* What it writes beyond the end is never to be seen again. */
		frame_memory(frame)[offset] = byte;
		if ((uint64_t)index * PAGE_SIZE + offset < model_size)
			model[index * PAGE_SIZE + offset] = byte;
	}
	object_mark_dirty(frame);
	frame->holds--;
	frame_put(frame);
}

static void write_some(void)
{
	uint32_t first = unit_random() % FILE_PAGES;
	int error = object_write_back(&file, first, first + unit_random() % FILE_PAGES, false);

	assert_true(error == 0 || error == -ENOMEM);
}

/* What another task may do while one sleeps in a write or a truncation. */
static void others_do_something(void)
{
	static bool at_it;
	uint32_t index = unit_random() % FILE_PAGES;
	struct frame *frame;

	if (at_it || !others_are_there || unit_random() % 4)
		return;
	at_it = true;
	switch (unit_random() % 3) {
	case 0:
		object_drop_pages(&file, index, index + 3);
		break;
	case 1:
		write_some();
		break;
	default:
		/* One that is there may be waiting for the sleeper to go on. */
		if (radix_lookup(&file.pages, index))
			break;
		frame = object_get_page(&file, index);
		if (!IS_ERR(frame))
			frame_put(frame);
	}
	at_it = false;
}

static uint64_t random_position(void)
{
	uint64_t position = unit_random() % FILE_MAX;

	return unit_random() % 2 ? position & ~(uint64_t)PAGE_MASK : position;
}

static size_t random_size(uint64_t position)
{
	size_t size = unit_random() % (unit_random() % 2 ? 3 * PAGE_SIZE : 600) + 1;

	if (unit_random() % 3 == 0)
		size = ROUND_UP(size, PAGE_SIZE);
	return (size_t)MIN(size, FILE_MAX - position);
}

static void do_something(void)
{
	uint64_t position = random_position();
	size_t size = random_size(position);

	switch (unit_random() % 10) {
	case 0:
	case 1:
		check_read(position, size, unit_random() % 2);
		break;
	case 2:
	case 3:
	case 4:
		do_write(position, size);
		break;
	case 5:
		if (unit_random() % 4 == 0)
			do_truncate(position);
		break;
	case 6:
		do_mapped_write(unit_random() % FILE_PAGES);
		break;
	case 7:
		write_some();
		break;
	case 8:
		object_drop_pages(&file, 0, UINT32_MAX);
		break;
	default:
		if (unit_random() % 8 == 0)
			do_sync();
		if (npending > 0)
			end_one();
	}
}

static void test_random_use(void **state)
{
	(void)state;
	others_are_there = true;
	for (unsigned round = 0; round < 24; round++) {
		begin(SECTOR_SIZE << round % 4);
		user_pages_go = round / 4 % 2;
		fail_allocations = round / 8 % 2;
		for (unsigned i = 0; i < 1500; i++)
			do_something();
		do_sync();
		object_drop_pages(&file, 0, UINT32_MAX);
		check_read(0, FILE_MAX, true);
		end();
	}
	user_pages_go = fail_allocations = others_are_there = false;
}

static uint64_t cut_to;

/* The file is cut, and has its size again. */
static void cut_and_grow(void)
{
	do_truncate(cut_to);
	do_truncate(2 * PAGE_SIZE);
}

/* The page is brought in again as well, by another program that maps it. */
static void cut_and_fault(void)
{
	struct frame *frame;

	cut_and_grow();
	frame = object_get_page(&file, 1);
	assert_false(IS_ERR(frame));
	frame_put(frame);
}

/* Blocks that a page was given and has lost before it hears of them: it asks again. */
static void cut_during_write(unsigned size_of_blocks, uint64_t size, void (*others)(void))
{
	unsigned per_page = PAGE_SIZE / size_of_blocks;

	begin(size_of_blocks);
	do_truncate(2 * PAGE_SIZE);
	check_read(PAGE_SIZE, PAGE_SIZE, false);
	cut_to = size;
	meanwhile = others;
	assert_int_equal(object_prepare_write(&file, 1), 0);
	assert_null(meanwhile);
	for (unsigned i = 0; i < per_page; i++)
		assert_int_not_equal(file_blocks[per_page + i], NONE);
	do_mapped_write(1);
	do_sync();
	end();
}

static void test_blocks_lost_while_waiting(void **state)
{
	(void)state;
	cut_during_write(PAGE_SIZE, PAGE_SIZE, cut_and_fault);
	cut_during_write(1024, PAGE_SIZE, cut_and_fault);
	cut_during_write(1024, PAGE_SIZE + 1024, cut_and_grow);
	cut_during_write(1024, PAGE_SIZE + 1500, cut_and_grow);
}

/* The page's last part has blocks until the file system takes them away, after the cut. */
static void test_blocks_lost_behind_the_end(void **state)
{
	(void)state;
	begin(1024);
	do_write(0, 2 * PAGE_SIZE);
	do_sync();
	assert_int_equal(object_truncate(&file, PAGE_SIZE + 1024), 0);
	assert_int_equal(object_prepare_write(&file, 1), 0);
	free_blocks_from(PAGE_SIZE + 1024);
	memset(model + PAGE_SIZE + 1024, 0, PAGE_SIZE - 1024);
	model_size = PAGE_SIZE + 1024;
	do_truncate(2 * PAGE_SIZE);
	do_mapped_write(1);
	do_sync();
	end();
}

/*
 * While there are frames nobody is to end for a page of a file, nor to hear that there is none, who waits
 * for its write neither.
 */
static void test_memory_comes_back(void **state)
{
	(void)state;
	begin(PAGE_SIZE);
	fail_allocations = true;
	nasked_oom = 0;
	for (unsigned i = 0; i < 200; i++)
		do_write(unit_random() % FILE_PAGES * PAGE_SIZE, PAGE_SIZE);
	assert_int_equal(nasked_oom, 0);
	for (uint32_t at = 0; at < FILE_PAGES; at += 4)
		assert_int_equal(object_write_back(&file, at, at + 3, true), 0);
	assert_int_equal(file.ndirty, 0);
	fail_allocations = false;
	do_sync();
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_blocks_lost_while_waiting),
		cmocka_unit_test(test_blocks_lost_behind_the_end),
		cmocka_unit_test(test_memory_comes_back),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
