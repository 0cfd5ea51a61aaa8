/*
 * The frame ledger: every reference to every frame is found again from the other side.
 *
 *   refs = entries in all page tables (counted by walking all address spaces)
 *        + 1 if it is in a page cache               (its object's tree has it)
 *        + holds declared by ledger_hold
 *
 * for user memory and page cache; a frame of any other kind is mapped by nobody, save the shared
 * zero frame, which is held. A page table has as many references as directories have it; its
 * entries count once. On the way each entry is held against its region's rights. Promised memory
 * (commit.h) is added up from those who hold it. Nothing sleeps in here and the kernel is not
 * preempted, so what is counted stands still; a task that sleeps while it holds a frame has declared
 * it.
 */
#include <ledger.h>

#include <assert.h>
#include <commit.h>
#include <format.h>
#include <frame.h>
#include <mm.h>
#include <vma.h>

/* ---- one audit ---- */

struct audit {
	void (*report)(void *context, const char *text);
	void *context;
	unsigned faults;
	/* of the address space being walked */
	struct mm *mm;
	struct vma *vma;     /* the first region that ends above the entry before */
	struct frame *table; /* of the page before */
	bool first_time;     /* it was met in no address space before */
	uint32_t resident;
};

/* frame_check and the walk report through this; only one audit runs at a time. */
static struct audit *auditing;

static __printf(1, 2) void complain(const char *text, ...)
{
	char line[120];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	auditing->faults++;
	auditing->report(auditing->context, line);
}

static void complain_of_frame(const char *text, pfn_t pfn)
{
	complain("frame %x: %s", pfn, text);
}

/* ---- page tables ---- */

static void check_rights(const struct vma *vma, vaddr_t at, const struct page_mapping *page)
{
	if ((page->rights & MAP_WRITE) && !(vma->flags & VMA_WRITE))
		complain("page %x is writable, its region is not", at);
	if ((page->rights & MAP_READ) && !(vma->flags & VMA_RIGHTS))
		complain("page %x is readable, its region is not", at);
	if ((page->rights & MAP_WRITE) && !(vma->flags & VMA_SHARED) && page->frame &&
	    page->frame->kind != FRAME_ANON)
		complain("page %x: a private region may write a frame that is not its own", at);
	if ((page->rights & MAP_WRITE) && !(vma->flags & VMA_SHARED) && page->frame &&
	    page->frame->refs - page->frame->holds != 1)
		complain("page %x: a private region may write a shared frame", at);
}

/* Notes that another directory has the table. */
static void meet_table(struct audit *audit, struct frame *table)
{
	if (table == audit->table)
		return;
	audit->table = table;
	audit->first_time = table->tally == 0;
	table->tally++;
}

static bool audit_entry(void *context, vaddr_t at, const struct page_mapping *page)
{
	struct audit *audit = context;

	while (audit->vma && audit->vma->end <= at)
		audit->vma = vma_next(audit->vma);
	if (!audit->vma || at < audit->vma->start)
		complain("page %x is mapped outside every region", at);
	else
		check_rights(audit->vma, at, page);
	meet_table(audit, page->table);
	if (!page->frame)
		return true;
	page->frame->tally += audit->first_time;
	audit->resident += page->frame->kind == FRAME_ANON || page->frame->kind == FRAME_CACHE;
	return true;
}

static void audit_mm(struct audit *audit, struct mm *mm)
{
	audit->mm = mm;
	audit->vma = mm_first(mm);
	audit->table = NULL;
	audit->resident = 0;
	pagedir_walk(&mm->pagedir, 0, USER_TOP, audit_entry, audit);
	if (audit->resident != mm->pagedir.resident_anon + mm->pagedir.resident_file)
		complain("an address space has %u resident pages and counts %u", audit->resident,
			 mm->pagedir.resident_anon + mm->pagedir.resident_file);
}

/* ---- frames ---- */

static bool in_page_cache(const struct frame *frame)
{
	return frame->kind == FRAME_CACHE && frame->object &&
	       radix_lookup(&frame->object->pages, frame->index) == frame;
}

