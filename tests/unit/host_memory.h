/*
 * A small machine for unit tests of mm/: its physical memory is an array, which the direct map
 * shows whole; frames above LOW_END count as high all the same. To be included once, before the
 * files of mm/ under test.
 *
 *   0       0x9f000     1 MB                     20 MB     24 MB     28 MB         40 MB
 *   | RAM   |   hole    | image | RAM ...         | hole    | RAM low | RAM high    |
 */
#ifndef LOFT_HOST_MEMORY_H
#define LOFT_HOST_MEMORY_H

#define LOFT_HOST_TEST
#include "unit.h"

#include <boot.h>
#include <cpu.h>
#include <frame.h>
#include <kvrange.h>
#include <layout.h>
#include <panic.h>
#include <string.h>

#define MEMORY_SIZE (40 * MB)
#define LOW_END (28 * MB)
#define IMAGE_START (1 * MB)
#define IMAGE_END (1 * MB + 300 * KB)
#define MODULE_START (IMAGE_END + 5 * KB)
#define MODULE_END (2 * MB + 100)
#define KERNEL_PAGES 75 /* of the image */

uintptr_t host_direct_map;
uint32_t host_lowmem_max = LOW_END;
struct cpu cpu;

#define kernel_start ((char *)paddr_to_virt(IMAGE_START))
#define kernel_end ((char *)paddr_to_virt(IMAGE_END))

static struct boot_info host_info = {
	.ram = { { 0, 0x9f000 }, { 1 * MB, 20 * MB }, { 24 * MB, MEMORY_SIZE } },
	.nram = 3,
	.reserved = { { 0, 4096 }, { 22 * MB, 23 * MB }, { 30 * MB + 1, 30 * MB + 2 } },
	.nreserved = 3,
	.boot = { { MODULE_START, MODULE_END } },
	.nboot = 1,
};

void frame_zero(struct frame *frame);
void policy_leave(struct frame *frame);
void reclaim_notice(void);
bool reclaim_may_use_reserve(void);

/* Nothing reclaims here, and any frame may be had. */
void policy_leave(struct frame *frame)
{
	(void)frame;
	fail();
}

void reclaim_notice(void)
{
}

static bool may_use_reserve = true;

bool reclaim_may_use_reserve(void)
{
	return may_use_reserve;
}

unsigned kmaps_held;

void *kmap_high(struct frame *frame)
{
	return paddr_to_virt(frame_paddr(frame));
}

void kunmap_high(const void *window)
{
	(void)window;
}

void frame_zero(struct frame *frame)
{
	zero_page(kmap(frame));
}

void panic(const char *text, ...)
{
	fail_msg("panic: %s", text);
	__builtin_unreachable();
}

static void report(const char *text, pfn_t pfn)
{
	print_error("frame check: %s (%#x)\n", text, pfn);
}

static uint32_t free_frames(void)
{
	struct frame_counts counts;

	frame_count(&counts);
	return counts.free_low + counts.free_high;
}

/* Memory as the loader leaves it: full of what was there before. */
static int setup_memory(void **state)
{
	char *memory = malloc(MEMORY_SIZE + LARGE_PAGE_SIZE);

	(void)state;
	host_direct_map = ROUND_UP((uintptr_t)memory, LARGE_PAGE_SIZE);
	memset((void *)host_direct_map, 0xe7, MEMORY_SIZE);
	frame_init(&host_info);
	return 0;
}

#endif
