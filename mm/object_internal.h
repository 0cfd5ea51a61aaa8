/*
 * What mm/object*.c and mm/page_io.c share.
 */
#ifndef LOFT_OBJECT_INTERNAL_H
#define LOFT_OBJECT_INTERNAL_H

#include <object.h>

static inline bool object_has_blocks(const struct object *object)
{
	return object->ops->map_blocks != NULL;
}

/* True while the frame is page `index` of the object. */
static inline bool object_is_page(const struct object *object, uint32_t index,
				  const struct frame *frame)
{
	return frame->object == object && frame->index == index;
}

/* A frame for a page of the object; flags: FRAME_ZERO or 0. NULL when memory is out. */
static inline struct frame *object_alloc_frame(const struct object *object, unsigned flags)
{
	return frame_alloc(FRAME_CACHE, object->low_pages ? flags | FRAME_LOW : flags);
}

/* ---- mm/object.c ---- */

/* Zeroes what of page `index` lies beyond size. */
void object_zero_beyond(struct frame *frame, uint32_t index, uint64_t size);
/* One page fewer that the object's kind keeps count of. */
void object_uncharge_page(struct object *object);
/* The page, of which nothing is under way, leaves the cache, which gives back its reference. */
void object_remove_page(struct object *object, uint32_t index, struct frame *frame);
/* object_enter_page of a frame that is BUSY until object_end_busy. */
__must_check int object_enter_busy(struct object *object, uint32_t index, struct frame *frame);
/* The page has been read, and everybody may see it; or it could not be, and leaves. Wakes. */
void object_end_busy(struct frame *frame, bool failed);
/* The page's entry is to say that it begins the second part of a window, or no longer. */
void object_set_ahead(struct object *object, uint32_t index, bool ahead);

/* The cache has one page more, one fewer, of the object. */
void object_count_page(const struct object *object);
void object_uncount_page(const struct object *object);

/* ---- mm/object_swap.c ---- */

/*
 * The page at index, which is in swap, comes back: with a reference; ERR_PTR(-EIO, -ENOMEM), -EAGAIN:
 * look again. *major (if not NULL): it had to be read. May sleep.
 */
struct frame *object_swap_in(struct object *object, uint32_t index, bool *major);
/* The page at index, which is in swap, is no more. */
void object_drop_swapped(struct object *object, uint32_t index);

/* ---- mm/object_dirty.c ---- */

/* A page that leaves the cache is not dirty any more. */
void object_clean_page(struct object *object, struct frame *frame);

/* Something of the object could not be written, and is lost. */
void object_write_failed(struct object *object, int error);

/* ---- mm/page_io.c ---- */

/*
 * Starts reading those of npages pages from index on that are not there, in few requests, until
 * memory is out or the first npages are done with; the page `mark` gets OBJECT_ENTRY_AHEAD (none:
 * UINT32_MAX). 0, or the error of the first page: -ENOMEM, or what map_blocks said. May sleep, but
 * not for what it reads.
 */
int page_io_read(struct object *object, uint32_t index, uint32_t npages, uint32_t mark);

/* Sleeps until no task is writing the object's pages back. */
void object_wait_idle(struct object *object);

#endif
