/*
 * The fault trace: a ring with a record of each page fault that mm_fault decided about, always on.
 *
 * A record is ten stores and two readings of the time stamp counter; everything that makes it
 * readable is done when it is read: /proc/faults and /proc/PID/faults (fs/proc_faults.c), and the
 * last ones at a panic. Records have numbers, counted up from 0 and round again after 2^32; the
 * ring keeps the newest.
 *
 * Protected by: the kernel not being preempted. Interrupt handlers do not fault.
 */
#ifndef LOFT_FAULT_TRACE_H
#define LOFT_FAULT_TRACE_H

#include <cpu.h>
#include <clock.h>
#include <mm.h>
#include <task.h>
#include <wait.h>

struct fault_record {
	uint64_t when;	     /* when mm_fault began: TSC, or clock_ticks() where there is none */
	uint32_t cycles;     /* what it took, sleeps included; means nothing without a TSC */
	vaddr_t address;     /* that was accessed */
	vaddr_t eip;	     /* of the program: what accessed it, or called the kernel */
	pid_t pid;	     /* of the process that ran; 0: the kernel itself */
	struct frame *frame; /* behind the page afterwards; only where fault_satisfied. Compared,
				never followed: it may be another's by now */
	uint8_t access;	     /* FAULT_* of mm.h */
	uint8_t result;	     /* enum fault_result */
	uint16_t region;     /* FAULT_REGION_*; means nothing for FAULT_NO_REGION */
};

/*
 * Of the region: its low VMA_* flags, and whether an object is behind it. Between them, how many
 * more pages the fault mapped that nobody had asked for yet.
 */
#define FAULT_REGION_FLAGS 0x1ffu
#define FAULT_REGION_MORE_SHIFT 9
#define FAULT_REGION_MORE 0x3fu
#define FAULT_REGION_OBJECT 0x8000u

/* The ring, for the inline function below: nobody else's. */
extern struct fault_record *fault_ring;
extern uint32_t fault_ring_mask; /* its size, a power of two, less one */
extern uint32_t fault_ring_next; /* number of the record to come */

/* Readers sleep here; woken by fault_trace_wake. */
extern struct wait_queue fault_trace_readers;
void fault_trace_wake(void);

/* The time for a record's `when`. */
static inline uint64_t fault_trace_now(void)
{
	return cpu_has(CPU_TSC) ? cpu_read_tsc() : clock_ticks();
}

/* Records a decision of mm_fault; mm->note says when it began and what it met. */
static inline void fault_trace_add(const struct mm *mm, vaddr_t address, unsigned access,
				   enum fault_result result)
{
	struct fault_record *record = &fault_ring[fault_ring_next++ & fault_ring_mask];
	const struct vma *vma = mm->note.vma;

	record->when = mm->note.began;
	record->cycles = (uint32_t)fault_trace_now() - (uint32_t)mm->note.began;
	record->address = address;
	record->eip = current->frame->eip; /* all tasks but the idle one have a frame */
	record->pid = current->process->pid;
	record->frame = mm->note.frame;
	record->access = (uint8_t)access;
	record->result = (uint8_t)result;
	if (likely(vma))
		record->region = (vma->flags & FAULT_REGION_FLAGS) |
				 mm->note.nmore << FAULT_REGION_MORE_SHIFT |
				 (vma->object ? FAULT_REGION_OBJECT : 0);
	if (!list_empty(&fault_trace_readers.waiters))
		fault_trace_wake();
}

/* Gives the ring its size, by how much memory there is. Until then it is small. */
void fault_trace_init(void);

/* Number of the oldest record kept, and of the next one to come. */
uint32_t fault_trace_first(void);
uint32_t fault_trace_next(void);
/* Copies record `number` out; false when it is gone or not yet there. */
bool fault_trace_read(uint32_t number, struct fault_record *record);

/*
 * The process goes by another name from now on, or is over: records from before keep the name. A
 * table of the latest such names is kept; readers are woken.
 */
void fault_trace_name_ends(const struct process *process);

/* Column heads for the lines of fault_trace_format, with a newline. */
extern const char fault_trace_heads[];
/*
 * Record `number` as a line for people, with a newline; its length, as format's. region: what to
 * say of the region, or NULL: what the record itself tells. Follows no pointer of the record's.
 */
int fault_trace_format(uint32_t number, const struct fault_record *record, const char *region,
		       char *text, size_t size);

/* The last `count` lines, oldest first, for a panic. */
void fault_trace_show_last(unsigned count, void (*show)(const char *line));

#endif
