/*
 * Kernel virtual ranges, and windows onto high frames.
 *
 * Which pages of [KVRANGE_BASE, KVRANGE_END) are taken is a bitmap. A range of n pages takes n
 * + 1: the first is its guard page, taken but never mapped. So a range ends where the next page
 * is not mapped (it is free or another one's guard), and its length need not be kept. The
 * search starts at the lowest page that may be free and skips full words.
 *
 * Windows are page-table entries of [KMAP_BASE, ...), on a stack while unused. kunmap flushes,
 * so that a new window has nothing stale in the TLB. Nobody sleeps while he holds one, not even one
 * onto a low frame, which is none: kmap counts, and the scheduler asks kmap_none_held. So the
 * current task and the interrupt handlers on top of it are all that can have any.
 *
 * Protection: the kernel is not preempted. Interrupt handlers use windows alone, whose stack is
 * guarded by short interrupt-off sections.
 */
#include <kvrange.h>

#include <assert.h>
#include <string.h>
#include <trap.h>

#define NPAGES ((KVRANGE_END - KVRANGE_BASE) / PAGE_SIZE)
#define NWINDOWS 32u

static uint32_t taken[NPAGES / 32];
static uint32_t lowest_free; /* no page below is free */

static vaddr_t free_windows[NWINDOWS];
static unsigned nfree_windows;
unsigned kmaps_held;

void kvrange_init(void)
{
	for (unsigned i = 0; i < NWINDOWS; i++)
		free_windows[i] = KMAP_BASE + (NWINDOWS - 1 - i) * PAGE_SIZE;
	nfree_windows = NWINDOWS;
}

static bool is_taken(uint32_t page)
{
	return taken[page / 32] & (1u << page % 32);
}

static void set_taken(uint32_t first, uint32_t count)
{
	for (uint32_t page = first; page < first + count; page++) {
		assert(!is_taken(page));
		taken[page / 32] |= 1u << page % 32;
	}
	if (first == lowest_free)
		lowest_free += count;
}

static void set_free(uint32_t first, uint32_t count)
{
	for (uint32_t page = first; page < first + count; page++) {
		assert(is_taken(page));
		taken[page / 32] &= ~(1u << page % 32);
	}
	lowest_free = MIN(lowest_free, first);
}

/* Takes `count` pages in a row; returns the first one's address, or 0 when there is no such row. */
static vaddr_t take(uint32_t count)
{
	uint32_t run = 0;

	for (uint32_t page = lowest_free; page < NPAGES; page++) {
		if (page % 32 == 0 && taken[page / 32] == UINT32_MAX) {
			run = 0;
			page += 31;
			continue;
		}
		run = is_taken(page) ? 0 : run + 1;
		if (run == count) {
			set_taken(page + 1 - count, count);
			return KVRANGE_BASE + (page + 1 - count) * PAGE_SIZE;
		}
	}
	return 0;
}

static uint32_t page_of(vaddr_t at)
{
	assert(at >= KVRANGE_BASE && at < KVRANGE_END);
	return (at - KVRANGE_BASE) / PAGE_SIZE;
}

static void free_pages(vaddr_t start, size_t npages)
{
	for (vaddr_t at = start; npages > 0; npages--, at += PAGE_SIZE) {
		paddr_t paddr;
		bool mapped = pagedir_kernel_paddr(at, &paddr);

		assert(mapped);
		pagedir_unmap_kernel(at, 1);
		frame_put(frame_from_pfn(paddr >> PAGE_SHIFT));
	}
}

void *kvrange_alloc(size_t npages)
{
	vaddr_t guard, start;

	assert(npages > 0);
	guard = npages < NPAGES ? take(npages + 1) : 0;
	if (!guard)
		return NULL;
	start = guard + PAGE_SIZE;
	for (size_t i = 0; i < npages; i++) {
		struct frame *frame = frame_alloc(FRAME_KERNEL, FRAME_ZERO);

		if (!frame) {
			free_pages(start, i);
			set_free(page_of(guard), npages + 1);
			return NULL;
		}
		pagedir_map_kernel(start + i * PAGE_SIZE, frame_paddr(frame), 1,
				   MAP_READ | MAP_WRITE, CACHE_WRITE_BACK);
	}
	return (void *)start;
}

void kvrange_free(void *start)
{
	vaddr_t first = (vaddr_t)start;
	size_t npages = 0;
	paddr_t paddr;

	assert((first & PAGE_MASK) == 0 && kvrange_is_guard(first - PAGE_SIZE));
	while (pagedir_kernel_paddr(first + npages * PAGE_SIZE, &paddr))
		npages++;
	assert(npages > 0);
	free_pages(first, npages);
	set_free(page_of(first - PAGE_SIZE), npages + 1);
}

void *kvrange_map_device(paddr_t paddr, size_t size, enum cache_type cache)
{
	paddr_t first = ROUND_DOWN(paddr, PAGE_SIZE);
	size_t npages = ((paddr - first) + (uint64_t)size + PAGE_MASK) >> PAGE_SHIFT;
	vaddr_t guard;

	assert(size > 0 && paddr + (size - 1) >= paddr);
	guard = npages < NPAGES ? take(npages + 1) : 0;
	if (!guard)
		return NULL;
	pagedir_map_kernel(guard + PAGE_SIZE, first, npages, MAP_READ | MAP_WRITE, cache);
	return (char *)(guard + PAGE_SIZE) + (paddr - first);
}

bool kvrange_is_guard(vaddr_t address)
{
	paddr_t paddr;

	return address >= KVRANGE_BASE && address < KVRANGE_END && is_taken(page_of(address)) &&
	       !pagedir_kernel_paddr(address, &paddr);
}

/* ---- windows ---- */

void *kmap_high(struct frame *frame)
{
	uint32_t flags = irq_save();
	vaddr_t window;

	assert(!frame_is_low(frame));
	assert(nfree_windows > 0);
	window = free_windows[--nfree_windows];
	irq_restore(flags);
	pagedir_map_kernel(window, frame_paddr(frame), 1, MAP_READ | MAP_WRITE, CACHE_WRITE_BACK);
	return (void *)window;
}

void kunmap_high(const void *window)
{
	vaddr_t at = (vaddr_t)window & ~PAGE_MASK;
	uint32_t flags;

	assert(at >= KMAP_BASE && at < KMAP_BASE + NWINDOWS * PAGE_SIZE);
	assert(nfree_windows < NWINDOWS);
	pagedir_unmap_kernel(at, 1);
	flags = irq_save();
	free_windows[nfree_windows++] = at;
	irq_restore(flags);
}

void frame_zero(struct frame *frame)
{
	void *window;

	if (frame_is_low(frame)) {
		zero_page(frame_virt(frame));
		return;
	}
	window = kmap(frame);

	zero_page(window);
	kunmap(window);
}

void frame_copy(struct frame *to, struct frame *from)
{
	void *target, *source;

	if (frame_is_low(to) && frame_is_low(from)) {
		copy_page(frame_virt(to), frame_virt(from));
		return;
	}
	target = kmap(to);
	source = kmap(from);
	copy_page(target, source);
	kunmap(source);
	kunmap(target);
}
