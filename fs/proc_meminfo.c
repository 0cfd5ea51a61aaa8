/*
 * Memory of the system as a whole: /proc/meminfo and /proc/vmstat, in Linux's words (proc(5)). A
 * line is there when its figure is known and true; what Loft does not count has none. What is
 * counted nowhere is counted here, over all frames: they are some thousands, and who asks is not
 * in a hurry.
 */
#include "proc.h"

#include <commit.h>
#include <frame.h>
#include <kheap.h>
#include <mm.h>
#include <policy.h>
#include <string.h>
#include <vm_events.h>
#include <writeback.h>

#define KB_OF_PAGES(npages) ((npages) * (PAGE_SIZE / KB))
#define FRAMES_AT_ONCE 65536u /* between chances for other tasks */

/* Frames by what only they themselves tell. */
struct frame_census {
	uint32_t slab;		/* cut into small objects of the kernel heap */
	uint32_t mapped;	/* page cache that a program maps */
	uint32_t anonymous;	/* private memory, likewise */
	uint32_t shared_memory; /* page cache that has no file of a disk behind it */
	uint32_t low;		/* in the direct map */
	/* User memory and page cache, as the replacement policy sees it. */
	struct policy_counts listed[POLICY_CLASSES];
};

static void count_listed(struct frame_census *census, const struct frame *frame)
{
	struct policy_counts *of = &census->listed[policy_class(frame)];

	(*(frame->flags & FRAME_FLAG_ACTIVE ? &of->active : &of->inactive))++;
}

static void count_frame(struct frame_census *census, const struct frame *frame)
{
	census->low += frame_is_low(frame);
	if (frame->kind == FRAME_KERNEL)
		census->slab += (frame->flags & FRAME_FLAG_SLAB) != 0;
	census->anonymous += frame->kind == FRAME_ANON && frame_mappings(frame) > 0;
	if ((frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE) &&
	    !(frame->flags & FRAME_FLAG_UNEVICTABLE))
		count_listed(census, frame);
	if (frame->kind != FRAME_CACHE)
		return;
	census->mapped += frame_mappings(frame) > 0;
	census->shared_memory += frame->object && object_is_shared_memory(frame->object);
}

static int take_census(struct frame_census *census)
{
	*census = (struct frame_census){ 0 };
	for (pfn_t pfn = 0; pfn < frame_pfn_end(); pfn++) {
		const struct frame *frame = frame_from_pfn(pfn);

		if (frame)
			count_frame(census, frame);
		if (pfn % FRAMES_AT_ONCE == 0 && sched_give_way())
			return -EINTR;
	}
	return 0;
}

static uint32_t kernel_stack_pages(void)
{
	uint32_t load[3];
	unsigned running, total;

	sched_load(load, &running, &total);
	return total * (KERNEL_STACK_SIZE / PAGE_SIZE);
}

/* What a new program could have without others being swapped out: Linux's si_mem_available. */
static uint32_t count_available(const struct frame_census *census)
{
	const struct policy_counts *files = &census->listed[POLICY_FILE];
	uint32_t cached = files->active + files->inactive, low = frame_mark(FRAME_MARK_LOW);
	struct frame_counts counts;

	frame_count(&counts);
	cached -= MIN(cached / 2, low);
	return counts.by_kind[FRAME_FREE] + cached;
}

