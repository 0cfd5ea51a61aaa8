/*
 * Each pointer argument of each system call, bad in every way: unmapped, without rights, read-only where
 * the kernel writes, over the end of a page, at the kernel's base, a byte below it, and wrapping.
 * Prints the error of each; what comes back without one is "done", or the count of a transfer.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define AT_CWD ((uint32_t)AT_FDCWD)

/* In a call's arguments: the one that is tried, and what is known when the program runs. */
#define BAD 0xbad0bad0u
#define A_FILE 0xbad0bad1u
#define A_DIRECTORY 0xbad0bad2u
#define A_PIPE 0xbad0bad3u
#define PIPE_IN 0xbad0bad4u
#define GOOD 0xbad0bad5u /* "file" */
#define ZEROS 0xbad0bad6u

enum kind { IN, OUT, STRING, MOVE }; /* what the kernel does with it; MOVE: shows how much */

struct call {
	const char *name;
	enum kind kind;
	int number;
	uint32_t arguments[6];
};

static char good[16384] __attribute__((aligned(4096)));
static char *hole, *forbidden, *readonly, *edge;
static uint32_t kernel_base = 0xc0000000;
static int file, directory, pipes[2];

static void prepare(void)
{
	char *pages = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
	FILE *base = fopen("/proc/loft/kernel_vma", "r");

	if (base) {
		if (fscanf(base, "%x", &kernel_base) != 1)
			printf("no kernel base\n");
		fclose(base);
	}
	memset(pages, 'a', 8 * PAGE);
	edge = pages + PAGE - 2;
	hole = pages + PAGE;
	munmap(hole, PAGE);
	forbidden = pages + 2 * PAGE;
	mprotect(forbidden, PAGE, PROT_NONE);
	readonly = pages + 4 * PAGE;
	mprotect(readonly, PAGE, PROT_READ);
	file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (write(file, good, sizeof(good)) != sizeof(good) || symlink("file", "link") ||
	    pipe(pipes))
		printf("cannot prepare\n");
	directory = open(".", O_RDONLY | O_DIRECTORY);
}

static uint32_t value_of(uint32_t argument, uint32_t address)
{
	switch (argument) {
	case BAD:
		return address;
	case A_FILE:
		return file;
	case A_DIRECTORY:
		return directory;
	case A_PIPE:
		return pipes[0];
	case PIPE_IN:
		return pipes[1];
	case GOOD:
		return (uint32_t)good;
	case ZEROS:
		return (uint32_t)good + 1024;
	default:
		return argument;
	}
}

static void attempt(const struct call *call, const char *how, uint32_t address)
{
	uint32_t a[6];
	int at = 0;
	long result;

	for (int i = 0; i < 6; i++) {
		a[i] = value_of(call->arguments[i], address);
		if (call->arguments[i] == BAD)
			at = i;
	}
	memset(edge, 'a', 2);
	memset(good, 0, sizeof(good));
	strcpy(good, "file");
	lseek(file, 0, SEEK_SET);
	lseek(directory, 0, SEEK_SET);
	errno = 0;
	result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	printf("%s[%d] %s: ", call->name, at, how);
	if (result == -1)
		printf("error %d\n", errno);
	else if (call->kind == MOVE)
		printf("%ld\n", result);
	else
		printf("done\n");
}

static void attempt_all(const struct call *call)
{
	attempt(call, "unmapped", (uint32_t)hole);
	attempt(call, "forbidden", (uint32_t)forbidden);
	if (call->kind == OUT)
		attempt(call, "read-only", (uint32_t)readonly);
	attempt(call, "over the edge", (uint32_t)edge);
	attempt(call, "kernel", kernel_base);
	attempt(call, "deep in the kernel", kernel_base + 0x100000);
	if (call->kind != STRING)
		attempt(call, "kernel - 1", kernel_base - 1);
	attempt(call, "wrapping", 0xfffffffe);
}

