/*
 * The page cache with a disk behind it, against a model: reads, writes, truncations, writes through
 * mappings, write-back whose requests end in any order, pages dropped and read ahead, blocks of every
 * size; and errors, one sector at a time.
 *
 * Whatever waits lets some of what is under way end, in random order, and now and then another task
 * do something meanwhile (drop pages, begin to write some, read). The file's blocks are given out and
 * taken back as a file system would; a block that is nobody's must not be written.
 *
 * SOURCES: mm/object.c mm/object_copy.c mm/object_dirty.c mm/object_remove.c mm/page_io.c
 * mm/page_write.c mm/readahead.c lib/radix.c
 */
#include "unit.h"

#include <block.h>
#include <commit.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <oom.h>
#include <policy.h>
#include <readahead.h>
#include <reclaim.h>
#include <string.h>
#include <swap.h>
#include <task.h>
#include <uio.h>
#include <vm_events.h>
#include <vma.h>
#include <writeback.h>

#define NFRAMES 256u
#define FILE_PAGES 40u
#define FILE_MAX (FILE_PAGES * PAGE_SIZE)
#define DISK_PAGES 160u
#define DISK_SECTORS (DISK_PAGES * SECTORS_PER_PAGE)
#define NPENDING 64u
#define JUNK 0xd1
#define NONE UINT32_MAX

/* ---- what the tested files need of the kernel ---- */

struct frame *frame_array;
pfn_t frame_array_end = NFRAMES;
paddr_t frame_low_limit; /* 0: all of them are high */
unsigned kmaps_held;
struct task *current;
volatile bool sched_need_resched;
bool user_faults_refused;
uint32_t commit_npages, vm_events[VM_EVENTS_COUNT];
uint32_t writeback_throttle_from = UINT32_MAX;

static unsigned nframes_used;
static bool fail_allocations;
static uint8_t (*memory)[PAGE_SIZE]; /* of each frame */

static uint8_t *frame_memory(const struct frame *frame)
{
	return memory[frame - frame_array];
}

struct frame *frame_alloc(enum frame_kind kind, unsigned flags)
{
	pfn_t pfn = unit_random() % NFRAMES;

	if (fail_allocations && unit_random() % 8 == 0)
		return NULL;
	for (unsigned i = 0; i < NFRAMES; i++, pfn = (pfn + 1) % NFRAMES) {
		struct frame *frame = &frame_array[pfn];

		if (frame->refs > 0)
			continue;
		*frame = (struct frame){ .refs = 1, .kind = (uint8_t)kind };
		list_init(&frame->link);
		memset(frame_memory(frame), flags & FRAME_ZERO ? 0 : 0x5a, PAGE_SIZE);
		nframes_used++;
		return frame;
	}
	return NULL;
}

void frame_free(struct frame *frame)
{
	assert_int_equal(frame->holds, 0);
	assert_null(frame->object);
	memset(frame_memory(frame), 0x6b, PAGE_SIZE);
	nframes_used--;
}

void *kmap_high(struct frame *frame)
{
	return frame_memory(frame);
}
void kunmap_high(const void *window)
{
	(void)window;
}
void *kalloc(size_t size)
{
	return fail_allocations && unit_random() % 4 == 0 ? NULL : malloc(size);
}
void *kzalloc(size_t size)
{
	return fail_allocations && unit_random() % 16 == 0 ? NULL : calloc(1, size);
}
void kfree(void *memory)
{
	free(memory);
}
uint64_t clock_monotonic_ns(void)
{
	static uint64_t now;

	return ++now;
}
bool commit_allows(const struct mm *mm, uint32_t npages)
{
	(void)mm, (void)npages;
	return true;
}
bool frame_is_short(enum frame_mark mark)
{
	(void)mark;
	return false;
}
bool frame_available(void)
{
	return true;
}
bool reclaim_make_room(void)
{
	return true;
}
bool oom_make_room(bool interruptible)
{
	(void)interruptible;
	return true;
}
void policy_refault(struct frame *frame)
{
	(void)frame;
}
bool rmap_clean(struct frame *frame)
{
	(void)frame;
	return false;
}
void sched_preempt(void)
{
}
bool signal_fatal_pending(void)
{
	return false;
}
void writeback_throttle_slow(struct object *object)
{
	(void)object;
}
bool pagedir_lookup(const struct pagedir *pagedir, vaddr_t at, struct page_mapping *page)
{
	(void)pagedir, (void)at, (void)page;
	return false;
}
void pagedir_unmap(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	(void)pagedir, (void)start, (void)end;
}
void object_drop_swapped(struct object *object, uint32_t index)
{
	(void)object, (void)index;
	fail();
}
struct frame *object_swap_in(struct object *object, uint32_t index, bool *major)
{
	(void)object, (void)index, (void)major;
	fail();
	return NULL;
}

