/*
 * Memory of the system as a whole: /proc/meminfo and /proc/vmstat, in Linux's words (proc(5)). A line
 * is there when its figure is known and true; what Loft does not count has none.
 */
#include "proc.h"

#include <commit.h>
#include <frame.h>
#include <kheap.h>
#include <mm.h>
#include <string.h>

#define KB_OF_PAGES(npages) ((npages) * (PAGE_SIZE / KB))

/* Frames that are not in the direct map; the same for ever. */
static uint32_t high_total(const struct frame_counts *counts)
{
	static bool counted;
	static uint32_t low;

	for (pfn_t pfn = 0; !counted && pfn < frame_low_end() >> PAGE_SHIFT; pfn++)
		low += frame_from_pfn(pfn) != NULL;
	counted = true;
	return counts->total - low;
}

/* Anonymous frames that are mapped, and cache pages that are, counted once a mapping. */
static void count_mapped(uint32_t *anonymous, uint32_t *file)
{
	struct mm *mm;

	*anonymous = *file = 0;
	list_for_each(mm, &mm_all, all_link) {
		*anonymous += mm->pagedir.resident_anon;
		*file += mm->pagedir.resident_file;
	}
}

int proc_show_meminfo(struct proc_text *text, struct process *process)
{
	struct frame_counts counts;
	uint32_t objects, heap_bytes, mapped_anonymous, mapped_file, high, managed, free_frames;

	(void)process;
	frame_count(&counts);
	kheap_count(&objects, &heap_bytes);
	count_mapped(&mapped_anonymous, &mapped_file);
	high = high_total(&counts);
	managed = counts.total - counts.by_kind[FRAME_RESERVED] - counts.by_kind[FRAME_IMAGE];
	free_frames = counts.by_kind[FRAME_FREE];

	const struct {
		const char *name;
		uint32_t npages;
	} lines[] = {
		{ "MemTotal", managed },
		{ "MemFree", free_frames },
		{ "MemAvailable", free_frames },
		{ "Buffers", 0 },
		{ "Cached", object_cached_pages },
		{ "SwapCached", 0 },
		{ "HighTotal", high },
		{ "HighFree", counts.free_high },
		{ "LowTotal", managed - high },
		{ "LowFree", counts.free_low },
		{ "SwapTotal", 0 },
		{ "SwapFree", 0 },
		{ "AnonPages", counts.by_kind[FRAME_ANON] },
		{ "Mapped", mapped_file },
		{ "Slab", DIV_ROUND_UP(heap_bytes, PAGE_SIZE) },
		{ "PageTables", counts.by_kind[FRAME_PAGE_TABLE] },
		{ "CommitLimit", commit_limit() },
		{ "Committed_AS", commit_npages },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		proc_print(text, "%s:%*s%8u kB\n", lines[i].name, (int)(15 - strlen(lines[i].name)),
			   "", KB_OF_PAGES(lines[i].npages));
	return 0;
}

int proc_show_vmstat(struct proc_text *text, struct process *process)
{
	struct frame_counts counts;
	uint32_t total = 0;

	(void)process;
	frame_count(&counts);
	proc_print(text, "nr_free_pages %u\n", counts.by_kind[FRAME_FREE]);
	proc_print(text, "nr_anon_pages %u\n", counts.by_kind[FRAME_ANON]);
	proc_print(text, "nr_file_pages %u\n", object_cached_pages);
	proc_print(text, "nr_page_table_pages %u\n", counts.by_kind[FRAME_PAGE_TABLE]);
	for (unsigned i = 0; i < FAULT_RESULTS; i++)
		if (i != FAULT_STACK_GROWTH)
			total += fault_counts[i];
	proc_print(text, "pgfault %u\n", total);
	for (unsigned i = 0; i < FAULT_RESULTS; i++) {
		char name[32];

		strlcpy(name, fault_result_name(i), sizeof(name));
		for (char *at = name; *at; at++)
			if (*at == ' ' || *at == '/')
				*at = '_';
		proc_print(text, "loft_fault_%s %u\n", name, fault_counts[i]);
	}
	return 0;
}
