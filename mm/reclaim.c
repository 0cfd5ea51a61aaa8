/*
 * Reclaim: who works when, how much, and what is taken first. What becomes of a single page is in
 * mm/reclaim_page.c; which page comes next, the policy says (policy.h).
 *
 * A round looks at a share of all pages, beginning with a 64th; when that has not freed enough, at
 * twice as much, and in the last step at all. A whole round that has freed nothing and begun no write
 * means that nothing is left to take.
 *
 * Between pages of files and pages that would go to swap: the one class is looked at as often as
 * vm.swappiness says, against 200 less that for the other, each weighted with how little it was missed:
 * a class whose pages come back soon after they went (workingset_refault) is asked for less.
 *
 * Several may be at it at the same time, the task and programs in need (direct reclaim), since writes
 * make them sleep: the lists are the policy's and stay whole between two pages, and nobody relies on
 * more than that. Nobody spins: who has as many writes under way as it needs frames waits for the
 * oldest of them. Dirty pages of files, when there is nothing else, are waited for in the same way:
 * memory is out only when a whole round frees nothing and nothing is being written.
 *
 * After rounds that found nothing the task rests for a second before it tries again, so that a machine
 * full of memory that cannot go is not kept busy by looking for some.
 */
#include <reclaim.h>

#include <abi/errno.h>
#include <assert.h>
#include <clock.h>
#include <frame.h>
#include <object.h>
#include <panic.h>
#include <policy.h>
#include <signal.h>
#include <task.h>
#include <vm_events.h>
#include <writeback.h>

#define STEPS 7u	/* of a round: a 64th, a 32nd, ... all pages */
#define DIRECT_GOAL 32u /* frames that somebody in need tries to get */
#define WRITES_MAX 256u /* pages under way */
#define FAILURES_MAX 3u /* rounds that found nothing, before a rest */
#define REST_NS 1000000000ull
#define FILES_NS 5000000000ull /* for the write-back task to begin */
#define SWAPPINESS_MAX 200

int32_t reclaim_swappiness = 60;
int32_t reclaim_min_free_kb;

static struct wait_queue wait = WAIT_QUEUE_INIT(wait);
static bool working; /* the task has been woken and is not through */
static unsigned failures;
static bool resting;

/* ---- how much of which class ---- */

/* Refaults of each class, halved again and again so that old ones weigh less. */
static uint32_t missed[POLICY_CLASSES], missed_before[POLICY_CLASSES];
/* Since the last step a page of a file came back that had been in use. */
static bool file_in_use_missed;

static void note_missed(void)
{
	static uint32_t in_use_before;
	uint32_t in_use = vm_events[VM_EVENT_WORKINGSET_ACTIVATE_FILE];
	const uint32_t now[POLICY_CLASSES] = {
		[POLICY_FILE] = vm_events[VM_EVENT_WORKINGSET_REFAULT_FILE],
		[POLICY_ANON] = vm_events[VM_EVENT_WORKINGSET_REFAULT_ANON],
	};

	for (unsigned class = 0; class < POLICY_CLASSES; class ++) {
		missed[class] += now[class] - missed_before[class];
		missed_before[class] = now[class];
	}
	file_in_use_missed = in_use != in_use_before;
	in_use_before = in_use;
	while (missed[POLICY_FILE] + missed[POLICY_ANON] > 4096) {
		missed[POLICY_FILE] /= 2;
		missed[POLICY_ANON] /= 2;
	}
}

static uint32_t weight(enum policy_class class)
{
	uint32_t swappiness = (uint32_t)reclaim_swappiness;
	uint32_t wish = class == POLICY_ANON ? swappiness : SWAPPINESS_MAX - swappiness;

	assert(swappiness <= SWAPPINESS_MAX);
	/* At most a few millions: no overflow. */
	return wish * (missed[!class] + 256) / (missed[POLICY_FILE] + missed[POLICY_ANON] + 512);
}

static uint32_t class_total(enum policy_class class)
{
	struct policy_counts counts = policy->count(class);

	return counts.active + counts.inactive;
}

