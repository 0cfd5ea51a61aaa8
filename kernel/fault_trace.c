/*
 * The fault trace, apart from the recording itself (include/fault_trace.h): the ring's size, the
 * names of processes that are gone, and records as lines for people.
 *
 * A record has no room for a process's name, and does not need it: a name changes, or goes with its
 * process, far more seldom than pages fault. Each time one does, it is noted together with the
 * number of the next record; so the name that a record's process had is the first noted after it,
 * or else the one it still has.
 *
 * The same economy for time: a record has the time stamp counter as it stood. What a cycle was
 * worth is reckoned when the record is read, from the clock and the counter now and at boot. A
 * processor that changes its speed makes that an average.
 */
#include <fault_trace.h>

#include <assert.h>
#include <clock.h>
#include <format.h>
#include <string.h>

#define RING_FIRST 64u
#define RING_MAX 16384u
#define FRAMES_PER_RECORD 4u /* a 512th part of memory */
#define PAST_NAMES 256u

static struct fault_record first_ring[RING_FIRST];
struct fault_record *fault_ring = first_ring;
uint32_t fault_ring_mask = RING_FIRST - 1;
uint32_t fault_ring_next;

struct wait_queue fault_trace_readers = WAIT_QUEUE_INIT(fault_trace_readers);

static struct past_name {
	uint32_t until; /* records below this number */
	pid_t pid;
	char name[16];
} past_names[PAST_NAMES];
static uint32_t npast_names;

/* fault_trace_now() and the clock at one moment: when the trace began, and of late. */
static struct moment {
	uint64_t when, us;
} first_moment, last_moment;

/* A panic does not ask for names what may be broken itself. */
static bool panicking;

/* ---- time ---- */

/* Something may come between the two readings: the shortest of three pairs is taken. */
static struct moment take_moment(void)
{
	uint64_t shortest = UINT64_MAX;
	struct moment moment = { 0, 0 };

	for (unsigned i = 0; i < 3; i++) {
		uint64_t before = fault_trace_now(), us = clock_monotonic_ns() / 1000;
		uint64_t between = fault_trace_now() - before;

		if (between >= shortest)
			continue;
		shortest = between;
		moment = (struct moment){ before + between / 2, us };
	}
	return moment;
}

/* ---- the ring ---- */

static uint32_t records_for(uint32_t nframes)
{
	uint32_t nrecords = RING_FIRST;

	while (nrecords < RING_MAX && 2 * nrecords <= nframes / FRAMES_PER_RECORD)
		nrecords *= 2;
	return nrecords;
}

void fault_trace_init(void)
{
	struct frame_counts counts;
	struct frame *block;
	uint32_t nrecords;
	unsigned order = 0;

	_Static_assert(sizeof(struct fault_record) == 32, "its place is found by a shift");
	assert(fault_ring_next == 0);
	first_moment = take_moment();
	frame_count(&counts);
	nrecords = records_for(counts.total);
	while ((PAGE_SIZE << order) < nrecords * sizeof(struct fault_record))
		order++;
	block = frame_alloc_block(FRAME_KERNEL, order, FRAME_LOW);
	if (!block)
		return;
	fault_ring = frame_virt(block);
	fault_ring_mask = nrecords - 1;
}

uint32_t fault_trace_next(void)
{
	return fault_ring_next;
}

uint32_t fault_trace_first(void)
{
	return fault_ring_next - MIN(fault_ring_next, fault_ring_mask + 1);
}

bool fault_trace_read(uint32_t number, struct fault_record *record)
{
	if (number - fault_trace_first() >= fault_trace_next() - fault_trace_first())
		return false;
	*record = fault_ring[number & fault_ring_mask];
	return true;
}

/* The readers run before current goes on in its program, so that they see what happens. */
void fault_trace_wake(void)
{
	wake_all(&fault_trace_readers);
	sched_need_resched |= !list_empty(&fault_trace_readers.waiters);
}

/* ---- names ---- */

void fault_trace_name_ends(const struct process *process)
{
	struct past_name *past = &past_names[npast_names++ % PAST_NAMES];

	_Static_assert(sizeof(past->name) == sizeof(process->name), "names fit");
	past->until = fault_ring_next;
	past->pid = process->pid;
	memcpy(past->name, process->name, sizeof(past->name));
	fault_trace_wake();
}

