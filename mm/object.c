/*
 * Backing objects and the page cache.
 *
 * A page is in the cache when the object's radix tree has its frame; the cache then holds one
 * reference and the frame names its object and index. A page that has to be read from a backing
 * store is filled before it enters the cache, so whoever finds it there finds it whole; of two
 * tasks that fill the same page at the same moment the second to finish drops its own.
 *
 * read and write copy while nothing can happen to the page: the copy does not sleep. When it comes to
 * a user page that is not there it ends, the cache's page is let go of, the user page is brought in,
 * and the page is looked up again. So it may be the very page that is being read or written.
 *
 * References that outlive a sleep (a frame being filled) are declared to the ledger.
 */
#include <object.h>

#include <assert.h>
#include <commit.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <ledger.h>
#include <mm.h>
#include <oom.h>
#include <string.h>
#include <task.h>
#include <uio.h>
#include <vma.h>

uint32_t object_cached_pages;
struct list objects_promised = LIST_INIT(objects_promised);

static void release_nothing(struct object *object)
{
	assert(object != &object_zero);
}

static void release_shared(struct object *object)
{
	kfree(object);
}

static const struct object_ops zero_ops = { .release = release_nothing };
static const struct object_ops shared_ops = { .release = release_shared };

struct object object_zero = {
	.ops = &zero_ops,
	.refs = 1,
	.mappings = LIST_INIT(object_zero.mappings),
	.promised_link = LIST_INIT(object_zero.promised_link),
};

void object_init(struct object *object, const struct object_ops *ops, void *owner)
{
	assert(ops && ops->release);
	*object = (struct object){ .ops = ops, .refs = 1, .owner = owner };
	list_init(&object->mappings);
	list_init(&object->promised_link);
}

/* ---- promised memory ---- */

static void change_promise(struct object *object, int32_t npages)
{
	assert(npages >= 0 || object->promised_npages >= (uint32_t)-npages);
	object->promised_npages += (uint32_t)npages;
	commit_add(npages);
	list_remove(&object->promised_link);
	if (object->promised_npages)
		list_add_tail(&objects_promised, &object->promised_link);
}

int object_promise(struct object *object, uint32_t npages)
{
	if (!commit_allows(current->process->mm, npages))
		return -ENOMEM;
	change_promise(object, (int32_t)npages);
	return 0;
}

/* Room for one page more in the cache. */
static int charge_page(struct object *object)
{
	int error;

	if (object->promises_pages && object_promise(object, 1))
		return -ENOSPC;
	error = object->ops->charge ? object->ops->charge(object) : 0;
	if (error && object->promises_pages)
		change_promise(object, -1);
	return error;
}

static void uncharge_page(struct object *object)
{
	if (object->promises_pages)
		change_promise(object, -1);
	if (object->ops->uncharge)
		object->ops->uncharge(object);
}

/* ---- lifetime ---- */

struct object *object_create_shared(uint64_t size)
{
	static uint32_t last_number;
	struct object *object = kalloc(sizeof(*object));

	if (!object)
		return NULL;
	object_init(object, &shared_ops, NULL);
	object->size = size;
	object->number = ++last_number;
	object->transient = true;
	return object;
}

void object_get(struct object *object)
{
	assert(object->refs > 0);
	object->refs++;
}

void object_put(struct object *object)
{
	assert(object->refs > 0);
	if (--object->refs > 0)
		return;
	assert(list_empty(&object->mappings));
	object_remove_pages(object, 0, UINT32_MAX);
	if (object->promised_npages)
		change_promise(object, -(int32_t)object->promised_npages);
	object->ops->release(object);
}

/* ---- pages ---- */

struct frame *object_find_page(struct object *object, uint32_t index)
{
	struct frame *frame = radix_lookup(&object->pages, index);

	if (frame)
		frame_get(frame);
	return frame;
}

/* Zeroes what of page `index` lies beyond size. */
static void zero_beyond(struct frame *frame, uint32_t index, uint64_t size)
{
	uint64_t start = (uint64_t)index << PAGE_SHIFT;
	uint32_t kept = size > start ? MIN(size - start, (uint64_t)PAGE_SIZE) : 0;
	char *window;

	if (kept == PAGE_SIZE)
		return;
	window = kmap(frame);
	memset(window + kept, 0, PAGE_SIZE - kept);
	kunmap(window);
}

/*
 * A fresh frame with the page's contents, not yet in the cache. What lies beyond the object's end
 * is not in its store.
 */
static struct frame *fill_page(struct object *object, uint32_t index)
{
	struct frame *frame = frame_alloc(FRAME_CACHE, FRAME_ZERO);
	int error;