int proc_show_meminfo(struct proc_text *text, struct process *process)
{
	struct frame_counts counts;
	struct frame_census census;
	uint32_t managed, high;
	const struct policy_counts *anon = &census.listed[POLICY_ANON];
	const struct policy_counts *files = &census.listed[POLICY_FILE];
	int error = take_census(&census);

	(void)process;
	if (error)
		return error;
	frame_count(&counts);
	managed = counts.total - counts.by_kind[FRAME_RESERVED] - counts.by_kind[FRAME_IMAGE];
	high = counts.total - census.low;
	const struct {
		const char *name;
		uint32_t npages;
	} lines[] = {
		{ "MemTotal", managed },
		{ "MemFree", counts.by_kind[FRAME_FREE] },
		{ "MemAvailable", count_available(&census) },
		{ "Buffers", object_buffer_pages },
		{ "Cached", object_cached_pages - object_buffer_pages },
		{ "SwapCached", swap_cached_npages },
		{ "Active", anon->active + files->active },
		{ "Inactive", anon->inactive + files->inactive },
		{ "Active(anon)", anon->active },
		{ "Inactive(anon)", anon->inactive },
		{ "Active(file)", files->active },
		{ "Inactive(file)", files->inactive },
		{ "Unevictable", policy_unevictable_npages },
		{ "Mlocked", policy_unevictable_npages },
		{ "HighTotal", high },
		{ "HighFree", counts.free_high },
		{ "LowTotal", managed - high },
		{ "LowFree", counts.free_low },
		{ "SwapTotal", swap_total_npages },
		{ "SwapFree", swap_free_npages },
		{ "Dirty", object_dirty_pages },
		{ "Writeback", object_writeback_pages + swap_writing_npages },
		{ "AnonPages", census.anonymous },
		{ "Mapped", census.mapped },
		{ "Shmem", census.shared_memory },
		{ "KReclaimable", 0 },
		{ "Slab", census.slab },
		{ "SReclaimable", 0 },
		{ "SUnreclaim", census.slab },
		{ "KernelStack", kernel_stack_pages() },
		{ "PageTables", counts.by_kind[FRAME_PAGE_TABLE] },
		{ "CommitLimit", commit_limit() },
		{ "Committed_AS", commit_npages },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		proc_print(text, "%s:%*s%8u kB\n", lines[i].name, (int)(15 - strlen(lines[i].name)),
			   "", KB_OF_PAGES(lines[i].npages));
	return 0;
}

/* ---- vmstat ---- */

static void print_decisions(struct proc_text *text)
{
	for (unsigned i = 0; i < FAULT_RESULTS; i++) {
		char name[32];

		strlcpy(name, fault_result_name(i), sizeof(name));
		for (char *at = name; *at; at++)
			if (*at == ' ' || *at == '/')
				*at = '_';
		proc_print(text, "loft_fault_%s %u\n", name, fault_counts[i]);
	}
}

static uint32_t count_faults(void)
{
	uint32_t total = 0;

	for (unsigned i = 0; i < FAULT_RESULTS; i++)
		if (i != FAULT_STACK_GROWTH)
			total += fault_counts[i];
	return total;
}

int proc_show_vmstat(struct proc_text *text, struct process *process)
{
	struct frame_counts counts;
	struct writeback_limits limits;
	struct frame_census census;
	const struct policy_counts *anon = &census.listed[POLICY_ANON];
	const struct policy_counts *files = &census.listed[POLICY_FILE];
	int error = take_census(&census);

	(void)process;
	if (error)
		return error;
	frame_count(&counts);
	limits = writeback_limits();
	const struct {
		const char *name;
		uint32_t value;
	} lines[] = {
		{ "nr_free_pages", counts.by_kind[FRAME_FREE] },
		{ "nr_mlock", policy_unevictable_npages },
		{ "nr_anon_pages", census.anonymous },
		{ "nr_mapped", census.mapped },
		{ "nr_file_pages", object_cached_pages },
		{ "nr_inactive_anon", anon->inactive },
		{ "nr_active_anon", anon->active },
		{ "nr_inactive_file", files->inactive },
		{ "nr_active_file", files->active },
		{ "nr_unevictable", policy_unevictable_npages },
		{ "nr_dirty", object_dirty_pages },
		{ "nr_writeback", object_writeback_pages + swap_writing_npages },
		{ "nr_shmem", census.shared_memory },
		{ "nr_slab_reclaimable", 0 },
		{ "nr_slab_unreclaimable", census.slab },
		{ "nr_kernel_stack", KB_OF_PAGES(kernel_stack_pages()) },
		{ "nr_page_table_pages", counts.by_kind[FRAME_PAGE_TABLE] },
		{ "nr_swapcached", swap_cached_npages },
		{ "nr_dirty_threshold", limits.most },
		{ "nr_dirty_background_threshold", limits.background },
		{ "pgalloc_normal", counts.allocated_low },
		{ "pgalloc_high", counts.allocated_high },
		{ "pgfree", counts.freed },
		{ "pgfault", count_faults() },
		{ "pgmajfault", fault_major_count },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		proc_print(text, "%s %u\n", lines[i].name, lines[i].value);
	for (unsigned i = 0; i < VM_EVENTS_COUNT; i++)
		proc_print(text, "%s %u\n", vm_event_name(i), vm_events[i]);
	print_decisions(text);
	return 0;
}
