/* process_vm_readv and process_vm_writev: counts, partial transfers, rights and errors. */
#define _GNU_SOURCE
#include "regions.h"
#include <sys/uio.h>

#define NPAGES 6

static char *at, *local;
static pid_t child;

static void tell(const char *what, ssize_t result)
{
	printf("%s: %zd %s\n", what, result, result == -1 ? strerrorname_np(errno) : "");
}

static struct iovec piece(void *base, size_t size)
{
	return (struct iovec){ base, size };
}

static void get(const char *what, long local_offset, long offset, size_t size)
{
	struct iovec here = piece(local + local_offset, size), there = piece(at + offset, size);

	tell(what, process_vm_readv(child, &here, 1, &there, 1, 0));
}

static void put(const char *what, long local_offset, long offset, size_t size)
{
	struct iovec here = piece(local + local_offset, size), there = piece(at + offset, size);

	tell(what, process_vm_writev(child, &here, 1, &there, 1, 0));
}

/* There: rw 0-2, r 2-3, none 3-4, a hole, rw 5-6. Here: rw 0-2 and then a hole. */
static void reading(void)
{
	get("a byte", 0, 0, 1);
	get("two pages", 0, 0, 2 * PAGE);
	printf("they are: %c %c\n", local[0], local[PAGE]);
	get("over an edge", 10, PAGE - 5, 10);
	get("what may be read", 0, 2 * PAGE, PAGE);
	get("into what may not", 0, 2 * PAGE + 100, PAGE);
	get("what may not be read", 0, 3 * PAGE, PAGE);
	get("a hole", 0, 4 * PAGE, 10);
	get("to a hole here", 2 * PAGE, 0, 10);
	get("into a hole here", 2 * PAGE - 7, 0, 20);
	get("nothing", 0, 0, 0);
	get("nothing from a hole", 0, 4 * PAGE, 0);
}

static void writing(void)
{
	memset(local, 'n', 2 * PAGE);
	put("write", 0, 5, 3);
	put("write over an edge", 0, PAGE - 5, 10);
	put("write what may only be read", 0, 2 * PAGE, 10);
	put("write into what may only be read", 0, 2 * PAGE - 10, 20);
	put("write into a hole", 0, 4 * PAGE - 10, 20);
	put("write from a hole here", 2 * PAGE, 0, 10);
	get("read it back", 0, 0, 2 * PAGE);
	printf("%c%c%c %c%c\n", local[0], local[5], local[8], local[PAGE], local[2 * PAGE - 11]);
}

static void lists(void)
{
	struct iovec here[3] = { piece(local, 5), piece(local + 100, 0), piece(local + 50, 10) };
	struct iovec there[3] = { piece(at, 3), piece(at + PAGE, 4), piece(at + 4 * PAGE, 8) };

	tell("three and three", process_vm_readv(child, here, 3, there, 2, 0));
	tell("the last is bad", process_vm_readv(child, here, 3, there, 3, 0));
	tell("the first is bad", process_vm_readv(child, here, 3, there + 2, 1, 0));
	tell("more there than here", process_vm_readv(child, here, 1, there, 3, 0));
	tell("none here", process_vm_readv(child, here, 0, there, 3, 0));
	tell("none there", process_vm_readv(child, here, 3, there, 0, 0));
	tell("too many here", process_vm_readv(child, here, 1025, there, 3, 0));
	tell("too many there", process_vm_readv(child, here, 3, there, 1025, 0));
	tell("no list here", process_vm_readv(child, NULL, 1, there, 1, 0));
	tell("no list there", process_vm_readv(child, here, 1, NULL, 1, 0));
	tell("a flag", process_vm_readv(child, here, 1, there, 1, 1));
	tell("a flag first of all", process_vm_readv(child, NULL, 1, there, 1, 1));
	tell("nobody", process_vm_readv(1 << 21, here, 1, there, 1, 0));
	tell("nobody, nothing", process_vm_readv(1 << 21, here, 0, there, 1, 0));
	tell("nobody, nothing there", process_vm_readv(1 << 21, here, 1, here + 1, 1, 0));
	here[0].iov_len = (size_t)-1;
	tell("a negative size here", process_vm_readv(child, here, 1, there, 1, 0));
	here[0].iov_len = 5;
	there[1].iov_len = (size_t)-1;
	tell("a negative size there", process_vm_readv(child, here, 1, there, 2, 0));
}

/* Another user's process may not be touched, one's own may. */
static void as_somebody(void)
{
	struct iovec here = piece(local, 5), there = piece(at, 5);

	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		perror("setresuid");
	tell("somebody else's", process_vm_readv(child, &here, 1, &there, 1, 0));
	tell("one's own", process_vm_readv(getpid(), &here, 1, &there, 1, 0));
}

int main(void)
{
	at = window_make(NPAGES);
	map_at(at, NPAGES, RW, ANON, -1, 0);
	munmap(at + 4 * PAGE, PAGE);
	local = window_make(4);
	map_at(local, 2, RW, ANON, -1, 0);
	fill_bytes(at, 4, 'a');
	mprotect(at + 2 * PAGE, PAGE, PROT_READ);
	mprotect(at + 3 * PAGE, PAGE, PROT_NONE);
	child = fork();
	if (child == 0) {
		for (;;)
			pause();
	}
	reading();
	writing();
	lists();
	printf("here nothing changed: %c %c\n", at[5] ? at[5] : '0', at[PAGE]);
	mm_child(as_somebody);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	get("one that is gone", 0, 0, 1);
	return 0;
}