/* ---- the disk ---- */

static uint8_t disk[DISK_SECTORS * SECTOR_SIZE];
static uint32_t owner[DISK_SECTORS]; /* page of the file that a sector is of, or NONE */
static uint32_t bad_sector = NONE;   /* reads and writes of it fail */
static unsigned nrequests, nsectors_read;
static struct block_device device = { .name = "sda", .nsectors = DISK_SECTORS };

static struct block_request *pending[NPENDING];
static unsigned npending;

static void transfer(struct block_request *request)
{
	uint64_t sector = request->sector;

	for (unsigned i = 0; i < request->nsegments; i++) {
		const struct block_segment *segment = &request->segments[i];
		uint8_t *bytes = frame_memory(segment->frame) + segment->offset;
		uint8_t *place = disk + sector * SECTOR_SIZE;

		for (unsigned j = 0; j < segment->size / SECTOR_SIZE; j++) {
			assert_true(sector + j < DISK_SECTORS);
			/* What is freed while it is read is not looked at. */
			if (request->op == BLOCK_WRITE)
				assert_int_equal(owner[sector + j], segment->frame->index);
		}
		if (request->op == BLOCK_WRITE)
			memcpy(place, bytes, segment->size);
		else
			memcpy(bytes, place, segment->size);
		sector += segment->size / SECTOR_SIZE;
	}
	nsectors_read += request->op == BLOCK_READ ? (unsigned)(sector - request->sector) : 0;
}

static bool has_bad_sector(const struct block_request *request)
{
	uint64_t end = request->sector;

	for (unsigned i = 0; i < request->nsegments; i++)
		end += request->segments[i].size / SECTOR_SIZE;
	return bad_sector != NONE && bad_sector >= request->sector && bad_sector < end;
}

/* One of the requests under way ends. */
static void end_one(void)
{
	unsigned which = unit_random() % npending;
	struct block_request *request = pending[which];
	bool bad = has_bad_sector(request);

	pending[which] = pending[--npending];
	if (!bad)
		transfer(request);
	request->done(request, bad ? -EIO : 0);
}

void block_submit(struct block_request *request)
{
	assert_true(request->nsegments > 0 && npending < NPENDING);
	nrequests++;
	pending[npending++] = request;
}

struct block_request *block_request_get(bool may_wait)
{
	assert_true(may_wait);
	assert_int_equal(kmaps_held, 0);
	while (npending > NPENDING / 2 || (npending > 0 && unit_random() % 8 == 0))
		end_one();
	return calloc(1, sizeof(struct block_request));
}

void block_request_put(struct block_request *request)
{
	free(request);
}

/* ---- sleeping: I/O ends, others do something ---- */

static void others_do_something(void);

static void sleep_a_little(void)
{
	assert_int_equal(kmaps_held, 0);
	if (npending > 0)
		end_one();
	others_do_something();
}

void frame_wait(struct frame *frame, unsigned flags)
{
	assert_true(frame->holds > 0);
	while (frame->flags & flags) {
		assert_true(npending > 0);
		sleep_a_little();
	}
}
void frame_wake(struct frame *frame)
{
	assert_true(frame->refs > 0);
}
void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue, (void)waiter;
}
void wait_leave(struct waiter *waiter)
{
	(void)waiter;
}
void wait_prepare(enum wait_kind kind)
{
	(void)kind;
}
void wait_cancel(void)
{
}
int wait_sleep(uint64_t deadline)
{
	(void)deadline;
	assert_true(npending > 0);
	sleep_a_little();
	return 0;
}
void wake_events(struct wait_queue *queue, uint32_t events)
{
	(void)queue, (void)events;
}
void mutex_wait(struct mutex *mutex)
{
	(void)mutex;
	fail();
}
void mutex_wake(struct mutex *mutex)
{
	(void)mutex;
}

/* ---- buffers: the user's memory comes and goes ---- */

static bool user_pages_go, others_are_there;

