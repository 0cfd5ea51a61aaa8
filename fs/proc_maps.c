/*
 * Regions of a process as text: maps, smaps and smaps_rollup (proc(5), and Linux's
 * Documentation/filesystems/proc.rst for what each line means).
 *
 * A program may have 65530 regions, and smaps walks the page tables of each, so that both are made
 * a part at a time, from an address on, and the processor is given up between stretches of 4 MB.
 * The address space's lock is held meanwhile, so that a region stays what it is until it has been
 * printed; the process itself may end: the address space is held, not it.
 */
#include "proc.h"

#include <abi/capability.h>
#include <format.h>
#include <mm.h>
#include <string.h>
#include <task.h>
#include <vdso.h>

/* Column where the names stand in maps, as Linux pads. */
#define NAME_COLUMN 49
#define PSS_SHIFT 12 /* a page shared by three counts a third for each: fixed point */
#define KB_OF(bytes) ((bytes) / KB)

/* ---- one region ---- */

static const char *region_name(const struct vma *vma, char *buffer, size_t size)
{
	const struct mm *mm = vma->mm;

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

static void print_region(struct proc_text *text, const struct vma *vma, const char *name)
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

/* ---- a walk over the regions ---- */

struct region_walk {
	struct proc_text *text;
	char *path; /* PATH_MAX bytes */
};

/* Shows regions from *cursor on, about a part of a text. show may sleep. */
static int show_regions(struct proc_text *text, struct process *process, uint32_t *cursor,
			int (*show)(struct region_walk *walk, struct vma *vma))
{
	struct region_walk walk = { .text = text };
	struct mm *mm = process->mm;
	struct vma *vma;
	int error = 0;

	if (!mm)
		return 0;
	walk.path = path_buffer_get();
	if (!walk.path)
		return -ENOMEM;
	mm_get(mm);
	mutex_lock(&mm->lock);
	while (!error && text->used < PROC_PART && (vma = mm_find_at_or_above(mm, *cursor))) {
		error = show(&walk, vma);
		*cursor = vma->end;
	}
	mutex_unlock(&mm->lock);
	mm_put(mm);
	path_buffer_put(walk.path);
	return error;
}

static int show_map(struct region_walk *walk, struct vma *vma)
{
	print_region(walk->text, vma, region_name(vma, walk->path, PATH_MAX));
	return 0;
}

int proc_show_maps(struct proc_text *text, struct process *process, uint32_t *cursor)
{
	return show_regions(text, process, cursor, show_map);
}

/* ---- what of a region is in memory ---- */

/* Bytes; pss ones shifted. */
struct usage {
	uint32_t resident, referenced, anonymous;
	uint32_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t pss, pss_dirty, pss_anonymous, pss_file, pss_shared_memory, pss_locked;
	uint32_t swap;
	uint64_t swap_pss;
};

struct usage_walk {
	struct usage *usage;
	bool shared_memory, locked;
};

/* Anonymous memory has no store that it could be equal to, unless it has a slot: it is dirty. */
static bool is_dirty(const struct page_mapping *page)
{
	return (page->frame->kind == FRAME_ANON && !page->frame->slot) ||
	       (page->rights & MAP_DIRTY) || (page->frame->flags & FRAME_FLAG_DIRTY);
}

static void count_private_or_shared(struct usage *usage, bool dirty, bool is_private)
{
	if (is_private)
		*(dirty ? &usage->private_dirty : &usage->private_clean) += PAGE_SIZE;
	else
		*(dirty ? &usage->shared_dirty : &usage->shared_clean) += PAGE_SIZE;
}

/* How many processes' pages are in this slot, counted as page_mappings counts. */
static uint32_t swap_users(const struct page_mapping *page)
{
	return MAX(swap_entries(page->swap) + page->table->refs - 1, 1u);
}

static bool count_page(void *context, vaddr_t at, const struct page_mapping *page)
{
	const struct usage_walk *walk = context;
	struct usage *usage = walk->usage;
	uint32_t mappings;
	uint64_t pss;

	(void)at;
	if (page->swap) {
		usage->swap += PAGE_SIZE;
		usage->swap_pss += ((uint64_t)PAGE_SIZE << PSS_SHIFT) / swap_users(page);
		return true;
	}
	/* As on Linux, the shared page of zeros and devices are nobody's. */
	if (!page->frame || (page->frame->kind != FRAME_ANON && page->frame->kind != FRAME_CACHE))
		return true;
	mappings = MAX(page_mappings(page), 1u);
	pss = ((uint64_t)PAGE_SIZE << PSS_SHIFT) / mappings;
	usage->resident += PAGE_SIZE;
	usage->pss += pss;
	count_private_or_shared(usage, is_dirty(page), mappings == 1);
	if (is_dirty(page))
		usage->pss_dirty += pss;
	if (page->rights & MAP_ACCESSED)
		usage->referenced += PAGE_SIZE;
	if (walk->locked)
		usage->pss_locked += pss;
	if (page->frame->kind == FRAME_ANON) {
		usage->anonymous += PAGE_SIZE;
		usage->pss_anonymous += pss;
	} else {
		*(walk->shared_memory ? &usage->pss_shared_memory : &usage->pss_file) += pss;
	}
	return true;
}

/* As on Linux, shared memory in swap is that of whoever maps it, and in nobody's share. */
static void count_swapped_object(struct usage *usage, const struct vma *vma)
{
	uint32_t last = vma->page_offset + ((vma->end - vma->start) >> PAGE_SHIFT) - 1;

	if (vma->object)
		usage->swap += object_count_swapped(vma->object, vma->page_offset, last) *
			       PAGE_SIZE;
}

/* Adds up a region. -EINTR: the reader is to end. May sleep. */
static int count_region(struct usage *usage, const struct vma *vma)
{
	struct usage_walk walk = { .usage = usage,
				   .shared_memory = vma->object &&
						    object_is_shared_memory(vma->object),
				   .locked = vma->flags & VMA_LOCKED };

	count_swapped_object(usage, vma);
	for (vaddr_t at = vma->start, next; at < vma->end; at = next) {
		next = MIN(vma->end, ROUND_DOWN(at, LARGE_PAGE_SIZE) + LARGE_PAGE_SIZE);
		pagedir_walk(&vma->mm->pagedir, at, next, count_page, &walk);
		if (sched_give_way())
			return -EINTR;
	}
	return 0;
}

/* ---- smaps ---- */

static void print_kb(struct proc_text *text, const char *name, uint32_t bytes)
{
	proc_print(text, "%s:%*s%8u kB\n", name, (int)(15 - strlen(name)), "", KB_OF(bytes));
}

static void print_pss(struct proc_text *text, const char *name, uint64_t shifted)
{
	print_kb(text, name, (uint32_t)(shifted >> PSS_SHIFT));
}

/* The lines that smaps and its sum have in common, in Linux's order. */
static void print_usage(struct proc_text *text, const struct usage *usage, bool sum)
{
	print_kb(text, "Rss", usage->resident);
	print_pss(text, "Pss", usage->pss);
	print_pss(text, "Pss_Dirty", usage->pss_dirty);
	if (sum) {
		print_pss(text, "Pss_Anon", usage->pss_anonymous);
		print_pss(text, "Pss_File", usage->pss_file);
		print_pss(text, "Pss_Shmem", usage->pss_shared_memory);
	}
	print_kb(text, "Shared_Clean", usage->shared_clean);
	print_kb(text, "Shared_Dirty", usage->shared_dirty);
	print_kb(text, "Private_Clean", usage->private_clean);
	print_kb(text, "Private_Dirty", usage->private_dirty);
	print_kb(text, "Referenced", usage->referenced);
	print_kb(text, "Anonymous", usage->anonymous);
	/* What Loft has none of, and programs look for. */
	print_kb(text, "LazyFree", 0);
	print_kb(text, "AnonHugePages", 0);
	print_kb(text, "ShmemPmdMapped", 0);
	print_kb(text, "FilePmdMapped", 0);
	print_kb(text, "Shared_Hugetlb", 0);
	print_kb(text, "Private_Hugetlb", 0);
	print_kb(text, "Swap", usage->swap);
	print_pss(text, "SwapPss", usage->swap_pss);
	print_pss(text, "Locked", usage->pss_locked);
}

/* Which of read, write and execute mprotect may still give. */
static uint32_t rights_possible(const struct vma *vma)
{
	uint32_t rights = VMA_RIGHTS;

	if (vma->flags & VMA_DENYWRITE_MAX)
		rights &= ~VMA_WRITE;
	if (vma->flags & VMA_DENYEXEC_MAX)
		rights &= ~VMA_EXEC;
	return rights;
}

/* Linux's two-letter flags, in its order. */
static void print_flags(struct proc_text *text, const struct vma *vma)
{
	const uint32_t flags = vma->flags, possible = rights_possible(vma);
	const bool may_write = flags & VMA_SHARED && !(flags & VMA_DENYWRITE_MAX);
	const struct {
		bool set;
		const char *letters;
	} names[] = {
		{ flags & VMA_READ, "rd" },	  { flags & VMA_WRITE, "wr" },
		{ flags & VMA_EXEC, "ex" },	  { may_write, "sh" },
		{ possible & VMA_READ, "mr" },	  { possible & VMA_WRITE, "mw" },
		{ possible & VMA_EXEC, "me" },	  { flags & VMA_SHARED, "ms" },
		{ flags & VMA_GROWSDOWN, "gd" },  { flags & VMA_LOCKED, "lo" },
		{ flags & VMA_SEQUENTIAL, "sr" }, { flags & VMA_RANDOM, "rr" },
		{ flags & VMA_DONTFORK, "dc" },	  { flags & VMA_LOCK_ON_FAULT, "lf" },
		{ flags & VMA_ACCOUNT, "ac" },	  { flags & VMA_NORESERVE, "nr" },
		{ flags & VMA_WIPEONFORK, "wf" },
	};

	proc_print(text, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].set)
			proc_print(text, "%s ", names[i].letters);
	proc_print(text, "\n");
}

