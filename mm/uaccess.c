/*
 * Copies between kernel and user memory.
 *
 * The instructions that touch user memory each have a line in the exception table: where the
 * instruction is, and where to go on when it faults for good. What has been copied until then
 * stands in the registers of the string instructions, so that the fix-up knows how much is
 * left.
 *
 * Where the processor has SMAP, the kernel's way to user pages is open during these
 * instructions alone. A page fault among them is handled with the interrupted flags on the
 * stack, so that it is open again afterwards.
 */
#include <uaccess.h>

#include <abi/errno.h>
#include <assert.h>
#include <cpu.h>
#include <layout.h>
#include <mm.h>
#include <oom.h>
#include <task.h>

/* Declares that the instruction at label `at` may fault and is then left for label `fixup`. */
#define MAY_FAULT(at, fixup) \
	".pushsection __ex_table, \"a\"\n\t" \
	".balign 4\n\t" \
	".long " at ", " fixup "\n\t" \
	".popsection\n\t"

struct exception_entry {
	vaddr_t at, fixup;
};

/* From linker.ld. */
extern const struct exception_entry ex_table_start[], ex_table_end[];

bool user_faults_refused;

vaddr_t exception_fixup(vaddr_t eip)
{
	/* A dozen entries: not worth a search tree. */
	for (const struct exception_entry *entry = ex_table_start; entry < ex_table_end; entry++) {
		if (entry->at == eip)
			return entry->fixup;
	}
	return 0;
}

/* Byte by byte, up to the very one that faults; returns the bytes left over. */
static size_t copy_bytes(void *to, const void *from, size_t left)
{
	cpu_user_access_begin();
	__asm__ volatile("1:	rep movsb\n"
			 "2:\n\t" MAY_FAULT("1b", "2b")
			 : "+D"(to), "+S"(from), "+c"(left)
			 :
			 : "memory");
	cpu_user_access_end();
	return left;
}

/*
 * Whether a word there lies in two pages: when it faulted, the bytes before the second page's can
 * still be had.
 */
static bool in_two_pages(const void *word)
{
	return ((vaddr_t)word & PAGE_MASK) > PAGE_SIZE - 4;
}

/* Which of the two sides of a copy is user memory. */
enum user_side { USER_TO, USER_FROM };

/* Words, then the odd bytes; returns the bytes left over when an access faulted. */
static inline size_t copy(void *to, const void *from, size_t size, enum user_side user)
{
	size_t left = size / 4, odd = size & 3;

	cpu_user_access_begin();
	__asm__ volatile("1:	rep movsl\n\t"
			 "	movl %[odd], %%ecx\n\t"
			 "2:	rep movsb\n"
			 "3:\n\t"
			 ".subsection 1\n"
			 "4:	leal (%[odd], %%ecx, 4), %%ecx\n\t"
			 "	jmp 3b\n\t"
			 ".previous\n\t" MAY_FAULT("1b", "4b") MAY_FAULT("2b", "3b")
			 : "+D"(to), "+S"(from), "+c"(left)
			 : [odd] "r"(odd)
			 : "memory");
	cpu_user_access_end();
	if (likely(left == 0) || !in_two_pages(user == USER_TO ? to : from))
		return left;
	return copy_bytes(to, from, left);
}

static size_t clear_bytes(void *to, size_t left)
{
	cpu_user_access_begin();
	__asm__ volatile("1:	rep stosb\n"
			 "2:\n\t" MAY_FAULT("1b", "2b")
			 : "+D"(to), "+c"(left)
			 : "a"(0)
			 : "memory");
	cpu_user_access_end();
	return left;
}

