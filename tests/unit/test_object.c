/*
 * The page cache with a disk behind it, against a model: reads, writes, truncations, writes through
 * mappings, write-back whose requests end in any order, pages dropped and read ahead, blocks of every
 * size, while others use the same file and memory runs out.
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
	object_truncate(&file, size);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