static int show_smap(struct region_walk *walk, struct vma *vma)
{
	struct usage usage = { 0 };
	int error = count_region(&usage, vma);

	if (error)
		return error;
	show_map(walk, vma);
	print_kb(walk->text, "Size", vma->end - vma->start);
	print_kb(walk->text, "KernelPageSize", PAGE_SIZE);
	print_kb(walk->text, "MMUPageSize", PAGE_SIZE);
	print_usage(walk->text, &usage, false);
	proc_print(walk->text, "THPeligible:    0\n");
	print_flags(walk->text, vma);
	return 0;
}

int proc_show_smaps(struct proc_text *text, struct process *process, uint32_t *cursor)
{
	return show_regions(text, process, cursor, show_smap);
}

/* ---- their sum ---- */

static int count_all(struct usage *usage, struct mm *mm, vaddr_t *low, vaddr_t *high)
{
	int error = 0;

	mutex_lock(&mm->lock);
	for (struct vma *vma = mm_first(mm); vma && !error; vma = vma_next(vma)) {
		if (!*high)
			*low = vma->start;
		*high = vma->end;
		error = count_region(usage, vma);
	}
	mutex_unlock(&mm->lock);
	return error;
}

int proc_show_smaps_rollup(struct proc_text *text, struct process *process)
{
	struct usage usage = { 0 };
	struct mm *mm = process->mm;
	vaddr_t low = 0, high = 0;
	int error;

	if (!mm)
		return -ESRCH;
	mm_get(mm);
	error = count_all(&usage, mm, &low, &high);
	mm_put(mm);
	if (error)
		return error;
	proc_print(text, "%08x-%08x ---p 00000000 00:00 0%*s[rollup]\n", low, high,
		   NAME_COLUMN - 39, "");
	print_usage(text, &usage, true);
	return 0;
}

