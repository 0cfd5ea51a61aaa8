/*
 * What becomes of one page that is to leave memory.
 */
#include <reclaim.h>

#include <policy.h>

enum reclaim_result reclaim_page(struct frame *frame, enum policy_class class)
{
	policy->put_back(frame, class);
	return RECLAIM_KEPT;
}

void reclaim_submit(void)
{
}

uint32_t reclaim_nwriting(void)
{
	return 0;
}

uint32_t reclaim_collect(void)
{
	return 0;
}

bool reclaim_wait_for_write(void)
{
	return false;
}

bool reclaim_class_can_go(enum policy_class class)
{
	return class == POLICY_CLASSES;
}
