/* System calls given every kind of bad address: nothing, a hole, no rights, read-only, the end. */
#define _GNU_SOURCE
#include "regions.h"
#include <poll.h>
#include <sys/select.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

static int fd, ends[2];

static long to_pipe(void *at)
{
	return syscall(SYS_pipe, at);
}

static long to_stat(void *at)
{
	return syscall(SYS_fstat64, fd, at);
}

static long path_of_stat(void *at)
{
	struct stat st;

	return syscall(SYS_stat64, at, &st);
}

static long to_uname(void *at)
{
	return syscall(SYS_uname, at);
}

static long to_cwd(void *at)
{
	return syscall(SYS_getcwd, at, 100);
}

static long from_open(void *at)
{
	return syscall(SYS_open, at, O_RDONLY);
}

static long to_limit(void *at)
{
	return syscall(SYS_ugetrlimit, RLIMIT_STACK, at);
}

static long from_limit(void *at)
{
	return syscall(SYS_setrlimit, 99, at);
}

static long to_time(void *at)
{
	return syscall(SYS_clock_gettime, CLOCK_REALTIME, at);
}

static long from_sleep(void *at)
{
	return syscall(SYS_nanosleep, at, NULL);
}

static long from_action(void *at)
{
	return syscall(SYS_rt_sigaction, SIGUSR1, at, NULL, 8);
}

static long to_action(void *at)
{
	return syscall(SYS_rt_sigaction, SIGUSR1, NULL, at, 8);
}

static long from_mask(void *at)
{
	return syscall(SYS_rt_sigprocmask, SIG_BLOCK, at, NULL, 8);
}

static long to_status(void *at)
{
	if (fork() == 0)
		_exit(3);
	return syscall(SYS_wait4, -1, at, 0, NULL) > 0 ? 0 : -1;
}

static long from_poll(void *at)
{
	return syscall(SYS_poll, at, 1, 0);
}

static long to_link(void *at)
{
	return syscall(SYS_readlink, "/proc/self/exe", at, 100) > 0 ? 0 : -1;
}

static long from_exec(void *at)
{
	return syscall(SYS_execve, "/nowhere/at/all", at, NULL);
}

static long from_futex(void *at)
{
	return syscall(SYS_futex, at, 0 /* FUTEX_WAIT */, 12345, NULL);
}

static long to_dents(void *at)
{
	return syscall(SYS_getdents64, fd, at, 100);
}

static long to_statfs(void *at)
{
	return syscall(SYS_statfs64, ".", sizeof(struct statfs64), at);
}

static const struct {
	const char *name;
	long (*call)(void *at);
} calls[] = {
	{ "pipe", to_pipe },	      { "fstat", to_stat },	    { "stat's path", path_of_stat },
	{ "uname", to_uname },	      { "getcwd", to_cwd },	    { "open", from_open },
	{ "getrlimit", to_limit },    { "setrlimit", from_limit },  { "clock_gettime", to_time },
	{ "nanosleep", from_sleep },  { "sigaction", from_action }, { "old sigaction", to_action },
	{ "sigprocmask", from_mask }, { "wait4", to_status },	    { "poll", from_poll },
	{ "readlink", to_link },      { "execve", from_exec },	    { "futex", from_futex },
	{ "getdents64", to_dents },   { "statfs", to_statfs },
};

int main(void)
{
	char *at = window_make(4);
	struct {
		const char *name;
		char *at;
	} kinds[] = { { "nothing", NULL },
		      { "a hole", at + 3 * PAGE + 16 },
		      { "no rights", at + 2 * PAGE },
		      { "the last byte that has", at + 2 * PAGE - 1 },
		      { "read-only", at + PAGE },
		      { "the kernel", (char *)0xffffe000 },
		      { "the end", (char *)0xffffffff } };

	map_private(at, 3, RW);
	mprotect(at + PAGE, PAGE, PROT_READ);
	mprotect(at + 2 * PAGE, PAGE, PROT_NONE);
	fd = open(".", O_RDONLY);
	if (pipe(ends))
		return 1;
	for (unsigned call = 0; call < sizeof(calls) / sizeof(*calls); call++)
		for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(*kinds); kind++) {
			printf("%s, ", calls[call].name);
			mm_call(kinds[kind].name, calls[call].call(kinds[kind].at));
		}
	return 0;
}
