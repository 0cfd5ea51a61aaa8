/*
 * A file in the page cache and the model of it: what is done to both, and how they are compared. To be
 * included once, behind or in the place of object_host.h.
 */
#ifndef LOFT_OBJECT_MODEL_H
#define LOFT_OBJECT_MODEL_H

#include "object_host.h"

/* ---- the model, and what is done to both ---- */

static uint8_t model[FILE_MAX], buffer[FILE_MAX];
static uint64_t model_size;
static struct readahead ahead;

static ssize_t read_file(uint64_t position, size_t size, bool with_ahead)
{
	struct iovec vec;
	struct uio io;

	uio_init(&io, &vec, buffer, size, true);
	return with_ahead ? object_read_ahead(&file, position, &io, &ahead)
			  : object_read(&file, position, &io);
}

static void check_read(uint64_t position, size_t size, bool with_ahead)
{
	ssize_t done = read_file(position, size, with_ahead);
	size_t there = position >= model_size ? 0 : (size_t)MIN(model_size - position, size);

	assert_int_equal(done, there);
	if (done > 0)
		assert_memory_equal(buffer, model + position, (size_t)done);
}

static void do_write(uint64_t position, size_t size)
{
	struct iovec vec;
	struct uio io;
	ssize_t done;

	for (size_t i = 0; i < size; i++)
		buffer[i] = (uint8_t)unit_random();
	uio_init(&io, &vec, buffer, size, true);
	done = object_write(&file, position, &io);
	assert_int_equal(done, size);
	memcpy(model + position, buffer, size);
	model_size = MAX(model_size, position + size);
	assert_int_equal(file.size, model_size);
}

/* Everything that has a block is on the disk as it is in the file. */
static void check_disk(void)
{
	for (unsigned i = 0; i < FILE_MAX / block_size; i++) {
		uint64_t start = (uint64_t)i * block_size;
		size_t size = start < model_size ? (size_t)MIN(model_size - start, block_size) : 0;

		if (file_blocks[i] != NONE)
			assert_memory_equal(disk + file_blocks[i] * SECTOR_SIZE, model + start,
					    size);
		else
			for (size_t j = 0; j < size; j++)
				assert_int_equal(model[start + j], 0);
	}
}

static void do_sync(void)
{
	int error;

	do
		error = object_write_back(&file, 0, UINT32_MAX, true);
	while (error == -ENOMEM);
	assert_int_equal(error, 0);
	assert_int_equal(file.ndirty, 0);
	assert_int_equal(file.nwriteback, 0);
	assert_true(list_empty(&objects_dirty));
	check_disk();
}

/* ---- a test ---- */

static void begin(unsigned size_of_blocks)
{
	block_size = size_of_blocks;
	scattered = unit_random() % 2;
	memset(disk, JUNK, sizeof(disk));
	memset(model, 0, sizeof(model));
	memset(&ahead, 0, sizeof(ahead));
	for (unsigned i = 0; i < ARRAY_SIZE(owner); i++)
		owner[i] = NONE;
	for (unsigned i = 0; i < ARRAY_SIZE(file_blocks); i++)
		file_blocks[i] = NONE;
	model_size = 0;
	bad_sector = NONE;
	object_init(&file, &file_ops, NULL);
	/* It is mapped, though none of its pages is in a page table. */
	mapping = (struct vma){ .mm = &program, .page_offset = FILE_PAGES, .end = PAGE_SIZE };
	list_add(&file.mappings, &mapping.object_link);
}

static void end(void)
{
	list_remove(&mapping.object_link);
	object_put(&file);
	assert_int_equal(npending, 0);
	assert_int_equal(nframes_used, 0);
	assert_int_equal(object_cached_pages, 0);
	assert_int_equal(object_dirty_pages, 0);
	assert_int_equal(object_writeback_pages, 0);
	assert_true(list_empty(&objects_dirty));
}

static int setup(void **state)
{
	(void)state;
	memory = malloc(NFRAMES * PAGE_SIZE);
	frame_array = aligned_alloc(64, NFRAMES * sizeof(*frame_array));
	memset(frame_array, 0, NFRAMES * sizeof(*frame_array));
	current = calloc(1, sizeof(*current));
	return 0;
}

#endif
