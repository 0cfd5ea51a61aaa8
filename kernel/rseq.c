/*
 * Restartable sequences. The registered structure tells the program which processor it is on,
 * always 0 here, so it is written once, and holds a pointer to the description of the critical
 * section that the program is in, if any. The pointer is looked at after a preemption and
 * before a signal frame is built: an eip inside the section is moved to the abort address,
 * provided that the four bytes in front of that are the signature given at registration (so
 * that nobody can be sent to arbitrary code). System calls do not end a section: making one
 * inside is an error of the program's.
 */
#include <rseq.h>

#include <assert.h>
#include <err.h>
#include <task.h>
#include <uaccess.h>

#define RSEQ_FLAG_UNREGISTER 1
#define RSEQ_ALIGN 32u
#define RSEQ_SIZE_ORIGINAL 32u
#define RSEQ_SIZE_LARGEST 4096u

/* linux/rseq.h */
struct rseq {
	uint32_t cpu_id_start;
	uint32_t cpu_id;
	uint32_t section; /* of a 64-bit field: struct rseq_section, 0 outside */
	uint32_t section_high;
	uint32_t flags;
	uint32_t node_id;
	uint32_t mm_cid;
	uint32_t end;
};
_Static_assert(sizeof(struct rseq) == RSEQ_SIZE_ORIGINAL, "the ABI's");

struct rseq_section {
	uint32_t version;
	uint32_t flags;
	uint64_t start;
	uint64_t size; /* from start to behind the committing instruction */
	uint64_t abort;
};

#define CPU_ID_UNINITIALIZED UINT32_MAX

static struct rseq __user *area_of(const struct task *task)
{
	return task->rseq;
}

static int check_section(const struct rseq_section *section)
{
	uint32_t signature;

	if (section->start >= USER_TOP || section->start + section->size >= USER_TOP ||
	    section->start + section->size < section->start || section->abort >= USER_TOP ||
	    section->version > 0)
		return -EINVAL;
	if (section->abort - section->start < section->size)
		return -EINVAL; /* the abort handler is inside the section */
	if (get_user(&signature, (const uint32_t __user *)(vaddr_t)(section->abort - 4)))
		return -EFAULT;
	return signature == current->rseq_signature ? 0 : -EINVAL;
}

/* Moves eip out of the section that the program says it is in. */
static int fix_up(struct trap_frame *frame)
{
	struct rseq __user *area = area_of(current);
	struct rseq_section section;
	uint32_t at;
	int error;

	if (get_user(&at, &area->section))
		return -EFAULT;
	if (at == 0)
		return 0;
	if (copy_from_user(&section, (const void __user *)at, sizeof(section)))
		return -EFAULT;
	error = check_section(&section);
	if (error)
		return error;
	if (put_user(&area->section, 0))
		return -EFAULT;
	if ((uint64_t)frame->eip - section.start < section.size)
		frame->eip = (vaddr_t)section.abort;
	return 0;
}

void rseq_signal(struct trap_frame *frame)
{
	if (!current->rseq)
		return;
	current->rseq_check = false;
	if (fix_up(frame))
		signal_force_fatal(SIGSEGV);
}

void rseq_resume(struct trap_frame *frame)
{
	if (!current->rseq_check)
		return;
	rseq_signal(frame);
}

/* The processor's number, or what stands for none. */
static int store_cpu(struct rseq __user *area, uint32_t cpu_id)
{
	if (put_user(&area->cpu_id_start, 0) || put_user(&area->cpu_id, cpu_id) ||
	    put_user(&area->node_id, 0) || put_user(&area->mm_cid, 0))
		return -EFAULT;
	return 0;
}

static int rseq_unregister(void __user *area, uint32_t size, int flags, uint32_t signature)
{
	if (flags & ~RSEQ_FLAG_UNREGISTER)
		return -EINVAL;
	if (current->rseq != area || !current->rseq || current->rseq_size != size)
		return -EINVAL;
	if (current->rseq_signature != signature)
		return -EPERM;
	if (store_cpu(area, CPU_ID_UNINITIALIZED))
		return -EFAULT;
	current->rseq = NULL;
	return 0;
}

int32_t sys_rseq(void __user *area, uint32_t size, int flags, uint32_t signature)
{
	if (flags & RSEQ_FLAG_UNREGISTER)
		return rseq_unregister(area, size, flags, signature);
	if (flags)
		return -EINVAL;
	if (current->rseq) {
		if (current->rseq != area || current->rseq_size != size)
			return -EINVAL;
		return current->rseq_signature == signature ? -EBUSY : -EPERM;
	}
	if (size < RSEQ_SIZE_ORIGINAL || size > RSEQ_SIZE_LARGEST ||
	    (uint32_t)area % RSEQ_ALIGN != 0)
		return -EINVAL;
	if (!user_range_ok(area, size))
		return -EFAULT;
	if (store_cpu(area, 0))
		return -EFAULT;
	current->rseq = area;
	current->rseq_size = size;
	current->rseq_signature = signature;
	return 0;
}
