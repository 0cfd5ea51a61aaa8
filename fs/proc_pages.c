/*
 * Single pages as /proc shows them: 64-bit words, one for each page of a process (pagemap) or for
 * each frame of the machine (kpagecount, kpageflags). Linux's Documentation/admin-
 * guide/mm/pagemap.rst has the bits. A file's position says which word is first; part of a word
 * cannot be read.
 */
#include "proc.h"

#include <frame.h>
#include <mm.h>
#include <task.h>

#define CHUNK 64u /* words at a time */

/* ---- reading words ---- */

/*
 * Words from *position / 8 up to end, each made by word(context, index). An address space behind
 * context is held by the caller: the copies may sleep.
 */
static ssize_t read_words(struct uio *io, loff_t *position, uint64_t end,
			  uint64_t (*word)(void *context, uint32_t index), void *context)
{
	uint64_t words[CHUNK];
	ssize_t done = 0, got = 1;

	if (*position < 0 || *position % 8 || io->left % 8)
		return -EINVAL;
	while (io->left && got > 0) {
		uint64_t index = (uint64_t)*position / 8;
		size_t count = 0;

		while (count < CHUNK && count * 8 < io->left && index < end)
			words[count++] = word(context, (uint32_t)index++);
		got = count ? uio_copy_out(io, words, count * 8) : 0;
		if (got > 0) {
			*position += got;
			done += got;
		}
		if (sched_give_way())
			break;
	}
	return done ? done : MIN(got, 0);
}

/* ---- pagemap ---- */

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FILE (1ull << 61)
#define PAGEMAP_EXCLUSIVE (1ull << 56)

/* A slot: its area in the lowest 5 bits, its number above. For the superuser, as frame numbers are. */
static uint64_t swap_word(swap_t swap)
{
	uint64_t slot = swap & ((1u << SWAP_SLOT_BITS) - 1);

	return cred_can(CAP_SYS_ADMIN) ? swap >> SWAP_SLOT_BITS | slot << 5 : 0;
}

static uint64_t pagemap_word(void *context, uint32_t index)
{
	const struct mm *mm = context;
	struct page_mapping page;
	uint64_t word = PAGEMAP_PRESENT;

	if (!pagedir_lookup(&mm->pagedir, (vaddr_t)index << PAGE_SHIFT, &page))
		return 0;
	if (page.swap)
		return PAGEMAP_SWAPPED | swap_word(page.swap);
	/* Frame numbers are for the superuser. */
	if (cred_can(CAP_SYS_ADMIN))
		word |= page.paddr >> PAGE_SHIFT;
	if (!page.frame || (page.frame->kind != FRAME_ANON && page.frame->kind != FRAME_CACHE))
		return word;
	if (page.frame->kind == FRAME_CACHE)
		word |= PAGEMAP_FILE;
	if (page_mappings(&page) == 1)
		word |= PAGEMAP_EXCLUSIVE;
	return word;
}

ssize_t proc_read_pagemap(struct process *process, struct uio *io, loff_t *position)
{
	struct mm *mm = process->mm;
	ssize_t done;

	if (!mm)
		return 0;
	mm_get(mm);
	done = read_words(io, position, USER_TOP >> PAGE_SHIFT, pagemap_word, mm);
	mm_put(mm);
	return done;
}

/* ---- frames ---- */

static uint64_t count_word(void *context, uint32_t index)
{
	const struct frame *frame = frame_from_pfn(index);

	(void)context;
	return frame && (frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE)
		       ? frame_mappings(frame)
		       : 0;
}