	if (!frame)
		return ERR_PTR(-ENOMEM);
	if (!object->ops->fill || (uint64_t)index << PAGE_SHIFT >= object->size)
		return frame;
	ledger_hold(frame);
	error = object->ops->fill(object, index, frame);
	ledger_release(frame);
	if (error) {
		frame_put(frame);
		return ERR_PTR(error);
	}
	/* It may have slept: what has been truncated meanwhile must not come back. */
	zero_beyond(frame, index, object->size);
	return frame;
}

int object_enter_page(struct object *object, uint32_t index, struct frame *frame)
{
	int error = charge_page(object);

	if (error)
		return error;
	error = radix_insert(&object->pages, index, frame);
	if (error) {
		uncharge_page(object);
		return error;
	}
	frame_get(frame);
	frame->object = object;
	frame->index = index;
	object_cached_pages++;
	return 0;
}

struct frame *object_get_page(struct object *object, uint32_t index)
{
	struct frame *frame = object_find_page(object, index), *found;
	int error;

	if (frame)
		return frame;
	frame = fill_page(object, index);
	if (IS_ERR(frame))
		return frame;
	/* It may have slept: another may have brought the page in. */
	found = object_find_page(object, index);
	error = found ? 0 : object_enter_page(object, index, frame);
	if (!found && !error)
		return frame;
	frame_put(frame);
	return found ? found : ERR_PTR(error);
}

static void remove_page(struct object *object, uint32_t index, struct frame *frame)
{
	struct frame *removed = radix_remove(&object->pages, index);

	assert(removed == frame && frame->object == object && frame->index == index);
	frame->object = NULL;
	frame->flags &= ~FRAME_FLAG_DIRTY;
	assert(object_cached_pages > 0);
	object_cached_pages--;
	frame_put(frame);
	uncharge_page(object);
}

/* Takes what is no private copy out of the page tables of [start, end). */
static void unmap_cached(struct pagedir *pagedir, vaddr_t start, vaddr_t end)
{
	struct page_mapping page;

	for (vaddr_t at = start; at < end; at += PAGE_SIZE)
		if (pagedir_lookup(pagedir, at, &page) && page.frame &&
		    page.frame->kind != FRAME_ANON)
			pagedir_unmap(pagedir, at, at + PAGE_SIZE);
}

/* Takes pages first..last of the object out of one region's page tables; with or without copies. */
static void unmap_from_region(const struct vma *vma, uint32_t first, uint32_t last, bool copies)
{
	uint64_t low = MAX(first, vma->page_offset);
	uint64_t high = MIN((uint64_t)last + 1, (uint64_t)vma->page_offset + vma_npages(vma));

	vaddr_t start = vma->start + ((uint32_t)(low - vma->page_offset) << PAGE_SHIFT);
	vaddr_t end = vma->start + ((uint32_t)(high - vma->page_offset) << PAGE_SHIFT);

	if (low >= high)
		return;
	if (copies || !vma->family)
		pagedir_unmap(&vma->mm->pagedir, start, end);
	else
		unmap_cached(&vma->mm->pagedir, start, end);
}

static void remove_pages(struct object *object, uint32_t first, uint32_t last, bool copies)
{
	uint32_t index = first;
	struct frame *frame;
	struct vma *vma;

	list_for_each(vma, &object->mappings, object_link)
		unmap_from_region(vma, first, last, copies);
	while ((frame = radix_next(&object->pages, &index)) && index <= last)
		remove_page(object, index, frame);
}

void object_remove_pages(struct object *object, uint32_t first, uint32_t last)
{
	remove_pages(object, first, last, true);
}

void object_punch_pages(struct object *object, uint32_t first, uint32_t last)
{
	remove_pages(object, first, last, false);
}

void object_truncate(struct object *object, uint64_t size)
{
	uint64_t old_size = object->size;
	uint64_t first = (size + PAGE_MASK) >> PAGE_SHIFT;
	struct frame *last;

	object->size = size;
	if (size >= old_size)
		return;
	assert(first <= UINT32_MAX);
	object_remove_pages(object, first, UINT32_MAX);
	last = radix_lookup(&object->pages, size >> PAGE_SHIFT);
	if (last)
		zero_beyond(last, size >> PAGE_SHIFT, size);
}

/* ---- reading and writing ---- */

/*
 * Moves up to size bytes between offset in a frame and the buffers: bytes, perhaps fewer; -EFAULT
 * when the first user page is not there. Gives back the caller's reference. Does not sleep.
 */
