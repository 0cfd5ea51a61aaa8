/*
 * The frame allocator on a machine of 40 MB with holes: what boot leaves, and random use,
 * checked by its own check and by a record of who has which frame. SOURCES: lib/string.c
 */
#include "host_memory.h"

#include "../../mm/frame.c"
#include "../../mm/frame_boot.c"
#include "../../mm/frame_check.c"

#define NFRAMES (MEMORY_SIZE / PAGE_SIZE)

static void test_boot_counts(void **state)
{
	uint32_t ram = 0x9f + (19 * MB + 16 * MB) / PAGE_SIZE;
	uint32_t array = NFRAMES * sizeof(struct frame) / PAGE_SIZE;
	struct frame_counts counts;
	uint32_t module;

	(void)state;
	frame_count(&counts);
	module = MODULE_END / PAGE_SIZE + 1 - MODULE_START / PAGE_SIZE;
	assert_int_equal(counts.total, ram);
	assert_int_equal(counts.by_kind[FRAME_RESERVED], 2);
	assert_int_equal(counts.by_kind[FRAME_IMAGE], KERNEL_PAGES + array);
	assert_int_equal(counts.by_kind[FRAME_BOOT], module);
	assert_int_equal(counts.by_kind[FRAME_FREE], ram - 2 - KERNEL_PAGES - array - module);
	assert_int_equal(counts.free_high, 12 * MB / PAGE_SIZE - 1);
	assert_null(frame_from_pfn(0xa0));
	assert_null(frame_from_pfn(22 * MB / PAGE_SIZE));
	assert_null(frame_from_pfn(NFRAMES));
	assert_null(frame_from_pfn(0xfffff));
	assert_int_equal(frame_from_pfn(30 * MB / PAGE_SIZE)->kind, FRAME_RESERVED);
	assert_int_equal(frame_check(report), 0);
}

static void test_release_boot(void **state)
{
	uint32_t before = free_frames();
	uint32_t whole = MODULE_END / PAGE_SIZE - DIV_ROUND_UP(MODULE_START, PAGE_SIZE);

	(void)state;
	frame_release_boot(MODULE_START, MODULE_END);
	assert_int_equal(free_frames(), before + whole);
	frame_release_boot(MODULE_START, MODULE_END);
	assert_int_equal(free_frames(), before + whole);
	assert_int_equal(frame_check(report), 0);
}

/* What the test believes of each frame. */
static uint8_t owner[NFRAMES];
static struct frame *held[4000];
static unsigned orders[4000];
static unsigned nheld;

static void take_one(void)
{
	enum frame_kind kind = FRAME_KERNEL + unit_random() % 4;
	unsigned flags = unit_random() % 4;
	unsigned order = unit_random() % 8 ? 0 : unit_random() % 7;
	struct frame *first = order ? frame_alloc_block(kind, order, flags)
				    : frame_alloc(kind, flags);

	if (!first)
		return;
	for (unsigned i = 0; i < 1u << order; i++) {
		assert_int_equal(owner[frame_pfn(first) + i], 0);
		owner[frame_pfn(first) + i] = 1;
		assert_int_equal(first[i].refs, 1);
		assert_int_equal(first[i].kind, kind);
		if (flags & FRAME_ZERO) {
			const uint32_t *words = kmap(&first[i]);

			for (unsigned at = 0; at < PAGE_SIZE / 4; at += 31)
				assert_int_equal(words[at], 0);
		}
		memset(kmap(&first[i]), 0x5a, PAGE_SIZE);
	}
	if (flags & FRAME_LOW || order || kind < FRAME_ANON)
		assert_true(frame_is_low(first));
	held[nheld] = first;
	orders[nheld++] = order;
}

static void give_one(void)
{
	unsigned at = unit_random() % nheld, order = orders[at];
	struct frame *first = held[at];

	for (unsigned i = 0; i < 1u << order; i++)
		owner[frame_pfn(first) + i] = 0;
	if (order) {
		frame_free_block(first, order);
	} else {
		/* A second holder keeps it; the last one may say that it is clean. */
		frame_get(first);
		frame_put(first);
		assert_int_not_equal(first->kind, FRAME_FREE);
		if (unit_random() % 2) {
			frame_zero(first);
			first->flags |= FRAME_FLAG_ZEROED;
		}
		frame_put(first);
	}
	held[at] = held[--nheld];
	orders[at] = orders[nheld];
}

static void test_random_use(void **state)
{
	uint32_t before = free_frames();

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		unsigned wanted = unit_random() % ARRAY_SIZE(held);

		for (unsigned i = 0; i < 8000 && nheld != wanted; i++) {
			if (nheld < wanted)
				take_one();
			else
				give_one();
			if (unit_random() % 16 == 0)
				frame_zero_one_idle();
		}
		assert_int_equal(frame_check(report), 0);
	}
	while (nheld)
		give_one();
	assert_int_equal(free_frames(), before);
	assert_int_equal(frame_check(report), 0);
}

/* Everything given back, the largest blocks must be there again. */
static void test_blocks_join_again(void **state)
{
	struct frame *blocks[8];
	unsigned count = 0;

	(void)state;
	while ((blocks[count] = frame_alloc_block(FRAME_KERNEL, FRAME_MAX_ORDER, 0)))
		count++;
	/* 4 to 20 MB less the array's place below, and 24 to 28 MB. */
	assert_int_equal(count, 5);
	while (count-- > 0)
		frame_free_block(blocks[count], FRAME_MAX_ORDER);
	assert_int_equal(frame_check(report), 0);
}

static void take_all(struct list *taken, enum frame_kind kind)
{
	struct frame *frame;

	while ((frame = frame_alloc(kind, 0))) {
		if (kind == FRAME_ANON)
			list_remove(&frame->link);
		list_add(taken, &frame->link);
	}
}

/* User memory leaves some to the kernel, and that leaves some to those who free memory. */
static void test_kernel_has_a_reserve(void **state)
{
	struct list taken = LIST_INIT(taken);
	uint32_t before = free_frames(), left;
	struct frame *frame, *after;

	(void)state;
	may_use_reserve = false;
	take_all(&taken, FRAME_ANON);
	left = free_frames();
	assert_true(left > 0);
	take_all(&taken, FRAME_KERNEL);
	assert_true(free_frames() > 0 && free_frames() < left);
	take_all(&taken, FRAME_ANON);
	assert_true(free_frames() > 0);
	may_use_reserve = true;
	/* They may have to read first what says where pages go. */
	take_all(&taken, FRAME_ANON);
	assert_int_equal(free_frames(), 0);
	list_for_each_safe(frame, after, &taken, link) {
		list_remove(&frame->link);
		frame_put(frame);
	}
	assert_int_equal(free_frames(), before);
}

static void test_check_finds_faults(void **state)
{
	struct frame *frame = frame_alloc(FRAME_ANON, 0);

	(void)state;
	frame->kind = FRAME_CACHE;
	assert_true(frame_check(report) > 0);
	frame->kind = FRAME_ANON;
	frame->refs = 0;
	assert_true(frame_check(report) > 0);
	frame->refs = 1;
	assert_int_equal(frame_check(report), 0);
	frame_set_kind(frame, FRAME_KERNEL);
	assert_int_equal(frame_check(report), 0);
	frame_put(frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot_counts),
		cmocka_unit_test(test_release_boot),
		cmocka_unit_test(test_random_use),
		cmocka_unit_test(test_blocks_join_again),
		cmocka_unit_test(test_kernel_has_a_reserve),
		cmocka_unit_test(test_check_finds_faults),
	};

	return cmocka_run_group_tests(tests, setup_memory, NULL);
}