/* Zeros, the same way. */
static size_t clear(void *to, size_t size)
{
	size_t left = size / 4, odd = size & 3;

	cpu_user_access_begin();
	__asm__ volatile("1:	rep stosl\n\t"
			 "	movl %[odd], %%ecx\n\t"
			 "2:	rep stosb\n"
			 "3:\n\t"
			 ".subsection 1\n"
			 "4:	leal (%[odd], %%ecx, 4), %%ecx\n\t"
			 "	jmp 3b\n\t"
			 ".previous\n\t" MAY_FAULT("1b", "4b") MAY_FAULT("2b", "3b")
			 : "+D"(to), "+c"(left)
			 : "a"(0), [odd] "r"(odd)
			 : "memory");
	cpu_user_access_end();
	return likely(left == 0) || !in_two_pages(to) ? left : clear_bytes(to, left);
}

/* How many of `size` bytes from address on lie below USER_TOP. */
static size_t allowed_size(const void __user *address, size_t size)
{
	vaddr_t at = (vaddr_t)address;

	return at >= USER_TOP ? 0 : MIN(size, USER_TOP - at);
}

size_t copy_from_user_partial(void *to, const void __user *from, size_t size)
{
	size_t allowed;

	if (likely(user_range_ok(from, size)))
		return copy(to, from, size, USER_FROM);
	allowed = allowed_size(from, size);
	return size - allowed + copy(to, from, allowed, USER_FROM);
}

size_t copy_to_user_partial(void __user *to, const void *from, size_t size)
{
	size_t allowed;

	if (likely(user_range_ok(to, size)))
		return copy(to, from, size, USER_TO);
	allowed = allowed_size(to, size);
	return size - allowed + copy(to, from, allowed, USER_TO);
}

size_t clear_user_partial(void __user *to, size_t size)
{
	size_t allowed = allowed_size(to, size);

	return size - allowed + clear(to, allowed);
}

int copy_from_user(void *to, const void __user *from, size_t size)
{
	if (!user_range_ok(from, size))
		return -EFAULT;
	return copy(to, from, size, USER_FROM) ? -EFAULT : 0;
}

int copy_to_user(void __user *to, const void *from, size_t size)
{
	if (!user_range_ok(to, size))
		return -EFAULT;
	return copy(to, from, size, USER_TO) ? -EFAULT : 0;
}

int clear_user(void __user *to, size_t size)
{
	if (!user_range_ok(to, size))
		return -EFAULT;
	return clear(to, size) ? -EFAULT : 0;
}

int user_fault_in(const void __user *at, bool write)
{
	enum fault_result result;

	assert(!user_faults_refused);
	if ((vaddr_t)at >= USER_TOP || !current->process->mm)
		return -EFAULT;
	do
		result = mm_fault(current->process->mm, (vaddr_t)at, write ? FAULT_WRITE : 0);
	while (result == FAULT_NO_MEMORY && oom_make_room(false));
	return fault_satisfied(result) ? 0 : -EFAULT;
}

int get_user(uint32_t *value, const uint32_t __user *from)
{
	uint32_t word = 0;
	int error = 0;

	if (!user_range_ok(from, sizeof(*from)))
		return -EFAULT;
	cpu_user_access_begin();
	__asm__ volatile("1:	movl (%[from]), %[word]\n"
			 "2:\n\t"
			 ".subsection 1\n"
			 "3:	movl %[fault], %[error]\n\t"
			 "	jmp 2b\n\t"
			 ".previous\n\t" MAY_FAULT("1b", "3b")
			 : [word] "+r"(word), [error] "+r"(error)
			 : [from] "r"(from), [fault] "i"(-EFAULT)
			 : "memory");
	cpu_user_access_end();
	*value = word;
	return error;
}

int put_user(uint32_t __user *to, uint32_t value)
{
	int error = 0;

	if (!user_range_ok(to, sizeof(*to)))
		return -EFAULT;
	cpu_user_access_begin();
	__asm__ volatile("1:	movl %[value], (%[to])\n"
			 "2:\n\t"
			 ".subsection 1\n"
			 "3:	movl %[fault], %[error]\n\t"
			 "	jmp 2b\n\t"
			 ".previous\n\t" MAY_FAULT("1b", "3b")
			 : [error] "+r"(error)
			 : [to] "r"(to), [value] "r"(value), [fault] "i"(-EFAULT)
			 : "memory");
	cpu_user_access_end();
	return error;
}

