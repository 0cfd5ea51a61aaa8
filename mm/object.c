/*
 * Backing objects and the page cache: which pages there are, and how they come and go.
 *
 * A page is in the cache when the object's radix tree has its frame; the cache then holds one
 * reference and the frame names its object and index. A page with blocks on a disk enters before it
 * is read, BUSY: whoever wants it meanwhile waits for that one read (mm/page_io.c). A page that a
 * file system fills by other means is filled before it enters, so whoever finds it there finds it
 * whole; of two tasks that fill the same page at the same moment the second to finish drops its own.
 *
 * A page leaves when it could not be read, or by mm/object_remove.c.
 *
 * References that outlive a sleep (a frame being filled, a frame being copied to a user buffer) are
 * declared to the ledger. Reading and writing are mm/object_copy.c, what has to do with dirty pages
 * mm/object_dirty.c, where pages come from and go to mm/page_io.c.
 */
#include <object.h>

#include <assert.h>
#include <commit.h>
#include <err.h>
#include <kheap.h>
#include <kvrange.h>
#include <ledger.h>
#include <mm.h>
#include <policy.h>
#include <rmap.h>
#include <string.h>
#include <task.h>
#include <vma.h>

#include "object_internal.h"

uint32_t object_cached_pages, object_buffer_pages;
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
	.swapped_link = LIST_INIT(object_zero.swapped_link),
	.dirty_link = LIST_INIT(object_zero.dirty_link),
};