/* ---- map_files: a link for each region that maps a file ---- */

void proc_region_name(const struct vma *vma, char name[PROC_REGION_NAME])
{
	format(name, PROC_REGION_NAME, "%x-%x", vma->start, vma->end);
}

const struct vma *proc_next_region(const struct process *process, vaddr_t from)
{
	const struct vma *vma;

	if (!process || !process->mm || !proc_may_inspect(process))
		return NULL;
	vma = mm_find_at_or_above(process->mm, from);
	while (vma && (!vma->file || vma->start < from))
		vma = vma_next(vma);
	return vma;
}

/* The file of the region that begins with a page. */
static struct file *region_file(const struct process *process, int page)
{
	vaddr_t start = (vaddr_t)page << PAGE_SHIFT;
	const struct vma *vma = proc_next_region(process, start);

	return vma && vma->start == start ? vma->file : NULL;
}

static ssize_t region_text(struct process *process, int page, char *buffer, size_t size)
{
	struct file *file = region_file(process, page);
	const char *path = file ? file_path(file, buffer, size) : ERR_PTR(-ENOENT);
	size_t length;

	if (IS_ERR(path))
		return PTR_ERR(path);
	length = strlen(path);
	memmove(buffer, path, length);
	return (ssize_t)length;
}

/*
 * To open what is mapped is more than to have it mapped: it may be with other rights (a segment
 * attached for reading), or have no path any more. So Linux, too, leaves it to the administrator.
 */
static struct dentry *region_jump(struct process *process, int page)
{
	struct file *file;

	if (!cred_can(CAP_SYS_ADMIN))
		return ERR_PTR(-EPERM);
	file = region_file(process, page);
	return file ? file_dentry(file) : ERR_PTR(-ENOENT);
}

const struct proc_entry proc_region_entry = {
	.name = "", .mode = S_IFLNK | 0600, .link_text = region_text, .jump = region_jump
};