int cmpxchg_user(uint32_t __user *at, uint32_t expected, uint32_t desired, uint32_t *old)
{
	uint32_t found = expected;
	int error = 0;

	if (!user_range_ok(at, sizeof(*at)))
		return -EFAULT;
	cpu_user_access_begin();
	__asm__ volatile("1:	lock cmpxchgl %[desired], (%[at])\n"
			 "2:\n\t"
			 ".subsection 1\n"
			 "3:	movl %[fault], %[error]\n\t"
			 "	jmp 2b\n\t"
			 ".previous\n\t" MAY_FAULT("1b", "3b")
			 : "+a"(found), [error] "+r"(error)
			 : [at] "r"(at), [desired] "r"(desired), [fault] "i"(-EFAULT)
			 : "memory", "cc");
	cpu_user_access_end();
	*old = found;
	return error;
}

enum scan_end { SCAN_LIMIT, SCAN_ZERO, SCAN_FAULT };

/* Copies up to and with the first zero byte; *left: how many of size bytes were not read. */
static enum scan_end copy_string(char *to, const char *from, size_t size, size_t *left)
{
	enum scan_end end = SCAN_LIMIT;

	cpu_user_access_begin();
	__asm__ volatile("	jecxz 3f\n"
			 "1:	lodsb\n\t"
			 "	stosb\n\t"
			 "	testb %%al, %%al\n\t"
			 "	loopnz 1b\n\t"
			 "	jnz 3f\n\t"
			 "	movl %[zero], %[end]\n"
			 "3:\n\t"
			 ".subsection 1\n"
			 "4:	movl %[fault], %[end]\n\t"
			 "	jmp 3b\n\t"
			 ".previous\n\t" MAY_FAULT("1b", "4b")
			 : "+D"(to), "+S"(from), "+c"(size), [end] "+r"(end)
			 : [zero] "i"(SCAN_ZERO), [fault] "i"(SCAN_FAULT)
			 : "eax", "memory", "cc");
	cpu_user_access_end();
	*left = size;
	return end;
}

/* Looks for a zero byte; *left: how many of size bytes lie behind it, or were not read. */
static enum scan_end scan_string(const char *from, size_t size, size_t *left)
{
	enum scan_end end = SCAN_LIMIT;

	cpu_user_access_begin();
	__asm__ volatile("	jecxz 3f\n"
			 "1:	repne scasb\n\t"
			 "	jne 3f\n\t"
			 "	movl %[zero], %[end]\n"
			 "3:\n\t"
			 ".subsection 1\n"
			 "4:	movl %[fault], %[end]\n\t"
			 "	jmp 3b\n\t"
			 ".previous\n\t" MAY_FAULT("1b", "4b")
			 : "+D"(from), "+c"(size), [end] "+r"(end)
			 : "a"(0), [zero] "i"(SCAN_ZERO), [fault] "i"(SCAN_FAULT)
			 : "memory", "cc");
	cpu_user_access_end();
	*left = size;
	return end;
}

int strncpy_from_user(char *to, const char __user *from, size_t size)
{
	size_t allowed = allowed_size(from, size), left;

	assert(size > 0);
	switch (copy_string(to, from, allowed, &left)) {
	case SCAN_ZERO:
		return (int)(allowed - left - 1);
	case SCAN_LIMIT:
		return allowed < size ? -EFAULT : -ENAMETOOLONG;
	default:
		return -EFAULT;
	}
}

ssize_t strnlen_user(const char __user *from, size_t limit)
{
	size_t allowed = allowed_size(from, limit), left;

	switch (scan_string(from, allowed, &left)) {
	case SCAN_ZERO:
		return (ssize_t)(allowed - left - 1);
	case SCAN_LIMIT:
		return allowed < limit ? -EFAULT : (ssize_t)limit;
	default:
		return -EFAULT;
	}
}