static ssize_t move(struct uio *io, void *to, const void *from, size_t size)
{
	char *place = (char *)io->vec->base + io->at;

	size = MIN(size, io->left);
	if (user_pages_go && unit_random() % 4 == 0)
		size = unit_random() % (size + 1);
	if (size == 0)
		return -EFAULT;
	if (from)
		memcpy(place, from, size);
	else if (to)
		memcpy(to, place, size);
	else
		memset(place, 0, size);
	io->at += size;
	io->left -= size;
	return (ssize_t)size;
}
ssize_t uio_copy_out(struct uio *io, const void *from, size_t size)
{
	return move(io, NULL, from, size);
}
ssize_t uio_copy_in(struct uio *io, void *to, size_t size)
{
	return move(io, to, NULL, size);
}
ssize_t uio_zero_out(struct uio *io, size_t size)
{
	return move(io, NULL, NULL, size);
}
int uio_fault_in(struct uio *io, bool out)
{
	(void)io, (void)out;
	others_do_something();
	return 0;
}

/* ---- the file system ---- */

static struct object file;
static struct mm program;
static struct vma mapping;
static unsigned block_size;
static uint32_t file_blocks[FILE_MAX / SECTOR_SIZE]; /* sector on the disk, NONE: a hole */
static bool scattered;

static unsigned sectors_per_block(void)
{
	return block_size / SECTOR_SIZE;
}

static bool block_is_free(uint32_t sector)
{
	for (unsigned i = 0; i < sectors_per_block(); i++)
		if (owner[sector + i] != NONE)
			return false;
	return true;
}

/* A free block, as near behind the last one as possible. */
static uint32_t allocate_block(uint32_t page)
{
	static uint32_t last;
	unsigned nblocks = DISK_SECTORS / sectors_per_block();
	uint32_t block = scattered ? unit_random() % nblocks : last + 1;

	for (unsigned i = 0; i < nblocks; i++, block++) {
		uint32_t sector = block % nblocks * sectors_per_block();

		if (!block_is_free(sector))
			continue;
		last = block % nblocks;
		for (unsigned j = 0; j < sectors_per_block(); j++)
			owner[sector + j] = page;
		return sector;
	}
	return NONE;
}

static void free_block(unsigned block)
{
	for (unsigned i = 0; i < sectors_per_block(); i++)
		owner[file_blocks[block] + i] = NONE;
	/* Whoever gets it next finds something else in it. */
	memset(disk + file_blocks[block] * SECTOR_SIZE, JUNK, block_size);
	file_blocks[block] = NONE;
}

static int map_blocks(struct object *object, uint32_t index, const struct block_range *create,
		      struct page_blocks *to)
{
	unsigned nblocks = PAGE_SIZE / block_size, first = index * nblocks;

	assert_ptr_equal(object, &file);
	if (npending > 0 && unit_random() % 4 == 0)
		sleep_a_little();
	if (fail_allocations && unit_random() % 8 == 0)
		return -ENOMEM;
	to->device = &device;
	to->nblocks = nblocks;
	to->block_size = block_size;
	for (unsigned i = 0; i < nblocks; i++) {
		unsigned start = i * block_size;
		bool wanted = create && start < create->to && start + block_size > create->from;

		if (wanted && !create->extends)
			wanted = (uint64_t)index * PAGE_SIZE + start < object->size;
		if (wanted && file_blocks[first + i] == NONE) {
			file_blocks[first + i] = allocate_block(index);
			if (file_blocks[first + i] == NONE)
				return -ENOSPC;
			to->fresh |= (uint8_t)(1u << i);
		}
		to->sector[i] = file_blocks[first + i] == NONE ? BLOCK_HOLE
							       : file_blocks[first + i];
	}
	return 0;
}

static void release(struct object *object)
{
	(void)object;
}

static const struct object_ops file_ops = { .map_blocks = map_blocks, .release = release };

static void free_blocks_from(uint64_t size)
{
	unsigned first = (unsigned)((size + block_size - 1) / block_size);

	for (unsigned i = first; i < FILE_MAX / block_size; i++)
		if (file_blocks[i] != NONE)
			free_block(i);
}

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

/* ---- the tests ---- */

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

static int setup(void **state)
{
	(void)state;
	memory = malloc(NFRAMES * PAGE_SIZE);
	frame_array = aligned_alloc(64, NFRAMES * sizeof(*frame_array));
	memset(frame_array, 0, NFRAMES * sizeof(*frame_array));
	current = calloc(1, sizeof(*current));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_neighbours_go_together),
		cmocka_unit_test(test_random_reads_read_what_is_asked),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_write_errors),
		cmocka_unit_test(test_dirty_blocks_alone_are_written),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
