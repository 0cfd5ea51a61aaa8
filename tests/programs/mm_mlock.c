/* mlock and its family: errors, that pages are had at once, and the limit for who is not root. */
#define _GNU_SOURCE
#include "mm.h"

static char *at;

static int resident(int npages)
{
	unsigned char vector[64];
	int count = 0;

	mincore(at, npages * PAGE, vector);
	for (int page = 0; page < npages; page++)
		count += vector[page] & 1;
	return count;
}

static void limited(void)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };

	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (setresuid(1000, 1000, 1000))
		perror("setresuid");
	at = mm_map(8, RW);
	mm_call("within the limit", mlock(at, 3 * PAGE));
	mm_call("the same again", mlock(at, 3 * PAGE));
	mm_call("beyond it", mlock(at + 3 * PAGE, 2 * PAGE));
	mm_call("mapped locked, beyond it",
		mmap(NULL, 8 * PAGE, RW, ANON | MAP_LOCKED, -1, 0) == MAP_FAILED ? -1 : 0);
	mm_call("everything", mlockall(MCL_CURRENT));
	munlock(at, 8 * PAGE);
	mm_call("after unlocking", mlock(at + 3 * PAGE, 4 * PAGE));
	limit.rlim_cur = limit.rlim_max = 0;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	mm_call("no locking at all", mlock(at, PAGE));
	mm_call("mapped locked",
		mmap(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0) == MAP_FAILED ? -1 : 0);
}

int main(void)
{
	at = mm_map(16, RW);
	mm_call("lock", mlock(at + PAGE + 100, 2 * PAGE));
	printf("resident: %d\n", resident(16));
	mm_call("lock on fault", syscall(SYS_mlock2, at + 8 * PAGE, 4 * PAGE, 1));
	printf("resident: %d\n", resident(16));
	mm_call("mlock2, unknown flag", syscall(SYS_mlock2, at, PAGE, 2));
	mm_call("unlock", munlock(at, 16 * PAGE));
	munmap(at + 4 * PAGE, PAGE);
	mm_call("over a hole", mlock(at, 8 * PAGE));
	mm_call("unlock over a hole", munlock(at, 8 * PAGE));
	mm_call("size 0", mlock(at, 0));
	mm_call("page that is nowhere", mlock((void *)0x1000, 10));
	mm_call("no rights", mlock(mm_map(1, PROT_NONE), PAGE));
	at = mmap(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);
	printf("mapped locked: %d\n", resident(4));
	at = mmap(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	printf("mapped populated: %d\n", resident(4));
	mm_call("all, no flag", mlockall(0));
	mm_call("all, unknown flag", mlockall(8));
	mm_call("all, on fault alone", mlockall(4));
	mm_call("all to come", mlockall(MCL_FUTURE));
	at = mm_map(5, RW);
	printf("a new mapping: %d\n", resident(5));
	mm_call("none", munlockall());
	at = mm_map(5, RW);
	printf("a new mapping: %d\n", resident(5));
	mm_child(limited);
	return 0;
}
