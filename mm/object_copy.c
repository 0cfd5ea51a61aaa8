/*
 * Reading and writing through the page cache: bytes between an object's pages and lists of buffers.
 *
 * They are copied while nothing can happen to the page: the copy does not sleep. When it comes to a
 * user page that is not there it ends, the cache's page is let go of, the user page is brought in, and
 * the page is looked up again. So it may be the very page that is being read or written.
 *
 * A page with blocks gets those that a write touches before anything is copied, and becomes dirty
 * right afterwards, the object's size being set in between: write-back cuts off what lies beyond.
 */
#include <object.h>

#include <assert.h>
#include <err.h>
#include <kvrange.h>
#include <ledger.h>
#include <oom.h>
#include <readahead.h>
#include <reclaim.h>
#include <string.h>
#include <task.h>
#include <uio.h>
#include <writeback.h>

#include "object_internal.h"

/* How often memory is looked for when there is some, and there was none when it was wanted. */
#define MEMORY_TRIES 16u

/*
 * Moves up to size bytes between offset in a frame and the buffers: bytes, perhaps fewer; -EFAULT
 * when the first user page is not there. The caller keeps its reference. Does not sleep.
 */
static inline ssize_t transfer(struct frame *frame, uint32_t offset, struct uio *io, size_t size,
			       bool out)
{
	char *window = kmap(frame);
	ssize_t moved = out ? uio_copy_out_present(io, window + offset, size)
			    : uio_copy_in_present(io, window + offset, size);

	kunmap(window);
	return moved;
}

/*
 * Memory was out. What has a disk behind it is asked for again where any can be had, also if that was
 * nobody's doing here: programs do not expect to hear of it. A few times: what is out may be something
 * else than single frames, or it may be said to be out on request (fail.h).
 */
static bool find_memory(const struct object *object, unsigned *tries)
{
	const bool has_blocks = object_has_blocks(object);

	if (has_blocks && (*tries)++ < MEMORY_TRIES && (reclaim_make_room() || frame_available()))
		return true;
	return oom_make_room(!has_blocks || current->fail_met);
}

/*
 * After a transfer that failed: is it worth another try? Memory may be made free, a user page that
 * is not there can be brought in. *tries begins at 0. May sleep.
 */
static bool try_again(const struct object *object, ssize_t error, struct uio *io, bool out,
		      unsigned *tries)
{
	if (error == -ENOMEM)
		return find_memory(object, tries);
	return error == -EFAULT && uio_fault_in(io, out) == 0;
}

/* ---- reading ---- */

/* How many of size bytes at position lie before the object's end. */
static inline size_t readable(const struct object *object, uint64_t position, size_t size)
{
	if (likely(position + size <= object->size))
		return size;
	return position < object->size ? (size_t)(object->size - position) : 0;
}

/*
 * The page with a reference, when it is not simply in memory: read, with what is likely to be wanted
 * next. npages: how many the reader wants from here on.
 */
static __attribute__((noinline)) struct frame *
page_to_read(struct object *object, uint32_t index, uint32_t npages, struct readahead *ahead)
{
	uintptr_t entry = (uintptr_t)radix_lookup(&object->pages, index);

	if (ahead && object_has_blocks(object)) {
		if (!entry)
			readahead_missing(ahead, object, index, npages);
		else if (entry & OBJECT_ENTRY_AHEAD)
			readahead_marked(ahead, object, index, npages);
	}
	return object_get_page(object, index);
}

/*
 * Reads what is wanted of the page at position and lies before the object's end, perhaps nothing.
 * -EFAULT: see transfer.
 */
static inline __attribute__((always_inline)) ssize_t
read_page(struct object *object, uint64_t position, struct uio *io, struct readahead *ahead)
{
	uint32_t index = position >> PAGE_SHIFT;
	uint32_t offset = (uint32_t)position & PAGE_MASK;
	size_t size = readable(object, position, MIN(PAGE_SIZE - offset, io->left));
	struct frame *frame;
	ssize_t moved;

	if (unlikely(size == 0))
		return 0;
	frame = radix_lookup(&object->pages, index);
	if (likely(frame && !((uintptr_t)frame & OBJECT_ENTRY_BITS))) {
		frame_get(frame);
	} else {
		/* In memory that has no backing store nobody has written it: zeros, and no frame. */
		if (!frame && !object_has_store(object))
			return uio_zero_out(io, size);
		frame = page_to_read(object, index, (io->left + offset + PAGE_MASK) >> PAGE_SHIFT,
				     ahead);
		if (IS_ERR(frame))
			return PTR_ERR(frame);
		/* It may have slept: truncated meanwhile? */
		size = readable(object, position, size);
	}
	frame_note_read(frame, offset);
	moved = transfer(frame, offset, io, size, true);
	frame_put(frame);
	return moved;
}