static const char *name_of(uint32_t number, pid_t pid)
{
	const struct process *process;

	for (uint32_t i = npast_names - MIN(npast_names, PAST_NAMES); i != npast_names; i++) {
		const struct past_name *past = &past_names[i % PAST_NAMES];

		if (past->pid == pid && (int32_t)(past->until - number) > 0)
			return past->name;
	}
	process = pid && !panicking ? process_find(pid) : NULL;
	if (!process && pid == current->process->pid)
		process = current->process;
	if (pid && process)
		return process->name;
	return pid ? "?" : "(kernel)";
}

/* ---- lines ---- */

/* Cycles in 1024 microseconds, from all that passed so far; 0: not known yet. */
static uint64_t cycle_rate(void)
{
	uint64_t us = last_moment.us - first_moment.us;

	return us ? ((last_moment.when - first_moment.when) << 10) / us : 0;
}

/*
 * Microseconds since boot. Counted from the last moment, which is taken anew each second, so that
 * lines one after the other agree.
 */
static uint64_t time_of(const struct fault_record *record)
{
	uint64_t rate, distance;

	if (!cpu_has(CPU_TSC))
		return record->when * (NSEC_PER_TICK / 1000);
	if (!last_moment.us || clock_coarse_ns() / 1000 - last_moment.us > 1000000)
		last_moment = take_moment();
	rate = cycle_rate();
	if (!rate)
		return last_moment.us;
	if (record->when >= last_moment.when)
		return last_moment.us + ((record->when - last_moment.when) << 10) / rate;
	distance = ((last_moment.when - record->when) << 10) / rate;
	return last_moment.us - MIN(distance, last_moment.us);
}

static const char *actor_of(const struct fault_record *record)
{
	if (record->access & FAULT_REMOTE)
		return "remote";
	return record->access & FAULT_USER ? "user" : "kernel";
}

static const char *access_of(const struct fault_record *record)
{
	if (record->access & FAULT_WRITE)
		return "write";
	/* Where the processor does not tell: nothing else can fault at its own address. */
	if (record->access & FAULT_USER && record->address == record->eip)
		return "fetch";
	return "read";
}

static const char *region_kind(uint16_t region)
{
	if (region & VMA_GROWSDOWN)
		return "stack";
	if (region & VMA_HEAP)
		return "heap";
	if (!(region & FAULT_REGION_OBJECT))
		return "anonymous";
	return region & VMA_SHARED ? "shared" : "file";
}

static void format_region(const struct fault_record *record, const char *name, char *text,
			  size_t size)
{
	uint16_t region = record->region;

	if (record->result == FAULT_NO_REGION) {
		strlcpy(text, "-", size);
		return;
	}
	format(text, size, "%c%c%c %s", region & VMA_READ ? 'r' : '-',
	       region & VMA_WRITE ? 'w' : '-', region & VMA_EXEC ? 'x' : '-',
	       name ? name : region_kind(region));
}

const char fault_trace_heads[] =
	"#  seconds   pid program         address  access       region              decision"
	"        frame  cycles\n";

int fault_trace_format(uint32_t number, const struct fault_record *record, const char *region,
		       char *text, size_t size)
{
	bool decided = record->result != FAULT_STACK_GROWTH;
	char access[16] = "-", where[32], decision[24], frame[12] = "-", cycles[12] = "-";
	unsigned nmore = record->region >> FAULT_REGION_MORE_SHIFT & FAULT_REGION_MORE;
	uint64_t us = time_of(record);

	format_region(record, region, where, sizeof(where));
	format(decision, sizeof(decision), nmore ? "%s +%u" : "%s",
	       fault_result_name(record->result), nmore);
	if (decided)
		format(access, sizeof(access), "%s %s", actor_of(record), access_of(record));
	if (decided && fault_satisfied(record->result) && record->frame)
		format(frame, sizeof(frame), "%05x", frame_pfn(record->frame));
	if (decided && cpu_has(CPU_TSC))
		format(cycles, sizeof(cycles), "%u", record->cycles);
	return format(text, size, "%3u.%06u %5d %-15s %08x %-12s %-19s %-14s %6s %7s\n",
		      (unsigned)(us / 1000000), (unsigned)(us % 1000000), record->pid,
		      name_of(number, record->pid), record->address, access, where, decision, frame,
		      cycles);
}

void fault_trace_show_last(unsigned count, void (*show)(const char *line))
{
	uint32_t have = fault_trace_next() - fault_trace_first();
	uint32_t number = fault_trace_next() - MIN(have, count);
	static char line[160];

	panicking = true;
	for (; number != fault_trace_next(); number++) {
		struct fault_record record;
		int length;

		if (!fault_trace_read(number, &record))
			continue;
		length = fault_trace_format(number, &record, NULL, line, sizeof(line));
		line[MIN((size_t)length, sizeof(line)) - 1] = '\0';
		show(line);
	}
}