/*
 * Are there pages of files enough that were read once and are not asked for again? Then what programs
 * have is not touched. (Linux calls it trimming the cache.)
 */
static bool files_suffice(unsigned step)
{
	struct policy_counts files = policy->count(POLICY_FILE);

	return files.inactive >> (STEPS - 1 - step) > 0 && files.inactive > files.active &&
	       !file_in_use_missed;
}

/* How many pages of the class are to be looked at in a step of a round. */
static uint32_t share_of(enum policy_class class, unsigned step)
{
	uint32_t all = class_total(class), both = weight(POLICY_FILE) + weight(POLICY_ANON);

	assert(class < POLICY_CLASSES && step < STEPS);
	if (!reclaim_class_can_go(class))
		return 0;
	/* In the last step nothing is spared, whatever was wished. */
	if (step == STEPS - 1)
		return 2 * all;
	if (class == POLICY_ANON && step < STEPS / 2 && files_suffice(step))
		return 0;
	all = (all >> (STEPS - 1 - step)) + (all ? 1 : 0);
	return (uint32_t)((uint64_t)all * 2 * weight(class) / MAX(both, 1u));
}

/* ---- a round ---- */

struct round {
	bool direct;
	uint32_t goal;	/* frames */
	uint32_t freed; /* so far */
	uint32_t writing, dirty;
};

static bool is_done(const struct round *round)
{
	return round->freed + round->writing >= round->goal;
}

static void count_scanned(const struct round *round, enum policy_class class, uint32_t npages)
{
	if (class == POLICY_ANON)
		vm_count(PGSCAN_ANON, npages);
	else
		vm_count(PGSCAN_FILE, npages);
	if (round->direct)
		vm_count(PGSCAN_DIRECT, npages);
	else
		vm_count(PGSCAN_KSWAPD, npages);
}

static void count_freed(struct round *round, enum policy_class class)
{
	round->freed++;
	if (class == POLICY_ANON)
		vm_count(PGSTEAL_ANON, 1);
	else
		vm_count(PGSTEAL_FILE, 1);
	if (round->direct)
		vm_count(PGSTEAL_DIRECT, 1);
	else
		vm_count(PGSTEAL_KSWAPD, 1);
}

/* Takes what has been written. */
static void collect(struct round *round)
{
	uint32_t freed = reclaim_collect();

	round->freed += freed;
	if (round->direct)
		vm_count(PGSTEAL_DIRECT, freed);
	else
		vm_count(PGSTEAL_KSWAPD, freed);
}

/* Looks at `budget` pages of a class. */
static void shrink_class(struct round *round, enum policy_class class, uint32_t budget)
{
	while (budget > 0 && !is_done(round)) {
		uint32_t before = budget;
		struct frame *frame = policy->victim(class, &budget);

		count_scanned(round, class, before - budget);
		if (!frame)
			return;
		if (!frame_is_wanted(frame)) {
			policy->put_back(frame, class);
			continue;
		}
		switch (reclaim_page(frame, class)) {
		case RECLAIM_FREED:
			count_freed(round, class);
			break;
		case RECLAIM_WRITING:
			round->writing++;
			break;
		case RECLAIM_DIRTY:
			round->dirty++;
			break;
		case RECLAIM_KEPT:
			break;
		}
	}
}

static void shrink_step(struct round *round, unsigned step)
{
	policy_take_in();
	note_missed();
	for (unsigned class = 0; class < POLICY_CLASSES; class ++)
		shrink_class(round, class, share_of(class, step));
	reclaim_submit();
}

/*
 * Waits for a page to be written: false when none is. The frames that come free by that may be counted
 * by another who waited for the same page.
 */
static bool wait_for_frames(struct round *round)
{
	vm_count(PGSCAN_DIRECT_THROTTLE, round->direct);
	if (!reclaim_wait_for_write())
		return false;
	collect(round);
	return true;
}