#define KPF(bit) (1ull << (bit))
#define KPF_UPTODATE KPF(3)
#define KPF_DIRTY KPF(4)
#define KPF_SLAB KPF(7)
#define KPF_BUDDY KPF(10)
#define KPF_MMAP KPF(11)
#define KPF_ANON KPF(12)
#define KPF_SWAPCACHE KPF(13)
#define KPF_SWAPBACKED KPF(14)
#define KPF_UNEVICTABLE KPF(18)
#define KPF_NOPAGE KPF(20)
#define KPF_ZERO_PAGE KPF(24)
#define KPF_PGTABLE KPF(26)
#define KPF_RESERVED KPF(32)
#define KPF_MLOCKED KPF(33)

/* Linux marks the first frame of a free block alone; here all free ones are. */
static uint64_t flags_of_kind(const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_FREE:
		return KPF_BUDDY;
	case FRAME_RESERVED:
	case FRAME_IMAGE:
		return KPF_RESERVED;
	case FRAME_KERNEL:
		if (fault_is_zero_frame(frame))
			return KPF_ZERO_PAGE;
		return frame->flags & FRAME_FLAG_SLAB ? KPF_SLAB : 0;
	case FRAME_PAGE_TABLE:
		return KPF_PGTABLE;
	case FRAME_ANON:
		return KPF_UPTODATE | KPF_ANON | KPF_SWAPBACKED |
		       (frame->slot ? KPF_SWAPCACHE : KPF_DIRTY) |
		       (frame->flags & FRAME_FLAG_DIRTY ? KPF_DIRTY : 0);
	case FRAME_CACHE:
		return KPF_UPTODATE | (frame->flags & FRAME_FLAG_DIRTY ? KPF_DIRTY : 0);
	default:
		return 0;
	}
}

static uint64_t flags_word(void *context, uint32_t index)
{
	const struct frame *frame = frame_from_pfn(index);

	if (!frame)
		return KPF_NOPAGE;
	return flags_of_kind(frame) | (count_word(context, index) ? KPF_MMAP : 0) |
	       (frame->flags & FRAME_FLAG_UNEVICTABLE && frame->kind != FRAME_FREE
			? KPF_UNEVICTABLE | KPF_MLOCKED
			: 0);
}

ssize_t proc_read_kpagecount(struct process *process, struct uio *io, loff_t *position)
{
	(void)process;
	return read_words(io, position, frame_pfn_end(), count_word, NULL);
}

ssize_t proc_read_kpageflags(struct process *process, struct uio *io, loff_t *position)
{
	(void)process;
	return read_words(io, position, frame_pfn_end(), flags_word, NULL);
}

/* ---- clear_refs ---- */

#define CLEAR_ALL 1
#define CLEAR_ANONYMOUS 2
#define CLEAR_MAPPED 3
#define CLEAR_SOFT_DIRTY 4 /* a bit that Loft, like many a Linux, does not keep */
#define CLEAR_PEAK 5

/* The referenced bits of all regions, of those without a file, or of those with one. */
static int clear_regions(struct mm *mm, int32_t which)
{
	int error = 0;

	mutex_lock(&mm->lock);
	for (struct vma *vma = mm_first(mm); vma && !error; vma = vma_next(vma)) {
		if ((which == CLEAR_ANONYMOUS && vma->file) ||
		    (which == CLEAR_MAPPED && !vma->file))
			continue;
		pagedir_clear_accessed(&mm->pagedir, vma->start, vma->end);
		error = sched_give_way() ? -EINTR : 0;
	}
	mutex_unlock(&mm->lock);
	return error;
}

int proc_store_clear_refs(const char *text, struct process *process)
{
	struct mm *mm = process->mm;
	int32_t which;
	int error = proc_parse_number(text, &which);

	if (error || which < CLEAR_ALL || which > CLEAR_PEAK)
		return -EINVAL;
	if (!mm)
		return 0;
	if (which == CLEAR_PEAK) {
		mm->peak_resident = mm->pagedir.resident_anon + mm->pagedir.resident_file;
		return 0;
	}
	if (which == CLEAR_SOFT_DIRTY)
		return 0;
	mm_get(mm);
	error = clear_regions(mm, which);
	mm_put(mm);
	return error;
}
