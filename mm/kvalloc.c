/*
 * Memory whose size a program chooses: arguments of exec, a message, descriptors to poll.
 *
 * The heap and kvrange_alloc take what is free now and never sleep. That is right for what is small:
 * between two system calls reclaim keeps a few frames free. What is large in one call may be more than
 * those; so whoever may sleep makes room first. And memory may be in pieces: what is more than a page
 * is put together from single frames where the heap has no block for it.
 */
#include <kvrange.h>

#include <kheap.h>
#include <oom.h>
#include <reclaim.h>
#include <task.h>

#define BLOCK_MAX (8 * PAGE_SIZE) /* more is not asked of the heap: its blocks are powers of two */
#define TRIES 16u /* and one for each 8 pages, of which reclaim frees 32 in a round */

static void *try(size_t size)
{
	void *memory = size <= BLOCK_MAX ? kalloc(size) : NULL;

	if (memory || size <= PAGE_SIZE)
		return memory;
	return kvrange_alloc(DIV_ROUND_UP(size, PAGE_SIZE));
}

/* Is it worth another try? Not when memory was said to be out on request (fail.h). */
static bool make_room(unsigned *tries)
{
	if (*tries == 0)
		return false;
	--*tries;
	return (!current->fail_met && reclaim_make_room()) || oom_make_room(true);
}

void *kvalloc(size_t size)
{
	unsigned tries = TRIES + size / (8 * PAGE_SIZE);
	void *memory;

	do
		memory = try(size);
	while (!memory && make_room(&tries));
	return memory;
}

void kvfree(void *pointer)
{
	vaddr_t at = (vaddr_t)pointer;

	if (at >= KVRANGE_BASE && at < KVRANGE_END)
		kvrange_free(pointer);
	else
		kfree(pointer);
}