static void audit_frame(pfn_t pfn, const struct frame *frame)
{
	uint32_t known = frame->tally + frame->holds + in_page_cache(frame);
	const char *kind = frame_kind_name(frame->kind);

	if (frame->kind == FRAME_FREE && frame->refs)
		complain("frame %x is free and has %u references", pfn, frame->refs);
	if (frame->kind == FRAME_FREE && frame->tally)
		complain("frame %x is free and mapped %u times", pfn, frame->tally);
	if (frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE) {
		if (frame->refs != known)
			complain(
				"frame %x (%s) has %u references: %u mappings, %u holds, cached %u",
				pfn, kind, frame->refs, frame->tally, frame->holds,
				in_page_cache(frame));
		return;
	}
	if (frame->kind == FRAME_PAGE_TABLE) {
		/* Met by nobody: a directory, or a table of the kernel half. */
		if (frame->refs != MAX(frame->tally, 1u))
			complain("page table %x has %u references, %u directories have it", pfn,
				 frame->refs, frame->tally);
		return;
	}
	if (frame->tally && !frame->holds)
		complain("frame %x (%s) is mapped into user space", pfn, kind);
	if (frame->holds && frame->refs != known)
		complain("frame %x (%s) has %u references, %u are known", pfn, kind, frame->refs,
			 known);
}

static void clear_tallies(void)
{
	for (pfn_t pfn = 0; pfn < frame_pfn_end(); pfn++) {
		struct frame *frame = frame_from_pfn(pfn);

		if (frame)
			frame->tally = 0;
	}
}

/* Each frame against what is known of it, and the kinds against the counters. */
static void audit_frames(void)
{
	struct frame_counts counts;
	uint32_t by_kind[FRAME_KINDS] = { 0 }, total = 0;

	for (pfn_t pfn = 0; pfn < frame_pfn_end(); pfn++) {
		struct frame *frame = frame_from_pfn(pfn);

		if (!frame || frame->kind >= FRAME_KINDS)
			continue;
		audit_frame(pfn, frame);
		by_kind[frame->kind]++;
	}
	frame_count(&counts);
	for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
		total += by_kind[kind];
		if (by_kind[kind] != counts.by_kind[kind])
			complain("%u %s frames, %u are counted", by_kind[kind],
				 frame_kind_name(kind), counts.by_kind[kind]);
	}
	if (total != counts.total)
		complain("the kinds add up to %u frames of %u", total, counts.total);
}

/* Promised memory: what its holders hold against what is counted. */
static void audit_promises(void)
{
	const struct object *object;
	uint32_t npages = 0;
	struct mm *mm;

	list_for_each(mm, &mm_all, all_link) {
		uint32_t of_regions = 0;

		for (const struct vma *vma = mm_first(mm); vma; vma = vma_next(vma))
			of_regions += vma->flags & VMA_ACCOUNT ? vma_npages(vma) : 0;
		if (of_regions != mm->promised_npages)
			complain("an address space is promised %u pages and counts %u", of_regions,
				 mm->promised_npages);
		npages += of_regions;
	}
	list_for_each(object, &objects_promised, promised_link) {
		npages += object->promised_npages;
		if (object->promises_pages && object->promised_npages != object->pages.count)
			complain("an object of %u pages promises %u", object->pages.count,
				 object->promised_npages);
	}
	if (npages != commit_npages)
		complain("%u pages are promised, %u are counted", npages, commit_npages);
}

unsigned ledger_check(void (*report)(void *context, const char *text), void *context)
{
	struct audit audit = { .report = report, .context = context };
	struct mm *mm;

	assert(!auditing);
	auditing = &audit;
	clear_tallies();
	list_for_each(mm, &mm_all, all_link)
		audit_mm(&audit, mm);
	audit_frames();
	audit_promises();
	frame_check(complain_of_frame);
	auditing = NULL;
	return audit.faults;
}
