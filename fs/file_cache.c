/*
 * Files whose content is an object with blocks: reading and writing through the page cache, and past
 * it (O_DIRECT).
 *
 * Past it: what the cache has of the range that is newer goes to the disk first, what it has at all
 * is dropped where a write follows, and the bytes travel between the disk and frames of the kernel's
 * own, from which they are copied; so user pages are never held over I/O. A write that would need
 * blocks (a hole, beyond the end) goes through the cache and is written back and dropped at once. As
 * on Linux position, sizes and addresses must be multiples of the disk's sector.
 */
#include <vfs.h>

#include <assert.h>
#include <block.h>
#include <kvrange.h>
#include <readahead.h>
#include <string.h>
#include <uio.h>
#include <wait.h>

#define CHUNK_FRAMES BLOCK_SEGMENTS /* moved at a time */
#define CHUNK_SIZE (CHUNK_FRAMES * PAGE_SIZE)

static struct object *object_of(struct file *file)
{
	struct object *object = file->ops->object(file);

	assert(!IS_ERR(object) && object->ops->map_blocks);
	return object;
}

/* ---- a transfer between the disk and frames ---- */

struct direct {
	struct wait_queue wait;
	unsigned nunder_way;
	int error;
	bool writing;
	struct object *object;
	struct frame *frames[CHUNK_FRAMES];
	/* What is to go as one request: bytes from..to of the chunk, at a sector. */
	struct block_device *device;
	uint64_t sector;
	uint32_t from, to;
};

static void direct_done(struct block_request *request, int error)
{
	struct direct *direct = request->context;

	if (error)
		direct->error = error;
	block_request_put(request);
	if (--direct->nunder_way == 0)
		wake_all(&direct->wait);
}

static void direct_submit(struct direct *direct)
{
	struct block_request *request;

	if (direct->from == direct->to)
		return;
	request = block_request_get(true);
	request->device = direct->device;
	request->op = direct->writing ? BLOCK_WRITE : BLOCK_READ;
	request->sector = direct->sector;
	request->done = direct_done;
	request->context = direct;
	for (uint32_t at = direct->from; at < direct->to;) {
		unsigned offset = at & PAGE_MASK;
		unsigned size = MIN(PAGE_SIZE - offset, direct->to - at);

		block_add_segment(request, direct->frames[at >> PAGE_SHIFT], offset, size);
		at += size;
	}
	direct->from = direct->to = 0;
	direct->nunder_way++;
	block_submit(request);
}

/* size bytes of the chunk from `at` on are those from a sector of a device on. */
static void direct_add(struct direct *direct, uint32_t at, uint32_t size,
		       struct block_device *device, uint64_t sector)
{
	uint32_t so_far = direct->to - direct->from;

	if (so_far == 0 || direct->to != at || direct->device != device ||
	    direct->sector + (so_far >> SECTOR_SHIFT) != sector) {
		direct_submit(direct);
		direct->device = device;
		direct->sector = sector;
		direct->from = direct->to = at;
	}
	direct->to += size;
}

static void zero_part(struct direct *direct, uint32_t at, uint32_t size)
{
	char *window = kmap(direct->frames[at >> PAGE_SHIFT]);

	memset(window + (at & PAGE_MASK), 0, size);
	kunmap(window);
}

/*
 * The part of one page of the file from position on, up to end, which is at `at` in the chunk: bytes,
 * or -errno; -ENXIO: a write to a hole.
 */
static ssize_t direct_page(struct direct *direct, uint64_t position, uint64_t end, uint32_t at)
{
	uint64_t stop = MIN(end, (position | PAGE_MASK) + 1);
	struct page_blocks blocks = { .fresh = 0 };
	int error = direct->object->ops->map_blocks(
		direct->object, (uint32_t)(position >> PAGE_SHIFT), NULL, &blocks);
	uint64_t start = position;

	while (!error && position < stop) {
		unsigned in_page = (unsigned)position & PAGE_MASK;
		unsigned in_block = in_page & (blocks.block_size - 1);
		uint64_t sector = blocks.sector[in_page / blocks.block_size];

		if (sector == BLOCK_HOLE && direct->writing)
			error = -ENXIO;
		else if (sector == BLOCK_HOLE)
			zero_part(direct, at, SECTOR_SIZE);
		else
			direct_add(direct, at, SECTOR_SIZE, blocks.device,
				   sector + (in_block >> SECTOR_SHIFT));
		position += SECTOR_SIZE;
		at += SECTOR_SIZE;
	}
	return error ? error : (ssize_t)(stop - start);
}

/* Moves the chunk's size bytes, a multiple of sectors, and waits for them. */
static int direct_move(struct direct *direct, uint64_t position, uint32_t size)
{
	uint32_t done = 0;
	int error = 0;

	direct->nunder_way = 1;
	direct->error = 0;
	direct->from = direct->to = 0;
	while (done < size && !error) {
		ssize_t moved = direct_page(direct, position + done, position + size, done);

		if (moved < 0)
			error = (int)moved;
		else
			done += (uint32_t)moved;
	}
	direct_submit(direct);
	direct->nunder_way--;
	wait_event_uninterruptible(&direct->wait, direct->nunder_way == 0);
	return error ? error : direct->error;
}

/* ---- O_DIRECT ---- */

static bool is_aligned(const struct uio *io, loff_t position)
{
	uintptr_t bits = (uintptr_t)position | io->left;

	for (unsigned i = 0; i < io->count; i++)
		bits |= (uintptr_t)io->vec[i].base | io->vec[i].size;
	return !(bits & (SECTOR_SIZE - 1));
}

static uint32_t page_of(uint64_t position)
{
	return (uint32_t)(position >> PAGE_SHIFT);
}

