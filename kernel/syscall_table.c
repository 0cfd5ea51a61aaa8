/*
 * The system calls: number, name, function. One table lists them all; the functions stand in the files that do the
 * work. Numbers are Linux i386's (arch/x86/entry/syscalls/syscall_32.tbl). What is not here answers ENOSYS.
 */
#include <syscall.h>

#include <mm.h>

#define CALL(number, call_name, function) \
	[number] = { .name = #call_name, .enter = (void (*)(void))(function) }

const struct syscall_entry syscall_table[SYSCALL_COUNT] = {
	/* mm/ */
	CALL(45, brk, sys_brk),
	CALL(90, mmap, sys_old_mmap),
	CALL(91, munmap, sys_munmap),
	CALL(125, mprotect, sys_mprotect),
	CALL(144, msync, sys_msync),
	CALL(150, mlock, sys_mlock),
	CALL(151, munlock, sys_munlock),
	CALL(152, mlockall, sys_mlockall),
	CALL(153, munlockall, sys_munlockall),
	CALL(163, mremap, sys_mremap),
	CALL(192, mmap2, sys_mmap2),
	CALL(218, mincore, sys_mincore),
	CALL(219, madvise, sys_madvise),

	/* kernel/: processes */

	/* kernel/: signals */

	/* kernel/: time and the machine */

	/* fs/ */
};
