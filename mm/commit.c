/*
 * Promised memory: the policy. Who holds the promises is in commit.h.
 *
 * The three policies and the order of the reserves are those of Linux 6.1 (mm/util.c,
 * __vm_enough_memory): the first looks at the one request alone, the last at the sum.
 */
#include <commit.h>

#include <assert.h>
#include <frame.h>
#include <layout.h>
#include <mm.h>
#include <task.h>

#define RATIO_DEFAULT 50
#define ADMIN_RESERVE_MAX (8u * MB / KB)
#define USER_RESERVE_MAX (128u * MB / KB)
#define NPAGES_OF_KB(kb) ((kb) / (PAGE_SIZE / KB))

struct commit_policy commit_policy = { .overcommit = COMMIT_GUESS, .ratio = RATIO_DEFAULT };
uint32_t commit_npages;

void commit_init(void)
{
	struct frame_counts counts;
	uint32_t share;

	frame_count(&counts);
	share = counts.by_kind[FRAME_FREE] * (PAGE_SIZE / KB) / 32;
	commit_policy.admin_reserve_kb = MIN(share, ADMIN_RESERVE_MAX);
	commit_policy.user_reserve_kb = MIN(share, USER_RESERVE_MAX);
}

uint32_t commit_limit(void)
{
	if (commit_policy.limit_kb)
		return NPAGES_OF_KB(commit_policy.limit_kb);
	return (uint32_t)((uint64_t)frame_usable() * (uint32_t)commit_policy.ratio / 100) +
	       swap_total_npages;
}

/* COMMIT_NEVER: all promises are to be kept. */
static __noinline bool sum_allows(const struct mm *mm, uint32_t npages)
{
	int64_t allowed = commit_limit();

	if (!current_is_root())
		allowed -= NPAGES_OF_KB(commit_policy.admin_reserve_kb);
	if (mm)
		allowed -= MIN(mm->npages / 32, NPAGES_OF_KB(commit_policy.user_reserve_kb));
	return (int64_t)commit_npages + npages < allowed;
}

bool commit_allows(const struct mm *mm, uint32_t npages)
{
	if (likely(commit_policy.overcommit == COMMIT_GUESS))
		return npages <= frame_usable() + swap_total_npages;
	return commit_policy.overcommit == COMMIT_ALWAYS || sum_allows(mm, npages);
}