static void zombie(void)
{
	siginfo_t info;

	if (fork() == 0)
		_exit(7);
	waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
}

/* wait's pointers need a child that has ended; a failed wait may have reaped it. */
static void try_waits(void)
{
	const struct {
		const char *how;
		uint32_t address;
	} tries[] = {
		{ "unmapped", (uint32_t)hole },
		{ "read-only", (uint32_t)readonly },
		{ "kernel", kernel_base },
		{ "wrapping", 0xfffffffe },
	};

	for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		for (int argument = 1; argument <= 3; argument += 2) {
			long result;

			zombie();
			result = syscall(SYS_wait4, -1,
					 argument == 1 ? tries[i].address : (uint32_t)good, 0,
					 argument == 3 ? tries[i].address : 0);
			printf("wait4[%d] %s: %s %d\n", argument, tries[i].how,
			       result == -1 ? "error" : "done", result == -1 ? errno : 0);
			printf("left: %d\n", waitpid(-1, NULL, WNOHANG) > 0);
		}
	}
}

static const struct call calls[] = {
	{ "read", OUT, 3, { A_FILE, BAD, 64 } },
	{ "write", IN, 4, { A_FILE, BAD, 64 } },
	{ "read much", MOVE, 3, { A_FILE, BAD, 8192 } },
	{ "write much", MOVE, 4, { A_FILE, BAD, 8192 } },
	{ "open", STRING, 5, { BAD, 0 } },
	{ "creat", STRING, 8, { BAD, 0600 } },
	{ "link", STRING, 9, { BAD, GOOD } },
	{ "link", STRING, 9, { GOOD, BAD } },
	{ "unlink", STRING, 10, { BAD } },
	{ "execve", STRING, 11, { BAD, 0, 0 } },
	{ "chdir", STRING, 12, { BAD } },
	{ "time", OUT, 13, { BAD } },
	{ "mknod", STRING, 14, { BAD, S_IFIFO | 0600, 0 } },
	{ "chmod", STRING, 15, { BAD, 0600 } },
	{ "lchown", STRING, 16, { BAD, 0, 0 } },
	{ "utime", STRING, 30, { BAD, 0 } },
	{ "utime", IN, 30, { GOOD, BAD } },
	{ "access", STRING, 33, { BAD, 0 } },
	{ "rename", STRING, 38, { BAD, GOOD } },
	{ "rename", STRING, 38, { GOOD, BAD } },
	{ "mkdir", STRING, 39, { BAD, 0700 } },
	{ "rmdir", STRING, 40, { BAD } },
	{ "pipe", OUT, 42, { BAD } },
	{ "times", OUT, 43, { BAD } },
	{ "ioctl FIONREAD", OUT, 54, { A_PIPE, 0x541b, BAD } },
	{ "fcntl F_GETLK", IN, 55, { A_FILE, F_GETLK, BAD } },
	{ "fcntl F_SETLK", IN, 55, { A_FILE, F_SETLK, BAD } },
	{ "chroot", STRING, 61, { BAD } },
	{ "sigaction", IN, 67, { SIGUSR1, BAD, 0 } },
	{ "sigaction", OUT, 67, { SIGUSR1, 0, BAD } },
	{ "sigpending", OUT, 73, { BAD } },
	{ "setrlimit", IN, 75, { 3, BAD } },
	{ "getrlimit", OUT, 76, { 3, BAD } },
	{ "getrusage", OUT, 77, { 0, BAD } },
	{ "gettimeofday", OUT, 78, { BAD, 0 } },
	{ "gettimeofday", OUT, 78, { 0, BAD } },
	{ "symlink", STRING, 83, { BAD, GOOD } },
	{ "symlink", STRING, 83, { GOOD, BAD } },
	{ "readlink", STRING, 85, { BAD, GOOD, 64 } },
	{ "mmap", IN, 90, { BAD } },
	{ "truncate", STRING, 92, { BAD, 0 } },
	{ "statfs", STRING, 99, { BAD, GOOD } },
	{ "statfs", OUT, 99, { GOOD, BAD } },
	{ "fstatfs", OUT, 100, { A_FILE, BAD } },
	{ "setitimer", IN, 104, { 0, BAD, 0 } },
	{ "setitimer", OUT, 104, { 0, ZEROS, BAD } },
	{ "getitimer", OUT, 105, { 0, BAD } },
	{ "stat", STRING, 106, { BAD, GOOD } },
	{ "stat", OUT, 106, { GOOD, BAD } },
	{ "lstat", OUT, 107, { GOOD, BAD } },
	{ "fstat", OUT, 108, { A_FILE, BAD } },
	{ "sysinfo", OUT, 116, { BAD } },
	{ "uname", OUT, 122, { BAD } },
	{ "sigprocmask", IN, 126, { SIG_BLOCK, BAD, 0 } },
	{ "sigprocmask", OUT, 126, { SIG_BLOCK, 0, BAD } },
	{ "_llseek", OUT, 140, { A_FILE, 0, 0, BAD, SEEK_SET } },
	{ "getdents", OUT, 141, { A_DIRECTORY, BAD, 512 } },
	{ "select", IN, 142, { 8, BAD, 0, 0, ZEROS } },
	{ "select", IN, 142, { 8, 0, BAD, 0, ZEROS } },
	{ "select", IN, 142, { 8, 0, 0, BAD, ZEROS } },
	{ "select", IN, 142, { 0, 0, 0, 0, BAD } },
	{ "readv", IN, 145, { A_FILE, BAD, 1 } },
	{ "writev", IN, 146, { A_FILE, BAD, 1 } },
	{ "nanosleep", IN, 162, { BAD, 0 } },
	{ "poll", IN, 168, { BAD, 1, 0 } },
	{ "prctl PR_SET_NAME", STRING, 172, { 15, BAD } },
	{ "prctl PR_GET_NAME", OUT, 172, { 16, BAD } },
	{ "rt_sigaction", IN, 174, { SIGUSR1, BAD, 0, 8 } },
	{ "rt_sigaction", OUT, 174, { SIGUSR1, 0, BAD, 8 } },
	{ "rt_sigprocmask", IN, 175, { SIG_BLOCK, BAD, 0, 8 } },
	{ "rt_sigprocmask", OUT, 175, { SIG_BLOCK, 0, BAD, 8 } },
	{ "rt_sigpending", OUT, 176, { BAD, 8 } },
	{ "rt_sigtimedwait", IN, 177, { BAD, 0, ZEROS, 8 } },
	{ "rt_sigtimedwait", IN, 177, { ZEROS, 0, BAD, 8 } },
	{ "rt_sigsuspend", IN, 179, { BAD, 8 } },
	{ "pread64", OUT, 180, { A_FILE, BAD, 64, 0, 0 } },
	{ "pwrite64", IN, 181, { A_FILE, BAD, 64, 0, 0 } },
	{ "chown", STRING, 182, { BAD, 0, 0 } },
	{ "getcwd", OUT, 183, { BAD, 4096 } },
	{ "capget", IN, 184, { BAD, GOOD } },
	{ "sigaltstack", IN, 186, { BAD, 0 } },
	{ "sigaltstack", OUT, 186, { 0, BAD } },
	{ "sendfile", OUT, 187, { PIPE_IN, A_FILE, BAD, 16 } },
	{ "ugetrlimit", OUT, 191, { 3, BAD } },
	{ "truncate64", STRING, 193, { BAD, 0, 0 } },
	{ "stat64", STRING, 195, { BAD, GOOD } },
	{ "stat64", OUT, 195, { GOOD, BAD } },
	{ "lstat64", OUT, 196, { GOOD, BAD } },
	{ "fstat64", OUT, 197, { A_FILE, BAD } },
	{ "lchown32", STRING, 198, { BAD, 0, 0 } },
	{ "getresuid", OUT, 209, { BAD, GOOD, GOOD } },
	{ "getresuid", OUT, 209, { GOOD, GOOD, BAD } },
	{ "chown32", STRING, 212, { BAD, 0, 0 } },
	{ "getdents64", OUT, 220, { A_DIRECTORY, BAD, 512 } },
	{ "fcntl F_GETLK64", IN, 221, { A_FILE, 12, BAD } },
	{ "sendfile64", OUT, 239, { PIPE_IN, A_FILE, BAD, 16 } },
	{ "futex wait", IN, 240, { BAD, 0, 0, 0 } },
	{ "sched_getaffinity", OUT, 242, { 0, 128, BAD } },
	{ "set_thread_area", IN, 243, { BAD } },
	{ "clock_gettime", OUT, 265, { 1, BAD } },
	{ "clock_getres", OUT, 266, { 1, BAD } },
	{ "clock_nanosleep", IN, 267, { 1, 0, BAD, 0 } },
	{ "statfs64", STRING, 268, { BAD, 84, GOOD } },
	{ "statfs64", OUT, 268, { GOOD, 84, BAD } },
	{ "fstatfs64", OUT, 269, { A_FILE, 84, BAD } },
	{ "utimes", IN, 271, { GOOD, BAD } },
	{ "openat", STRING, 295, { AT_CWD, BAD, 0 } },
	{ "mkdirat", STRING, 296, { AT_CWD, BAD, 0700 } },
	{ "mknodat", STRING, 297, { AT_CWD, BAD, S_IFIFO | 0600, 0 } },
	{ "fchownat", STRING, 298, { AT_CWD, BAD, 0, 0, 0 } },
	{ "fstatat64", STRING, 300, { AT_CWD, BAD, GOOD, 0 } },
	{ "fstatat64", OUT, 300, { AT_CWD, GOOD, BAD, 0 } },
	{ "unlinkat", STRING, 301, { AT_CWD, BAD, 0 } },
	{ "renameat", STRING, 302, { AT_CWD, BAD, AT_CWD, GOOD } },
	{ "linkat", STRING, 303, { AT_CWD, BAD, AT_CWD, GOOD, 0 } },
	{ "symlinkat", STRING, 304, { BAD, AT_CWD, GOOD } },
	{ "readlinkat", STRING, 305, { AT_CWD, BAD, GOOD, 64 } },
	{ "fchmodat", STRING, 306, { AT_CWD, BAD, 0600 } },
	{ "faccessat", STRING, 307, { AT_CWD, BAD, 0 } },
	{ "pselect6", IN, 308, { 8, BAD, 0, 0, ZEROS, 0 } },
	{ "pselect6", IN, 308, { 0, 0, 0, 0, BAD, 0 } },
	{ "ppoll", IN, 309, { BAD, 1, ZEROS, 0, 8 } },
	{ "ppoll", IN, 309, { 0, 0, BAD, 0, 8 } },
	{ "utimensat", STRING, 320, { AT_CWD, BAD, 0, 0 } },
	{ "utimensat", IN, 320, { AT_CWD, GOOD, BAD, 0 } },
	{ "pipe2", OUT, 331, { BAD, 0 } },
	{ "prlimit64", IN, 340, { 0, 3, BAD, 0 } },
	{ "prlimit64", OUT, 340, { 0, 3, 0, BAD } },
	{ "getrandom", OUT, 355, { BAD, 64, 0 } },
	{ "statx", STRING, 383, { AT_CWD, BAD, 0, 0x7ff, GOOD } },
	{ "statx", OUT, 383, { AT_CWD, GOOD, 0, 0x7ff, BAD } },
	{ "clock_gettime64", OUT, 403, { 1, BAD } },
	{ "clock_nanosleep_time64", IN, 407, { 1, 0, BAD, 0 } },
};

int main(void)
{
	prepare();
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		attempt_all(&calls[i]);
	try_waits();
	close(file);
	return 0;
}