void object_init(struct object *object, const struct object_ops *ops, void *owner)
{
	assert(ops && ops->release);
	*object = (struct object){ .ops = ops, .refs = 1, .owner = owner };
	list_init(&object->mappings);
	list_init(&object->promised_link);
	list_init(&object->swapped_link);
	list_init(&object->dirty_link);
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

void object_uncharge_page(struct object *object)
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

bool object_try_get(struct object *object)
{
	if (object->refs == 0)
		return false;
	object->refs++;
	return true;
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

/* ---- looking ---- */

/* Of an entry with OBJECT_ENTRY_BITS: what can be had at once. */
static struct frame *find_marked(void *entry)
{
	uintptr_t bits = (uintptr_t)entry;

	if (bits & (OBJECT_ENTRY_SWAP | OBJECT_ENTRY_BUSY))
		return NULL;
	frame_get(object_entry_frame(entry));
	return object_entry_frame(entry);
}

struct frame *object_find_page(struct object *object, uint32_t index)
{
	void *entry = radix_lookup(&object->pages, index);

	if (unlikely((uintptr_t)entry & OBJECT_ENTRY_BITS))
		return find_marked(entry);
	if (entry)
		frame_get(entry);
	return entry;
}

void object_zero_beyond(struct frame *frame, uint32_t index, uint64_t size)
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

void object_set_ahead(struct object *object, uint32_t index, bool ahead)
{
	uintptr_t entry = (uintptr_t)radix_lookup(&object->pages, index);

	if (!entry || (entry & OBJECT_ENTRY_SWAP))
		return;
	entry = ahead ? entry | OBJECT_ENTRY_AHEAD : entry & ~OBJECT_ENTRY_AHEAD;
	radix_replace(&object->pages, index, (void *)entry);
}

/* ---- entering ---- */

void object_count_page(const struct object *object)
{
	object_cached_pages++;
	object_buffer_pages += object->is_device;
}

void object_uncount_page(const struct object *object)
{
	assert(object_cached_pages > 0 && object_buffer_pages >= object->is_device);
	object_cached_pages--;
	object_buffer_pages -= object->is_device;
}

static int enter_page(struct object *object, uint32_t index, struct frame *frame, uintptr_t bits)
{
	int error = charge_page(object);

	assert(frame->kind == FRAME_CACHE && !frame->object && !((uintptr_t)frame & bits));
	if (error)
		return error;
	error = radix_insert(&object->pages, index, (void *)((uintptr_t)frame | bits));
	if (error) {
		object_uncharge_page(object);
		return error;
	}
	frame_get(frame);
	frame->object = object;
	frame->index = index;
	object_count_page(object);
	return 0;
}

int object_enter_page(struct object *object, uint32_t index, struct frame *frame)
{
	return enter_page(object, index, frame, 0);
}

int object_enter_busy(struct object *object, uint32_t index, struct frame *frame)
{
	int error;

	assert(object_has_blocks(object));
	error = enter_page(object, index, frame, OBJECT_ENTRY_BUSY);
	if (error)
		return error;
	frame->flags |= FRAME_FLAG_BUSY;
	policy_refault(frame);
	return 0;
}

/* ---- leaving ---- */

void object_remove_page(struct object *object, uint32_t index, struct frame *frame)
{
	void *removed;

	object_clean_page(object, frame);
	removed = radix_remove(&object->pages, index);
	assert(object_entry_frame(removed) == frame && object_is_page(object, index, frame));
	assert(!(frame->flags & FRAME_FLAG_WRITEBACK));
	frame->object = NULL;
	frame->flags &= ~(FRAME_FLAG_DIRTY | FRAME_FLAG_BLOCKS);
	object_uncount_page(object);
	frame_put(frame);
	object_uncharge_page(object);
}

void object_end_busy(struct frame *frame, bool failed)
{
	struct object *object = frame->object;
	uintptr_t entry = (uintptr_t)radix_lookup(&object->pages, frame->index);

	assert((entry & OBJECT_ENTRY_BUSY) && (frame->flags & FRAME_FLAG_BUSY));
	assert(object_entry_frame((void *)entry) == frame);
	frame->flags &= ~FRAME_FLAG_BUSY;
	if (failed) {
		frame->flags |= FRAME_FLAG_ERROR;
		object_remove_page(object, frame->index, frame);
	} else {
		entry &= ~OBJECT_ENTRY_BUSY;
		radix_replace(&object->pages, frame->index, (void *)entry);
		/* It may have been truncated while it was read. */
		object_zero_beyond(frame, frame->index, object->size);
	}
	frame_wake(frame);
}

/* ---- getting ---- */

/*
 * A fresh frame with the page's contents, not yet in the cache. What lies beyond the object's end
 * is not in its store.
 */
static struct frame *fill_page(struct object *object, uint32_t index)
{
	struct frame *frame = object_alloc_frame(object, FRAME_ZERO);
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
	object_zero_beyond(frame, index, object->size);
	return frame;
}

/* Fills a page that is not there, with blocks only if it needs no reading. */
static struct frame *make_page(struct object *object, uint32_t index)
{
	struct frame *frame = fill_page(object, index), *found;
	int error;

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

/*
 * Waits for a page that is being read: the page with a reference, or NULL when it did not come to be
 * or is gone again already.
 */
static struct frame *wait_for_page(struct object *object, uint32_t index)
{
	struct frame *frame = object_entry_frame(radix_lookup(&object->pages, index));

	if (!frame)
		return NULL;
	frame_get(frame);
	ledger_hold(frame);
	frame_wait(frame, FRAME_FLAG_BUSY);
	ledger_release(frame);
	if (object_is_page(object, index, frame))
		return frame;
	frame_put(frame);
	return NULL;
}

/*
 * Reads one page that is not there and waits for it; ERR_PTR(-EAGAIN): it was there, and is gone
 * again.
 */
static struct frame *read_page(struct object *object, uint32_t index)
{
	struct frame *frame;
	bool failed;
	int error = page_io_read(object, index, 1, UINT32_MAX);

	if (error)
		return ERR_PTR(error);
	frame = object_entry_frame(radix_lookup(&object->pages, index));
	if (!frame)
		return ERR_PTR(-EAGAIN);
	frame_get(frame);
	ledger_hold(frame);
	frame_wait(frame, FRAME_FLAG_BUSY);
	ledger_release(frame);
	if (object_is_page(object, index, frame))
		return frame;
	failed = frame->flags & FRAME_FLAG_ERROR;
	frame_put(frame);
	return ERR_PTR(failed ? -EIO : -EAGAIN);
}

struct frame *object_get_page(struct object *object, uint32_t index)
{
	for (;;) {
		struct frame *frame = object_find_page(object, index);
		uintptr_t entry;

		if (frame)
			return frame;
		entry = (uintptr_t)radix_lookup(&object->pages, index);
		if (entry & OBJECT_ENTRY_SWAP)
			frame = object_swap_in(object, index, NULL);
		else if (entry)
			frame = wait_for_page(object, index);
		else if (object_has_blocks(object) && (uint64_t)index << PAGE_SHIFT < object->size)
			frame = read_page(object, index);
		else
			frame = make_page(object, index);
		/* What another's read has failed to bring is tried once more, alone. */
		if (frame && PTR_ERR(frame) != -EAGAIN)
			return frame;
	}
}

struct frame *object_get_page_over(struct object *object, uint32_t index, unsigned from,
				   unsigned to)
{
	uint64_t start = (uint64_t)index << PAGE_SHIFT;
	struct frame *frame;

	assert(from < to && to <= PAGE_SIZE);
	if (!object_has_blocks(object) || radix_lookup(&object->pages, index) ||
	    start >= object->size || from > 0 || (to < PAGE_SIZE && start + to < object->size))
		return object_get_page(object, index);
	frame = object_alloc_frame(object, FRAME_ZERO);
	if (!frame)
		return ERR_PTR(-ENOMEM);
	if (!object_enter_page(object, index, frame))
		return frame;
	frame_put(frame);
	return ERR_PTR(-ENOMEM);
}
