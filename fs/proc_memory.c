/*
 * How much memory a process has, in figures: statm, and the lines about memory in status. None of
 * these walks page tables, save where memory is shared: what is resident of that is not counted
 * apart.
 */
#include "proc.h"

#include <mm.h>
#include <task.h>

#define KB_OF_PAGES(npages) ((npages) * (PAGE_SIZE / KB))

/* Sums over the regions, in pages. */
struct region_sums {
	uint32_t stack;		/* that may grow down */
	uint32_t code;		/* executable and neither writable nor a stack */
	uint32_t shared_memory; /* resident */
};

static bool count_one(void *context, vaddr_t at, const struct page_mapping *page)
{
	(void)at;
	*(uint32_t *)context += page->frame && page->frame->kind == FRAME_CACHE;
	return true;
}

static void sum_regions(const struct mm *mm, struct region_sums *sums)
{
	*sums = (struct region_sums){ 0 };
	for (const struct vma *vma = mm_first((struct mm *)mm); vma; vma = vma_next(vma)) {
		uint32_t npages = (vma->end - vma->start) >> PAGE_SHIFT;

		if (vma->flags & VMA_GROWSDOWN)
			sums->stack += npages;
		else if ((vma->flags & (VMA_EXEC | VMA_WRITE)) == VMA_EXEC)
			sums->code += npages;
		if (vma->object && object_is_shared_memory(vma->object))
			pagedir_walk(&mm->pagedir, vma->start, vma->end, count_one,
				     &sums->shared_memory);
	}
}

static uint32_t own_code_pages(const struct mm *mm)
{
	return (ROUND_UP(mm->code_end, PAGE_SIZE) - ROUND_DOWN(mm->code_start, PAGE_SIZE)) >>
	       PAGE_SHIFT;
}

/* Pages: size, resident, resident of files, code, 0, data and stack, 0. */
int proc_show_statm(struct proc_text *text, struct process *process)
{
	const struct mm *mm = process->mm;
	struct region_sums sums;

	if (!mm) {
		proc_print(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	sum_regions(mm, &sums);
	proc_print(text, "%u %u %u %u 0 %u 0\n", mm->npages,
		   mm->pagedir.resident_anon + mm->pagedir.resident_file, mm->pagedir.resident_file,
		   own_code_pages(mm), mm->data_npages + sums.stack);
	return 0;
}

void proc_show_status_memory(struct proc_text *text, const struct mm *mm)
{
	uint32_t resident = mm->pagedir.resident_anon + mm->pagedir.resident_file;
	uint32_t own_code = own_code_pages(mm);
	struct region_sums sums;

	sum_regions(mm, &sums);
	const struct {
		const char *name;
		uint32_t npages;
	} lines[] = {
		{ "VmPeak", MAX(mm->peak_npages, mm->npages) },
		{ "VmSize", mm->npages },
		{ "VmLck", mm->locked_npages },
		{ "VmPin", 0 },
		{ "VmHWM", MAX(mm->peak_resident, resident) },
		{ "VmRSS", resident },
		{ "RssAnon", mm->pagedir.resident_anon },
		{ "RssFile", mm->pagedir.resident_file - sums.shared_memory },
		{ "RssShmem", sums.shared_memory },
		{ "VmData", mm->data_npages },
		{ "VmStk", sums.stack },
		{ "VmExe", own_code },
		{ "VmLib", sums.code - MIN(own_code, sums.code) },
		{ "VmPTE", mm->pagedir.ntables },
		{ "VmSwap", mm->pagedir.swapped },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		proc_print(text, "%s:\t%8u kB\n", lines[i].name, KB_OF_PAGES(lines[i].npages));
}
