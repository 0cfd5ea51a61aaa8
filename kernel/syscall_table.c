/*
 * The system calls: number, name, function. One table lists them all; the functions stand in the files that do the
 * work. Numbers are Linux i386's (arch/x86/entry/syscalls/syscall_32.tbl). What is not here answers ENOSYS.
 */
#include <syscall.h>

#include <clock.h>
#include <machine.h>
#include <mm.h>
#include <random.h>

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
	CALL(376, mlock2, sys_mlock2),

	/* kernel/: processes */

	/* kernel/: signals */

	/* kernel/: time and the machine */
	CALL(13, time, sys_time),
	CALL(25, stime, sys_stime),
	CALL(27, alarm, sys_alarm),
	CALL(43, times, sys_times),
	CALL(59, oldolduname, sys_oldold_uname),
	CALL(74, sethostname, sys_sethostname),
	CALL(78, gettimeofday, sys_gettimeofday),
	CALL(79, settimeofday, sys_settimeofday),
	CALL(88, reboot, sys_reboot),
	CALL(103, syslog, sys_syslog),
	CALL(104, setitimer, sys_setitimer),
	CALL(105, getitimer, sys_getitimer),
	CALL(109, olduname, sys_old_uname),
	CALL(116, sysinfo, sys_sysinfo),
	CALL(121, setdomainname, sys_setdomainname),
	CALL(122, uname, sys_uname),
	CALL(162, nanosleep, sys_nanosleep),
	CALL(264, clock_settime, sys_clock_settime),
	CALL(265, clock_gettime, sys_clock_gettime),
	CALL(266, clock_getres, sys_clock_getres),
	CALL(267, clock_nanosleep, sys_clock_nanosleep),
	CALL(355, getrandom, sys_getrandom),
	CALL(403, clock_gettime64, sys_clock_gettime64),
	CALL(404, clock_settime64, sys_clock_settime64),
	CALL(406, clock_getres_time64, sys_clock_getres64),
	CALL(407, clock_nanosleep_time64, sys_clock_nanosleep64),

	/* fs/ */
};
