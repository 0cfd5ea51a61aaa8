/*
 * The frame ledger: every reference to every frame is found again from the other side.
 *
 *   refs = entries in all page tables (counted by walking all address spaces)
 *        + 1 if it is in a page cache               (its object's tree has it)
 *        + 1 if it is in the swap cache             (frame->slot)
 *        + holds declared by ledger_hold
 *
 * for user memory and page cache; a frame of any other kind is mapped by nobody, save the shared
 * zero frame, which is held. A slot of swap has one reference for each entry that names it, and one if
 * a frame of the swap cache has it. A page table has as many references as directories have it; its
 * entries count once. What page tables hold is not added up beside the references but taken away from
 * them, and given back in the end: in between, what is left must be known otherwise. Before that, each
 * entry is held against its region's rights. Promised memory
 * (commit.h) is added up from those who hold it; what is kept as unevictable has to be locked.
 * Nothing sleeps in here and the kernel is not preempted, so what is counted stands still; a task
 * that sleeps while it holds a frame has declared it.
 */
#include <ledger.h>

#include <assert.h>
#include <commit.h>
#include <format.h>
#include <frame.h>
#include <mm.h>
#include <unevictable.h>
#include <vma.h>

/* ---- one audit ---- */

struct audit {
	void (*report)(void *context, const char *text);
	void *context;
	unsigned faults;
	/* of the address space being walked */
	struct mm *mm;
	struct vma *vma; /* the first region that ends above the entry before */
	uint32_t resident, swapped;
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

static void complain_of_slot(swap_t swap, const char *text)
{
	complain("slot %x of swap: %s", swap, text);
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

static bool audit_entry(void *context, vaddr_t at, const struct page_mapping *page)
{
	struct audit *audit = context;

	while (audit->vma && audit->vma->end <= at)
		audit->vma = vma_next(audit->vma);
	if (!audit->vma || at < audit->vma->start)
		complain("page %x is mapped outside every region", at);
	else
		check_rights(audit->vma, at, page);
	audit->swapped += page->swap != 0;
	if (page->frame)
		audit->resident += page->frame->kind == FRAME_ANON ||
				   page->frame->kind == FRAME_CACHE;
	return true;
}

static void audit_mm(struct audit *audit, struct mm *mm)
{
	audit->mm = mm;
	audit->vma = mm_first(mm);
	audit->resident = audit->swapped = 0;
	pagedir_walk(&mm->pagedir, 0, USER_TOP, audit_entry, audit);
	if (audit->resident != mm->pagedir.resident_anon + mm->pagedir.resident_file)
		complain("an address space has %u resident pages and counts %u", audit->resident,
			 mm->pagedir.resident_anon + mm->pagedir.resident_file);
	if (audit->swapped != mm->pagedir.swapped)
		complain("an address space has %u pages in swap and counts %u", audit->swapped,
			 mm->pagedir.swapped);
}

/* ---- references of page tables ---- */

/*
 * Walks all page tables and takes away the references that they hold, or gives them back. Of a table
 * that several directories have, the entries count where its last reference goes, and, on the way
 * back, where its first one comes: in the other directories it is passed over.
 */
struct recount {
	bool back;
	struct frame *table; /* of the page before */
	bool counts;	     /* its entries do, here */
};

static void meet_table(struct recount *recount, struct frame *table)
{
	if (table == recount->table)
		return;
	recount->table = table;
	if (recount->back)
		recount->counts = table->refs++ == 0;
	else
		recount->counts = --table->refs == 0;
}

static bool recount_entry(void *context, vaddr_t at, const struct page_mapping *page)
{
	struct recount *recount = context;

	meet_table(recount, page->table);
	if (page->frame && recount->counts)
		page->frame->refs += recount->back ? 1 : -1u;
	if (page->swap && recount->counts && !swap_recount(page->swap, recount->back) &&
	    !recount->back)
		complain("page %x is in slot %x of swap, which is not in use", at, page->swap);
	return true;
}

/* The slots of shared memory. */
static void recount_object(const struct object *object, bool back)
{
	uint32_t index = 0, count = 0;
	void *entry;

	while ((entry = radix_next(&object->pages, &index))) {
		if ((uintptr_t)entry & OBJECT_ENTRY_SWAP) {
			count++;
			if (!swap_recount(swap_from_entry(entry), back) && !back)
				complain("page %u of an object is in slot %x of swap, which is not "
					 "in use",
					 index, swap_from_entry(entry));
		}
		if (index++ == UINT32_MAX)
			break;
	}
	if (count != object->nswapped && !back)
		complain("an object has %u pages in swap and counts %u", count, object->nswapped);
}

static void recount_mappings(bool back)
{
	const struct object *object;
	struct mm *mm;

	list_for_each(mm, &mm_all, all_link) {
		struct recount recount = { .back = back };

		pagedir_walk(&mm->pagedir, 0, USER_TOP, recount_entry, &recount);
	}
	list_for_each(object, &objects_swapped, swapped_link)
		recount_object(object, back);
}

/* ---- frames, while the references of page tables are away ---- */

static bool in_page_cache(const struct frame *frame)
{
	return frame->kind == FRAME_CACHE && frame->object &&
	       object_entry_frame(radix_lookup(&frame->object->pages, frame->index)) == frame;
}

static bool in_swap_cache(const struct frame *frame)
{
	return (frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE) && frame->slot;
}

static void audit_user_frame(pfn_t pfn, const struct frame *frame)
{
	uint32_t known = frame->holds + in_page_cache(frame) + in_swap_cache(frame);

	if (frame->refs != known)
		complain("frame %x (%s) has %d references besides its mappings: %u holds, page "
			 "cache %u, swap cache %u",
			 pfn, frame_kind_name(frame->kind), (int)frame->refs, frame->holds,
			 in_page_cache(frame), in_swap_cache(frame));
}

static void audit_frame(pfn_t pfn, const struct frame *frame)
{
	const char *kind = frame_kind_name(frame->kind);

	if (frame->kind == FRAME_ANON || frame->kind == FRAME_CACHE) {
		audit_user_frame(pfn, frame);
	} else if (frame->kind == FRAME_PAGE_TABLE) {
		/* Without entries: a directory, or a table of the kernel half. */
		if (frame->refs != (frame->index ? 0u : 1u))
			complain("page table %x has %d references more than directories have it",
				 pfn, (int)frame->refs);
	} else if (frame->kind == FRAME_FREE) {
		if (frame->refs)
			complain("frame %x is free, has references or is mapped: %d", pfn,
				 (int)frame->refs);
	} else if (frame->holds ? frame->refs != frame->holds : !frame->refs) {
		complain("frame %x (%s) has %d references besides its mappings, %u holds", pfn,
			 kind, (int)frame->refs, frame->holds);
	} else if (frame->refs > INT32_MAX) {
		complain("frame %x (%s) is mapped into user space", pfn, kind);
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
	list_for_each(mm, &mm_all, all_link)
		audit_mm(&audit, mm);
	recount_mappings(false);
	audit_frames();
	swap_audit(complain_of_slot);
	recount_mappings(true);
	audit_promises();
	unevictable_audit(complain_of_frame);
	frame_check(complain_of_frame);
	auditing = NULL;
	return audit.faults;
}
