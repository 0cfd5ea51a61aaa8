/*
 * Copies between kernel and user memory. A bad pointer is -EFAULT, wherever it points: the
 * range is held against USER_TOP, and a fault taken in the copy that the fault handler cannot
 * satisfy resumes at a fix-up found in the exception table (section __ex_table: pairs of
 * faulting and resuming address). May sleep; no lock of mm/ may be held.
 */
#ifndef LOFT_UACCESS_H
#define LOFT_UACCESS_H

#include <layout.h>
#include <types.h>

/* 0, or -EFAULT: then part of the bytes may have been copied. */
__must_check int copy_from_user(void *to, const void __user *from, size_t size);
__must_check int copy_to_user(void __user *to, const void *from, size_t size);
__must_check int clear_user(void __user *to, size_t size);
/* Bytes *not* copied or cleared (0: all). For read and write, which report how far they got. */
size_t copy_from_user_partial(void *to, const void __user *from, size_t size);
size_t copy_to_user_partial(void __user *to, const void *from, size_t size);
size_t clear_user_partial(void __user *to, size_t size);
/* Copies a terminated string: its length, -EFAULT, or -ENAMETOOLONG when no end in size bytes. */
__must_check int strncpy_from_user(char *to, const char __user *from, size_t size);
/* Length of a terminated user string without the end, at most limit; -EFAULT. */
__must_check ssize_t strnlen_user(const char __user *from, size_t limit);
/*
 * For copies that must not sleep, since they hold a window (kvrange.h) or rely on a page of a cache
 * that reclaim could take meanwhile: between the two calls, a copy ends at a user page that is not
 * there, or may not be written yet, as it ends at a bad address; how far it came is exact. The
 * caller then lets go of what it holds, calls user_fault_in for the first byte that is missing, and
 * looks everything up again. Nothing in between may sleep, and so the two do not nest.
 */
extern bool user_faults_refused;

static inline void user_faults_refuse(void)
{
	user_faults_refused = true;
}

static inline void user_faults_allow(void)
{
	user_faults_refused = false;
}

/*
 * Brings in the user page at an address, for reading or for writing, as an access would. 0 or
 * -EFAULT. It may be gone again after the next sleep. May sleep.
 */
__must_check int user_fault_in(const void __user *at, bool write);
/* One 32-bit word. */
__must_check int get_user(uint32_t *value, const uint32_t __user *from);
__must_check int put_user(uint32_t __user *to, uint32_t value);
/*
 * Atomically: if *at == expected store desired; the old value to *old. 0 or -EFAULT. For
 * futexes.
 */
__must_check int cmpxchg_user(uint32_t __user *at, uint32_t expected, uint32_t desired,
			      uint32_t *old);
/* True when [start, start + size) lies below USER_TOP and does not wrap. */
static inline bool user_range_ok(const void __user *start, size_t size)
{
	vaddr_t at = (vaddr_t)start;

	return at <= USER_TOP && size <= USER_TOP - at;
}

/*
 * The trap handler's side: where to resume when the kernel instruction at eip faulted, or 0
 * when it may not fault.
 */
vaddr_t exception_fixup(vaddr_t eip);

#endif