/* True when frames have come free, or will without anybody's doing. */
static bool run_round(struct round *round)
{
	assert(round->goal > 0 && round->freed + round->writing == 0);
	collect(round);
	for (unsigned step = 0; step < STEPS && !is_done(round); step++) {
		if (reclaim_nwriting() >= WRITES_MAX)
			wait_for_frames(round);
		shrink_step(round, step);
		collect(round);
		if (step >= STEPS / 2)
			shrinkers_wake(step - STEPS / 2);
	}
	vm_count(NR_VMSCAN_WRITE, round->dirty);
	return round->freed + round->writing > 0;
}

/* ---- the task ---- */

static void rest(void)
{
	assert(current->process == &kernel_process && !resting);
	resting = true;
	wait_until(&wait, !resting, WAIT_UNINTERRUPTIBLE, clock_monotonic_ns() + REST_NS);
	resting = false;
	failures = 0;
}

/* From below LOW to HIGH. */
static void balance(void)
{
	vm_count(PAGEOUTRUN, 1);
	while (frame_shortage() > 0 && failures < FAILURES_MAX) {
		uint32_t shortage = frame_shortage(), coming = reclaim_nwriting();
		struct round round = { .goal = shortage > coming ? shortage - coming : 0 };

		if (round.goal == 0) {
			wait_for_frames(&round);
			continue;
		}
		if (run_round(&round))
			failures = 0;
		else if (!wait_for_frames(&round))
			failures++;
		/* Programs had better come to run between the rounds. */
		sched_yield();
	}
}

__noreturn static void run(void *argument)
{
	(void)argument;
	for (;;) {
		working = false;
		wait_event_uninterruptible(&wait, working);
		balance();
		if (failures >= FAILURES_MAX)
			rest();
	}
}

void reclaim_notice(void)
{
	if (!working && !resting && frame_is_short(FRAME_MARK_LOW)) {
		working = true;
		wake_all(&wait);
	}
	/* On the way back to user mode whoever takes the last frames sees to more. */
	if (frame_is_short(FRAME_MARK_MIN))
		sched_need_resched = true;
}

bool reclaim_may_use_reserve(void)
{
	return current->process == &kernel_process;
}

/* ---- direct reclaim ---- */

/*
 * The round has met pages of files that only have to be written before they can go. Their own task
 * sees to that, which may wait for locks; one of the kernel's tasks might be the one, and does not
 * wait. True when one has been written; false: there was none, or nothing is under way though it was
 * asked for.
 */
static bool wait_for_files(const struct round *round)
{
	assert(round->direct && round->freed == 0);
	if (round->dirty == 0 || current->process == &kernel_process)
		return false;
	do {
		writeback_ask_all();
		if (object_wait_written(clock_monotonic_ns() + FILES_NS))
			return true;
	} while (object_writeback_pages > 0 && !signal_fatal_pending());
	return false;
}

bool reclaim_make_room(void)
{
	struct round round = { .direct = true, .goal = DIRECT_GOAL };
	bool any;

	vm_count(ALLOCSTALL_NORMAL, 1);
	any = run_round(&round);
	/* What is being written comes free before long. */
	while (round.freed == 0 && wait_for_frames(&round))
		any = true;
	any = any || wait_for_files(&round);
	if (any)
		failures = 0;
	return any;
}

void reclaim_if_low(void)
{
	if (likely(!frame_is_short(FRAME_MARK_MIN)) || failures >= FAILURES_MAX)
		return;
	if (!reclaim_make_room())
		failures++;
}

void reclaim_set_min_free(uint32_t kb)
{
	uint32_t nframes = kb / (PAGE_SIZE / KB), most = frame_usable() / 20;

	frame_set_min(MIN(nframes, most));
}

void reclaim_init(void)
{
	reclaim_min_free_kb = (int32_t)frame_mark(FRAME_MARK_MIN) * (PAGE_SIZE / KB);
	policy_init();
	if (!task_create_kernel("reclaim", run, NULL))
		panic("no memory for the task that reclaims memory");
	shrinkers_init();
}