/* Goes on with the pages behind the first: bytes, 0 when there are none or an error. */
static __attribute__((noinline)) size_t read_more(struct object *object, uint64_t position,
						  struct uio *io, struct readahead *ahead)
{
	unsigned tries = 0;
	size_t done = 0;

	/* It may sleep in between: the size is read anew for each page. */
	while (io->left > 0 && !sched_give_way()) {
		ssize_t moved = read_page(object, position + done, io, ahead);

		if (moved == 0 || (moved < 0 && !try_again(object, moved, io, true, &tries)))
			break;
		done += moved > 0 ? (size_t)moved : 0;
	}
	return done;
}

static inline __attribute__((always_inline)) ssize_t
read_pages(struct object *object, uint64_t position, struct uio *io, struct readahead *ahead)
{
	unsigned tries = 0;
	ssize_t first;

	if (io->left == 0)
		return 0;
	do
		first = read_page(object, position, io, ahead);
	while (unlikely(first < 0) && try_again(object, first, io, true, &tries));
	if (first <= 0 || likely(io->left == 0))
		return first;
	return first + (ssize_t)read_more(object, position + (size_t)first, io, ahead);
}

ssize_t object_read(struct object *object, uint64_t position, struct uio *io)
{
	return read_pages(object, position, io, NULL);
}

ssize_t object_read_ahead(struct object *object, uint64_t position, struct uio *io,
			  struct readahead *ahead)
{
	ssize_t done = read_pages(object, position, io, ahead);

	if (done > 0)
		ahead->next = (uint32_t)((position + (size_t)done - 1) >> PAGE_SHIFT) + 1;
	return done;
}

/* ---- writing: memory ---- */

static ssize_t write_cached_page(struct object *object, uint64_t position, struct uio *io,
				 size_t size)
{
	struct frame *frame = object_get_page(object, position >> PAGE_SHIFT);
	ssize_t moved;

	if (IS_ERR(frame))
		return PTR_ERR(frame);
	frame->flags |= FRAME_FLAG_DIRTY | FRAME_FLAG_REFERENCED;
	moved = transfer(frame, position & PAGE_MASK, io, size, false);
	frame_put(frame);
	return moved;
}

/*
 * A frame with a whole page's bytes, which nobody knows yet; NULL when not all of them were there,
 * *error being 0 when they are likely to be now. -EFAULT: a bad address; -ENOMEM. May sleep then.
 */
static struct frame *take_whole(const struct object *object, struct uio *io, int *error)
{
	struct frame *frame = object_alloc_frame(object, 0);
	const struct uio before = *io;

	assert(io->left >= PAGE_SIZE);
	*error = frame ? 0 : -ENOMEM;
	if (!frame || transfer(frame, 0, io, PAGE_SIZE, false) == (ssize_t)PAGE_SIZE)
		return frame;
	frame_put(frame);
	*error = uio_fault_in(io, false);
	*io = before;
	return NULL;
}

/*
 * A whole page that is not in the cache and is not worth reading or zeroing first: the bytes go into
 * a frame of its own, which enters the cache with all of them in place, so that nobody sees what the
 * frame held before. 0: not all of them were there, but are likely to be now. May sleep.
 */
static ssize_t write_new_page(struct object *object, uint64_t position, struct uio *io)
{
	const struct uio before = *io;
	int error;
	struct frame *frame = take_whole(object, io, &error);

	assert(!(position & PAGE_MASK) && !object_has_blocks(object));
	/* A bad address: what lies before it is written. */
	if (!frame)
		return error == -EFAULT ? write_cached_page(object, position, io, PAGE_SIZE)
					: error;
	error = object_enter_page(object, position >> PAGE_SHIFT, frame);
	if (error)
		*io = before;
	else
		frame->flags |= FRAME_FLAG_DIRTY;
	frame_put(frame);
	return error ? error : (ssize_t)PAGE_SIZE;
}

