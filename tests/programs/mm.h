/*
 * What the mm_*.c programs share: accesses that report the signal they meet, and calls that report
 * their errno.
 */
#ifndef MM_H
#define MM_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf mm_back;
static siginfo_t mm_seen;

static inline void mm_handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	mm_seen = *info;
	siglongjmp(mm_back, 1);
}

/* Installs the handler, on a stack of its own. */
static inline void mm_catch(void)
{
	static char stack[64 * 1024];
	stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = mm_handler,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&other, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* Reads or writes a byte: "ok", or the signal's code and whether its address is right. */
static inline const char *mm_access(volatile char *at, int write)
{
	if (sigsetjmp(mm_back, 1) == 0) {
		if (write)
			*at = 1;
		else
			(void)*at;
		return "ok";
	}
	if (mm_seen.si_addr != (void *)at)
		return "WRONG ADDRESS";
	if (mm_seen.si_signo == SIGBUS)
		return mm_seen.si_code == BUS_ADRERR ? "BUS_ADRERR" : "BUS OTHER";
	if (mm_seen.si_code == SEGV_MAPERR)
		return "SEGV_MAPERR";
	return mm_seen.si_code == SEGV_ACCERR ? "SEGV_ACCERR" : "SEGV OTHER";
}

static inline void mm_try(const char *what, void *at)
{
	printf("%s: read %s,", what, mm_access(at, 0));
	printf(" write %s\n", mm_access(at, 1));
}

/* Prints how a call that returns -1 on failure went. */
static inline void mm_call(const char *what, long result)
{
	printf("%s: %s\n", what, result == -1 ? strerrorname_np(errno) : "ok");
}

static inline char *mm_map(size_t npages, int prot)
{
	char *at = mmap(NULL, npages * PAGE, prot, ANON, -1, 0);

	if (at == MAP_FAILED) {
		printf("mmap failed: %s\n", strerrorname_np(errno));
		exit(1);
	}
	return at;
}

/* An unlinked file of `size` bytes, the n-th of which is 'a' + n / 4096. */
static inline int mm_file(size_t size)
{
	int fd = open("mm-test.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (size_t at = 0; at < size; at++) {
		char byte = 'a' + at / PAGE;

		if (at % PAGE == 0 && size - at >= PAGE) {
			char page[PAGE];

			memset(page, byte, PAGE);
			if (write(fd, page, PAGE) != PAGE)
				perror("write");
			at += PAGE - 1;
		} else if (write(fd, &byte, 1) != 1) {
			perror("write");
		}
	}
	unlink("mm-test.tmp");
	return fd;
}

/* Runs body in a child, with its output in order; prints how it ended when that was not exit 0. */
static inline void mm_child(void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		body();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("child: signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf("child: exit %d\n", WEXITSTATUS(status));
}

/* Lines of /proc/self/maps that touch [from, to). */
static inline int mm_regions(const void *from, const void *to)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512];
	int count = 0;

	if (!maps)
		return -1;
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start < (unsigned long)to &&
		    end > (unsigned long)from)
			count++;
	fclose(maps);
	return count;
}

#endif