static inline ssize_t transfer(struct frame *frame, uint32_t offset, struct uio *io, size_t size,
			       bool out)
{
	char *window = kmap(frame);
	ssize_t moved = out ? uio_copy_out_present(io, window + offset, size)
			    : uio_copy_in_present(io, window + offset, size);

	kunmap(window);
	frame_put(frame);
	return moved;
}

/*
 * After a transfer that failed: is it worth another try? Memory may be made free, a user page that
 * is not there can be brought in. May sleep.
 */
static bool try_again(ssize_t error, struct uio *io, bool out)
{
	if (error == -ENOMEM)
		return oom_make_room(true);
	return error == -EFAULT && uio_fault_in(io, out) == 0;
}

/*
 * Reads what is wanted of the page at position and lies before the object's end, perhaps nothing.
 * -EFAULT: see transfer.
 */
static inline ssize_t read_page(struct object *object, uint64_t position, struct uio *io)
{
	uint32_t index = position >> PAGE_SHIFT;
	uint32_t offset = (uint32_t)position & PAGE_MASK;
	size_t size = MIN(PAGE_SIZE - offset, io->left);
	struct frame *frame;

	if (unlikely(position + size > object->size)) {
		if (position >= object->size)
			return 0;
		size = (size_t)(object->size - position);
	}
	frame = object_find_page(object, index);
	if (unlikely(!frame)) {
		/* In memory that has no backing store nobody has written it: zeros, and no frame. */
		if (!object->ops->fill)
			return uio_zero_out(io, size);
		frame = object_get_page(object, index);
		if (IS_ERR(frame))
			return PTR_ERR(frame);
	}
	return transfer(frame, offset, io, size, true);
}

/* Goes on with the pages behind the first: bytes, 0 when there are none or an error. */
static size_t read_more(struct object *object, uint64_t position, struct uio *io)
{
	size_t done = 0;

	/* It may sleep in between: the size is read anew for each page. */
	while (io->left > 0 && !sched_give_way()) {
		ssize_t moved = read_page(object, position + done, io);

		if (moved == 0 || (moved < 0 && !try_again(moved, io, true)))
			break;
		done += moved > 0 ? (size_t)moved : 0;
	}
	return done;
}

ssize_t object_read(struct object *object, uint64_t position, struct uio *io)
{
	ssize_t first;

	if (io->left == 0)
		return 0;
	do
		first = read_page(object, position, io);
	while (unlikely(first < 0) && try_again(first, io, true));
	if (first <= 0 || likely(io->left == 0))
		return first;
	return first + (ssize_t)read_more(object, position + (size_t)first, io);
}

static ssize_t write_cached_page(struct object *object, uint64_t position, struct uio *io,
				 size_t size)
{
	struct frame *frame = object_get_page(object, position >> PAGE_SHIFT);

	if (IS_ERR(frame))
		return PTR_ERR(frame);
	frame->flags |= FRAME_FLAG_DIRTY;
	return transfer(frame, position & PAGE_MASK, io, size, false);
}

/*
 * A whole page that is not in the cache and is not worth reading or zeroing first: the bytes go into
 * a frame of its own, which enters the cache with all of them in place, so that nobody sees what the
 * frame held before. 0: not all of them were there, but are likely to be now. May sleep.
 */
static ssize_t write_new_page(struct object *object, uint64_t position, struct uio *io)
{
	struct frame *frame = frame_alloc(FRAME_CACHE, 0);
	const struct uio before = *io;
	int error;

	if (!frame)
		return -ENOMEM;
	frame_get(frame);
	if (transfer(frame, 0, io, PAGE_SIZE, false) == (ssize_t)PAGE_SIZE) {
		error = object_enter_page(object, position >> PAGE_SHIFT, frame);
		if (error)
			*io = before;
		else
			frame->flags |= FRAME_FLAG_DIRTY;
		frame_put(frame);
		return error ? error : (ssize_t)PAGE_SIZE;
	}
	frame_put(frame);
	error = uio_fault_in(io, false);
	*io = before;
	/* A bad address: what lies before it is written. */
	return error ? write_cached_page(object, position, io, PAGE_SIZE) : 0;
}

static ssize_t write_page(struct object *object, uint64_t position, struct uio *io, size_t size)
{
	ssize_t moved;

	do {
		if (size == PAGE_SIZE && !radix_lookup(&object->pages, position >> PAGE_SHIFT))
			moved = write_new_page(object, position, io);
		else
			moved = write_cached_page(object, position, io, size);
	} while (unlikely(moved <= 0) && (moved == 0 || try_again(moved, io, false)));
	if (moved > 0)
		object->size = MAX(object->size, position + moved);
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
