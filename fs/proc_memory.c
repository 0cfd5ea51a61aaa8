/*
 * A process's memory as /proc shows it: maps, statm, pagemap. None of these sleeps while it looks at regions.
 */
#include "proc.h"

#include <format.h>
#include <mm.h>
#include <string.h>
#include <task.h>
#include <vdso.h>

/* Column where the names stand in maps, as Linux pads. */
#define NAME_COLUMN 49

static const char *region_name(const struct vma *vma, const struct mm *mm, char *buffer,
			       size_t size)
{
	if (vma->file) {
		const char *path = file_path(vma->file, buffer, size);

		return IS_ERR(path) ? "" : path;
	}
	if (vdso_region_name(vma))
		return vdso_region_name(vma);
	if (vma->start < mm->brk && vma->end > mm->brk_start)
		return "[heap]";
	if (vma->start <= mm->stack_top && vma->end >= mm->stack_top && (vma->flags & VMA_STACK))
		return "[stack]";
	return vma->object ? "/dev/zero (deleted)" : "";
}

/* Shared memory that no file names looks like one of Linux's internal tmpfs. */
#define SHARED_MEMORY_DEVICE 1u

static void show_region(struct proc_text *text, const struct vma *vma, const char *name)
{
	uint32_t number = vma->object ? vma->object->number : 0;
	dev_t device = number ? SHARED_MEMORY_DEVICE : 0;
	size_t start = text->used;

	if (vma->file && !number) {
		device = file_device(vma->file);
		number = file_inode_number(vma->file);
	}

	proc_print(text, "%08x-%08x %c%c%c%c %08x %02x:%02x %u ", vma->start, vma->end,
		   vma->flags & VMA_READ ? 'r' : '-', vma->flags & VMA_WRITE ? 'w' : '-',
		   vma->flags & VMA_EXEC ? 'x' : '-', vma->flags & VMA_SHARED ? 's' : 'p',
		   vma->object ? vma->page_offset << PAGE_SHIFT : 0, (unsigned)device >> 8 & 0xfff,
		   (unsigned)device & 0xff, number);
	while (*name && text->used - start < NAME_COLUMN && !text->failed)
		proc_print(text, " ");
	proc_print(text, "%s\n", name);
}

int proc_show_maps(struct proc_text *text, struct process *process)
{
	struct mm *mm = process->mm;
	char *path;

	if (!mm)
		return 0;
	path = path_buffer_get();
	if (!path)
		return -ENOMEM;
	for (const struct vma *vma = mm_first(mm); vma; vma = vma_next(vma))
		show_region(text, vma, region_name(vma, mm, path, PATH_MAX));
	path_buffer_put(path);
	return 0;
}

/* Pages: size, resident, resident of files, code, libraries (0), data and stack, dirty (0). */
int proc_show_statm(struct proc_text *text, struct process *process)
{
	const struct mm *mm = process->mm;
	uint32_t code;

	if (!mm) {
		proc_print(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	code = (ROUND_UP(mm->code_end, PAGE_SIZE) - ROUND_DOWN(mm->code_start, PAGE_SIZE)) >>
	       PAGE_SHIFT;
	proc_print(text, "%u %u %u %u 0 %u 0\n", mm->npages,
		   mm->pagedir.resident_anon + mm->pagedir.resident_file, mm->pagedir.resident_file,
		   code, mm->data_npages);
	return 0;
}

/* ---- pagemap: a 64-bit word for each page (Linux's admin-guide/mm/pagemap) ---- */

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_FILE (1ull << 61)
#define PAGEMAP_EXCLUSIVE (1ull << 56)
#define PAGEMAP_CHUNK 64u

static uint64_t pagemap_word(const struct mm *mm, vaddr_t at)
{
	struct page_mapping page;
	uint64_t word;

	if (at >= USER_TOP || !pagedir_lookup(&mm->pagedir, at, &page))
		return 0;
	word = PAGEMAP_PRESENT;
	/* Frame numbers are for the superuser, as on Linux. */
	if (cred_can(CAP_SYS_ADMIN))
		word |= page.paddr >> PAGE_SHIFT;
	if (page.frame && page.frame->kind == FRAME_CACHE)
		word |= PAGEMAP_FILE;
	if (page.frame && page.frame->kind == FRAME_ANON && page.frame->refs == 1)
		word |= PAGEMAP_EXCLUSIVE;
	return word;
}

/* One chunk of words; the address space is held while they are copied out, which may sleep. */
static ssize_t read_chunk(struct mm *mm, struct uio *io, loff_t position)
{
	uint64_t words[PAGEMAP_CHUNK];
	uint64_t index = (uint64_t)position / sizeof(*words);
	uint64_t end = (uint64_t)USER_TOP >> PAGE_SHIFT;
	size_t count = 0;

	while (count < PAGEMAP_CHUNK && count * sizeof(*words) < io->left && index < end)
		words[count++] = pagemap_word(mm, (vaddr_t)(index++ << PAGE_SHIFT));
	return count ? uio_copy_out(io, words, count * sizeof(*words)) : 0;
}

ssize_t proc_read_pagemap(struct process *process, struct uio *io, loff_t *position)
{
	struct mm *mm = process->mm;
	ssize_t done = 0, got = 1;

	if (*position < 0 || *position % 8 || io->left % 8)
		return -EINVAL;
	if (!mm)
		return 0;
	mm_get(mm);
	while (io->left && got > 0) {
		got = read_chunk(mm, io, *position);
		if (got > 0) {
			*position += got;
			done += got;
		}
	}
	mm_put(mm);
	return done ? done : got > 0 ? 0 : got;
}