static void free_frames(struct direct *direct)
{
	for (unsigned i = 0; i < CHUNK_FRAMES && direct->frames[i]; i++)
		frame_put(direct->frames[i]);
}

/* Room for size bytes of the first chunk. */
static int direct_init(struct direct *direct, struct object *object, size_t size, bool writing)
{
	unsigned nframes = (unsigned)MIN((size + PAGE_MASK) >> PAGE_SHIFT, CHUNK_FRAMES);

	*direct = (struct direct){ .object = object, .writing = writing };
	wait_queue_init(&direct->wait);
	for (unsigned i = 0; i < nframes; i++) {
		direct->frames[i] = frame_alloc(FRAME_KERNEL, 0);
		if (!direct->frames[i]) {
			free_frames(direct);
			return -ENOMEM;
		}
	}
	return 0;
}

/* Copies between the chunk and the buffers: bytes, fewer at a bad address. */
static size_t copy_chunk(struct direct *direct, struct uio *io, size_t size, bool out)
{
	size_t done = 0;

	while (done < size) {
		size_t part = MIN(size - done, PAGE_SIZE);
		void *memory = frame_virt(direct->frames[done >> PAGE_SHIFT]);
		ssize_t moved = out ? uio_copy_out(io, memory, part)
				    : uio_copy_in(io, memory, part);

		if (moved <= 0)
			break;
		done += (size_t)moved;
		if ((size_t)moved < part)
			break;
	}
	return done;
}

static ssize_t read_direct_chunk(struct direct *direct, uint64_t position, struct uio *io)
{
	uint64_t size = direct->object->size;
	size_t wanted = MIN(io->left, CHUNK_SIZE), copied;
	int error;

	if (position >= size)
		return 0;
	wanted = (size_t)MIN((uint64_t)wanted, size - position);
	error = direct_move(direct, position, (wanted + SECTOR_SIZE - 1) & ~(SECTOR_SIZE - 1));
	if (error)
		return error;
	copied = copy_chunk(direct, io, wanted, true);
	return copied ? (ssize_t)copied : -EFAULT;
}

static ssize_t write_direct_chunk(struct direct *direct, uint64_t position, struct uio *io)
{
	const struct uio before = *io;
	size_t wanted = MIN(io->left, CHUNK_SIZE);
	int error;

	if (position + wanted > direct->object->size)
		return -ENXIO;
	wanted = copy_chunk(direct, io, wanted, false) & ~(SECTOR_SIZE - 1);
	if (!wanted)
		return -EFAULT;
	error = direct_move(direct, position, wanted);
	if (error)
		*io = before;
	return error ? error : (ssize_t)wanted;
}

static ssize_t move_direct(struct object *object, uint64_t position, struct uio *io, bool writing)
{
	struct direct direct;
	ssize_t total = 0, done = 1;
	int error = direct_init(&direct, object, io->left, writing);

	if (error)
		return error;
	while (io->left > 0 && done > 0) {
		done = writing ? write_direct_chunk(&direct, position + (size_t)total, io)
			       : read_direct_chunk(&direct, position + (size_t)total, io);
		if (done > 0)
			total += done;
		if (sched_give_way())
			break;
	}
	free_frames(&direct);
	return total ? total : done;
}

static ssize_t read_direct(struct object *object, uint64_t position, struct uio *io)
{
	int error;

	if (!is_aligned(io, (loff_t)position))
		return -EINVAL;
	if (io->left == 0 || position >= object->size)
		return 0;
	error = object_write_back(object, page_of(position), page_of(position + io->left - 1),
				  true);
	return error ? error : move_direct(object, position, io, false);
}

/* Through the cache, and out of it: what needs blocks. */
static ssize_t write_through(struct object *object, uint64_t position, struct uio *io)
{
	ssize_t done = object_write(object, position, io);
	uint32_t first = page_of(position), last;
	int error;

	if (done <= 0)
		return done;
	last = page_of(position + (size_t)done - 1);
	error = object_write_back(object, first, last, true);
	object_drop_pages(object, first, last);
	return error ? error : done;
}

static ssize_t write_direct(struct object *object, uint64_t position, struct uio *io)
{
	uint32_t first = page_of(position), last;
	ssize_t done = 0, more = 0;

	if (!is_aligned(io, (loff_t)position))
		return -EINVAL;
	if (io->left == 0)
		return 0;
	last = page_of(position + io->left - 1);
	done = object_write_back(object, first, last, true);
	if (!done) {
		done = move_direct(object, position, io, true);
		/* What of it is in memory is old now, mapped or not. */
		object_invalidate_pages(object, first, last);
	}
	if (done == -ENXIO)
		done = 0;
	if (done >= 0 && io->left > 0)
		more = write_through(object, position + (size_t)done, io);
	return done > 0 ? done + MAX(more, 0) : done ? done : more;
}

/* ---- file_ops ---- */

ssize_t file_cache_read(struct file *file, struct uio *io, loff_t *position)
{
	struct object *object = object_of(file);
	ssize_t done;

	if (unlikely(file->flags & O_DIRECT)) {
		/* A file is not to be truncated meanwhile: its blocks could be another's by then. */
		mutex_lock(&file->inode->lock);
		done = read_direct(object, (uint64_t)*position, io);
		mutex_unlock(&file->inode->lock);
	} else {
		done = object_read_ahead(object, (uint64_t)*position, io, &file->ahead);
	}
	if (done > 0)
		*position += done;
	return done;
}

ssize_t file_cache_write(struct file *file, struct uio *io, loff_t *position)
{
	struct object *object = object_of(file);
	ssize_t done;

	if (unlikely(file->flags & O_DIRECT))
		done = write_direct(object, (uint64_t)*position, io);
	else
		done = object_write(object, (uint64_t)*position, io);
	if (done > 0)
		*position += done;
	return done;
}
