/*
 * The replacement policies on frames of no memory: no frame is lost or comes twice, whatever happens to
 * it; used ones outlive unused ones; a page that was evicted and is soon back is kept. And the memory of
 * what was evicted.
 *
 * SOURCES: mm/policy_second_chance.c mm/policy_working_set.c mm/policy_history.c mm/vm_events.c
 */
#include "unit.h"

#include <policy.h>
#include <policy_history.h>

#define NFRAMES 400u

static struct frame frames[NFRAMES];
static bool used[NFRAMES]; /* accessed bits */

static unsigned number_of(const struct frame *frame)
{
	return (unsigned)(frame - frames);
}

bool policy_referenced(struct frame *frame)
{
	bool was = used[number_of(frame)];

	used[number_of(frame)] = false;
	return was;
}

uint32_t policy_key(const struct frame *frame)
{
	return frame->index;
}

static void *memory;

void *policy_memory(size_t size)
{
	free(memory);
	return memory = calloc(1, size);
}

static int end_memory(void **state)
{
	(void)state;
	free(memory);
	memory = NULL;
	return 0;
}

static void begin(const struct reclaim_policy *policy)
{
	policy->init(NFRAMES);
	for (unsigned i = 0; i < NFRAMES; i++) {
		frames[i] = (struct frame){ .refs = 1, .kind = FRAME_ANON, .index = i + 1 };
		list_init(&frames[i].link);
		used[i] = false;
	}
}

static uint32_t count(const struct reclaim_policy *policy)
{
	uint32_t sum = 0;

	for (unsigned class = 0; class < POLICY_CLASSES; class ++) {
		struct policy_counts counts = policy->count(class);

		sum += counts.active + counts.inactive;
	}
	return sum;
}

/* Frames enter, are used, leave, are chosen, put back or evicted, in any order. */
static void random_use(const struct reclaim_policy *policy)
{
	bool inside[NFRAMES] = { false };
	uint32_t ninside = 0;

	begin(policy);
	for (unsigned i = 0; i < 200000; i++) {
		unsigned n = unit_random() % NFRAMES;
		enum policy_class class = unit_random() % POLICY_CLASSES;
		uint32_t budget = unit_random() % 50;
		struct frame *victim;

		used[unit_random() % NFRAMES] = true;
		if (!inside[n]) {
			policy->refault(&frames[n], class);
			policy->enter(&frames[n], class);
			inside[n] = true;
			ninside++;
		} else if (unit_random() % 4 == 0) {
			policy->leave(&frames[n]);
			frames[n].flags = 0;
			inside[n] = false;
			ninside--;
		}
		victim = policy->victim(class, &budget);
		assert_true(budget < 50);
		if (victim) {
			assert_true(inside[number_of(victim)]);
			assert_false(victim->flags & FRAME_FLAG_LISTED);
			if (unit_random() % 2) {
				policy->put_back(victim, class);
			} else {
				policy->evicted(victim, class);
				victim->flags = 0;
				inside[number_of(victim)] = false;
				ninside--;
			}
		}
		assert_int_equal(count(policy), ninside);
	}
}

static void test_second_chance_random(void **state)
{
	(void)state;
	random_use(&policy_second_chance);
}

static void test_working_set_random(void **state)
{
	(void)state;
	random_use(&policy_working_set);
}

/* The victim must be there. */
static struct frame *victim_of(const struct reclaim_policy *policy)
{
	uint32_t budget = 4 * NFRAMES;
	struct frame *frame = policy->victim(POLICY_ANON, &budget);

	assert_non_null(frame);
	return frame;
}

static void used_outlive_unused(const struct reclaim_policy *policy)
{
	begin(policy);
	for (unsigned i = 0; i < 100; i++)
		policy->enter(&frames[i], POLICY_ANON);
	for (unsigned i = 0; i < 100; i += 2)
		used[i] = true;
	/* The odd ones, oldest first. */
	for (unsigned i = 1; i < 100; i += 2)
		assert_int_equal(number_of(victim_of(policy)), i);
	assert_int_equal(count(policy), 50);
}

static void test_used_outlive_unused(void **state)
{
	(void)state;
	used_outlive_unused(&policy_second_chance);
	used_outlive_unused(&policy_working_set);
}

/* What comes back soon enters among the active, and a scan does not reach it. */
static void test_refault_is_kept(void **state)
{
	const struct reclaim_policy *policy = &policy_working_set;
	struct frame *back;

	(void)state;
	begin(policy);
	for (unsigned i = 0; i < 60; i++) {
		used[i] = true;
		policy->enter(&frames[i], POLICY_ANON);
	}
	/* Two rounds with all in use: they are active. */
	for (unsigned round = 0; round < 2; round++) {
		uint32_t budget = 60;

		for (unsigned i = 0; i < 60; i++)
			used[i] = true;
		assert_null(policy->victim(POLICY_ANON, &budget));
	}
	assert_true(policy->count(POLICY_ANON).active > 0);
	for (unsigned i = 60; i < 160; i++)
		policy->enter(&frames[i], POLICY_ANON);
	back = victim_of(policy);
	policy->evicted(back, POLICY_ANON);
	back->flags = 0;
	policy->refault(back, POLICY_ANON);
	assert_true(back->flags & FRAME_FLAG_WORKINGSET);
	policy->enter(back, POLICY_ANON);
	assert_true(back->flags & FRAME_FLAG_ACTIVE);
	/* Never evicted: nothing is known of it. */
	policy->refault(&frames[300], POLICY_ANON);
	assert_false(frames[300].flags & FRAME_FLAG_WORKINGSET);
}

static void test_history(void **state)
{
	uint32_t age, found = 0;

	(void)state;
	policy_history_init(1024);
	assert_false(policy_history_take(1, &age));
	policy_history_enter(1);
	for (unsigned i = 0; i < 99; i++)
		policy_history_tick();
	assert_true(policy_history_take(1, &age));
	assert_int_equal(age, 99);
	assert_false(policy_history_take(1, &age));
	/* As many as there are frames: most of them are remembered, with the right age. */
	for (unsigned i = 0; i < 1024; i++)
		policy_history_enter(1000 + i);
	for (unsigned i = 0; i < 1024; i++)
		if (policy_history_take(1000 + i, &age)) {
			assert_int_equal(age, 1023 - i);
			found++;
		}
	assert_true(found > 700);
	/* Of ten times as many the oldest have been forgotten. */
	for (unsigned i = 0; i < 10240; i++)
		policy_history_enter(100000 + i);
	for (unsigned i = 0, known = 0; i < 5120; i++) {
		known += policy_history_take(100000 + i, &age);
		assert_true(known < 50);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_chance_random),
		cmocka_unit_test(test_working_set_random),
		cmocka_unit_test(test_used_outlive_unused),
		cmocka_unit_test(test_refault_is_kept),
		cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, end_memory);
}