static ssize_t write_memory(struct object *object, uint64_t position, struct uio *io, size_t size)
{
	ssize_t moved;

	if (size == PAGE_SIZE && !radix_lookup(&object->pages, position >> PAGE_SHIFT))
		moved = write_new_page(object, position, io);
	else
		moved = write_cached_page(object, position, io, size);
	if (moved > 0)
		object->size = MAX(object->size, position + moved);
	return moved;
}

/* ---- writing: pages with blocks ---- */

/* Into a page whose other bytes matter, or are zeros beyond the end. 0: it went meanwhile, again. */
static ssize_t write_part(struct object *object, uint64_t position, struct uio *io, size_t size)
{
	uint32_t index = (uint32_t)(position >> PAGE_SHIFT);
	unsigned from = (unsigned)position & PAGE_MASK;
	const struct block_range range = { from, from + (unsigned)size, true };
	struct frame *frame = object_get_page(object, index);
	ssize_t moved;

	assert(size > 0 && from + size <= PAGE_SIZE && object_has_blocks(object));
	if (IS_ERR(frame))
		return PTR_ERR(frame);
	ledger_hold(frame);
	moved = object_prepare_range(object, index, &range);
	ledger_release(frame);
	if (!moved && object_is_page(object, index, frame))
		moved = transfer(frame, from, io, size, false);
	if (moved > 0) {
		object->size = MAX(object->size, position + (size_t)moved);
		object_mark_dirty_range(frame, from, from + (unsigned)moved);
		frame->flags |= FRAME_FLAG_REFERENCED;
	}
	frame_put(frame);
	return moved;
}

/*
 * Enters a frame that has the bytes as the page, which is not there, and gets blocks for it: nobody
 * sees it before it has them. end: where the object ends now, at least.
 */
static int enter_written(struct object *object, uint32_t index, struct frame *frame, uint64_t end)
{
	const struct block_range range = { 0, PAGE_SIZE, true };
	int error;

	assert(frame->refs == 1 && !frame->object && !(frame->flags & FRAME_FLAG_DIRTY));
	error = object_enter_busy(object, index, frame);
	if (error)
		return error;
	ledger_hold(frame);
	error = object_prepare_range(object, index, &range);
	if (!error)
		object->size = MAX(object->size, end);
	object_end_busy(frame, error != 0);
	if (!error)
		object_mark_dirty(frame);
	ledger_release(frame);
	return error;
}

/* A whole page that is not in the cache and so need not be read. 0: again. */
static ssize_t write_whole(struct object *object, uint64_t position, struct uio *io)
{
	uint32_t index = (uint32_t)(position >> PAGE_SHIFT);
	const struct uio before = *io;
	int error;
	struct frame *frame = take_whole(object, io, &error);

	if (!frame)
		return error == -EFAULT ? write_part(object, position, io, PAGE_SIZE) : error;
	error = enter_written(object, index, frame, position + PAGE_SIZE);
	frame_put(frame);
	if (error)
		*io = before;
	return error ? error : (ssize_t)PAGE_SIZE;
}

static ssize_t write_blocks(struct object *object, uint64_t position, struct uio *io, size_t size)
{
	writeback_throttle(object);
	if (position + size > object->size)
		object_grows(object);
	if (size == PAGE_SIZE && !radix_lookup(&object->pages, (uint32_t)(position >> PAGE_SHIFT)))
		return write_whole(object, position, io);
	return write_part(object, position, io, size);
}

/* ---- writing ---- */

static ssize_t write_page(struct object *object, uint64_t position, struct uio *io, size_t size)
{
	unsigned tries = 0;
	ssize_t moved;

	do
		moved = object_has_blocks(object) ? write_blocks(object, position, io, size)
						  : write_memory(object, position, io, size);
	while (unlikely(moved <= 0) && (moved == 0 || try_again(object, moved, io, false, &tries)));
	return moved;
}

ssize_t object_write(struct object *object, uint64_t position, struct uio *io)
{
	size_t done = 0;
	ssize_t moved = 0;

	while (io->left > 0) {
		size_t size = MIN(PAGE_SIZE - ((uint32_t)position & PAGE_MASK), io->left);

		moved = write_page(object, position, io, size);
		if (moved <= 0)
			break;
		done += moved;
		position += moved;
		/* Copied in part, it goes on: what was written may be what the rest is read from. */
		if (sched_give_way())
			break;
	}
	return done ? (ssize_t)done : moved;
}
