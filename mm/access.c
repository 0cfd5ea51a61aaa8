/*
 * The kernel's way into another address space: page by page, each through a window of its own, with
 * a reference to the frame while it is touched.
 *
 * Ordinary access has the rights that a program there has and faults pages in as one would. Forced
 * access, a debugger's, has the rights that mprotect could give: what may not be read is read, and
 * what may not be written is written if it is private, to a copy that the program then finds.
 */
#include <mm.h>

#include <assert.h>
#include <err.h>
#include <kvrange.h>
#include <rmap.h>
#include <string.h>
#include <unevictable.h>
#include <vma.h>

/* The frame behind a page with a reference for the caller, or NULL if a program may not have it. */
static struct frame *page_of(struct mm *mm, vaddr_t at, unsigned access)
{
	unsigned wanted = access & FAULT_WRITE ? MAP_WRITE : MAP_READ;
	struct page_mapping page;

	while (!pagedir_lookup(&mm->pagedir, at, &page) || !(page.rights & wanted))
		if (!fault_satisfied(mm_fault_making_room(mm, at, access)))
			return NULL;
	if (!page.frame)
		return NULL;
	frame_get(page.frame);
	return page.frame;
}

/* ---- by force ---- */

/* Waits until the page is not, or no longer, in swap: false when it cannot be had. */
static bool bring_in(struct vma *vma, vaddr_t at)
{
	struct page_mapping page;

	while (pagedir_lookup(&vma->mm->pagedir, at, &page) && page.swap)
		if (mm_swap_in(vma->mm, at, page.swap))
			return false;
	return true;
}

/* What would be read there, with a reference: what is mapped, of the object, or a frame of zeros. */
static struct frame *frame_to_read(struct vma *vma, vaddr_t at, bool *mapped)
{
	struct page_mapping page;
	struct frame *frame;
	uint32_t index;

	if (!bring_in(vma, at))
		return NULL;
	*mapped = pagedir_lookup(&vma->mm->pagedir, at, &page);
	if (*mapped) {
		if (page.frame)
			frame_get(page.frame);
		return page.frame;
	}
	if (!vma->object)
		return frame_alloc(FRAME_ANON, FRAME_ZERO);
	index = vma_index(vma, at);
	if ((uint64_t)index << PAGE_SHIFT >= vma->object->size)
		return NULL;
	frame = object_get_page(vma->object, index);
	return IS_ERR(frame) ? NULL : frame;
}

/* A copy of the frame, whose reference is given away, in its place: the program's own from now on. */
static struct frame *put_copy(struct vma *vma, vaddr_t at, struct frame *frame, bool mapped)
{
	struct pagedir *pagedir = &vma->mm->pagedir;
	struct frame *copy = anon_family_prepare(vma) ? frame_alloc(FRAME_ANON, 0) : NULL;
	int error = copy ? 0 : -ENOMEM;

	if (copy) {
		frame_copy(copy, frame);
		frame_get(copy);
		rmap_enter(copy, vma, at);
		error = mapped ? pagedir_own(pagedir, at, at + PAGE_SIZE)
			       : pagedir_map(pagedir, at, copy, vma_page_rights(vma));
	}
	if (!error && mapped)
		unevictable_note_replaced(frame, vma->mm, at);
	frame_put(frame);
	if (error) {
		if (copy) {
			frame_put(copy);
			frame_put(copy);
		}
		return NULL;
	}
	if (mapped)
		pagedir_replace(pagedir, at, copy, vma_page_rights(vma));
	unevictable_enter(vma->mm, at, at + PAGE_SIZE);
	return copy;
}

static struct frame *forced_page(struct mm *mm, vaddr_t at, bool write)
{
	struct frame *frame = NULL;
	struct vma *vma;
	bool mapped;

	mutex_lock(&mm->lock);
	vma = mm_find(mm, at);
	if (vma && !(write && (vma->flags & VMA_SHARED)))
		frame = frame_to_read(vma, at, &mapped);
	/* Filling a page may have slept, under the lock: the region is still there. */
	if (frame && write)
		frame = put_copy(vma, at, frame, mapped);
	mutex_unlock(&mm->lock);
	return frame;
}

/* ---- both ---- */

static struct frame *get_page(struct mm *mm, vaddr_t at, bool write, bool force)
{
	struct vma *vma = force ? mm_find(mm, at) : NULL;

	/* What the program may do needs no force. */
	if (vma && !(vma->flags & (write ? VMA_WRITE : VMA_RIGHTS)))
		return forced_page(mm, at, write);
	return page_of(mm, at, FAULT_REMOTE | (write ? FAULT_WRITE : 0));
}

static size_t access(struct mm *mm, vaddr_t at, char *buffer, size_t size, bool write, bool force)
{
	size_t done = 0;

	if (at >= USER_TOP)
		return 0;
	size = MIN(size, USER_TOP - at);
	while (done < size) {
		vaddr_t offset = (at + done) & PAGE_MASK;
		size_t part = MIN(PAGE_SIZE - offset, size - done);
		struct frame *frame = get_page(mm, at + done - offset, write, force);
		char *window;

		if (!frame)
			break;
		window = kmap(frame);
		if (write) {
			memcpy(window + offset, buffer + done, part);
			frame->flags |= FRAME_FLAG_DIRTY;
		} else {
			memcpy(buffer + done, window + offset, part);
		}
		kunmap(window);
		frame_put(frame);
		done += part;
	}
	return done;
}

size_t mm_write(struct mm *mm, vaddr_t to, const void *from, size_t size)
{
	return access(mm, to, (char *)from, size, true, false);
}

size_t mm_read(struct mm *mm, vaddr_t from, void *to, size_t size)
{
	return access(mm, from, to, size, false, false);
}

size_t mm_write_forced(struct mm *mm, vaddr_t to, const void *from, size_t size)
{
	return access(mm, to, (char *)from, size, true, true);
}

size_t mm_read_forced(struct mm *mm, vaddr_t from, void *to, size_t size)
{
	return access(mm, from, to, size, false, true);
}
