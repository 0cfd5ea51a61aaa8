/* /proc/PID/mem: memory at its addresses, with the rights that mprotect could give. */
#define _GNU_SOURCE
#include "regions.h"

#define NPAGES 6

static char *at;
static int mem;

static void tell(const char *what, ssize_t result)
{
	printf("%s: %zd %s\n", what, result, result == -1 ? strerrorname_np(errno) : "");
}

static ssize_t get(char *to, size_t size, long offset)
{
	return pread64(mem, to, size, (off64_t)(unsigned long)(at + offset));
}

static ssize_t put(const char *from, size_t size, long offset)
{
	return pwrite64(mem, from, size, (off64_t)(unsigned long)(at + offset));
}

/* rw 0-2, r 2-3, none 3-4, a hole, shared r 5-6. */
static void reading(void)
{
	static char buffer[4 * PAGE];

	tell("a byte", get(buffer, 1, 0));
	printf("it is %c\n", buffer[0]);
	tell("two pages", get(buffer, 2 * PAGE, 0));
	tell("over an edge", get(buffer, 10, PAGE - 5));
	tell("what has no rights", get(buffer, 1, 3 * PAGE));
	printf("it is %c\n", buffer[0]);
	tell("into a hole", get(buffer, PAGE, 4 * PAGE - 10));
	tell("a hole", get(buffer, 10, 4 * PAGE));
	tell("nothing from a hole", get(buffer, 0, 4 * PAGE));
	tell("to nowhere", get((char *)8, 10, 0));
	tell("position 0", pread64(mem, buffer, 1, 0));
}

static void writing(void)
{
	tell("write", put("WW", 2, 10));
	tell("write what may only be read", put("RR", 2, 2 * PAGE));
	tell("write what has no rights", put("NN", 2, 3 * PAGE));
	tell("write a hole", put("HH", 2, 4 * PAGE));
	tell("write into a hole", put("012345678901234567890", 20, 4 * PAGE - 10));
	tell("write what is shared and may only be read", put("SS", 2, 5 * PAGE));
	tell("write from nowhere", put((char *)8, 2, 0));
	printf("%c %c\n", at[10], at[2 * PAGE]);
	mm_try("  it may still only be read", at + 2 * PAGE);
	mprotect(at + 3 * PAGE, PAGE, PROT_READ);
	printf("%c %c\n", at[3 * PAGE], at[4 * PAGE - 1]);
}

/* A file's page that is written by force is a private copy: the file keeps its own. */
static void a_private_file(void)
{
	int fd = mm_file(2 * PAGE);
	char byte = 0;

	map_at(at, 3, PROT_READ, MAP_PRIVATE, fd, 0);
	tell("write a read-only file's page", put("F", 1, PAGE));
	tell("write beyond its end", put("F", 1, 2 * PAGE));
	tell("read beyond its end", get(&byte, 1, 2 * PAGE));
	tell("read the file", pread(fd, &byte, 1, PAGE));
	printf("mapping %c, file %c\n", at[PAGE], byte);
	close(fd);
}

static void seeking(void)
{
	char byte;

	printf("seek: %d\n", lseek64(mem, 0x1000, SEEK_SET) == 0x1000);
	printf("seek on: %d\n", lseek64(mem, 0x1000, SEEK_CUR) == 0x2000);
	tell("seek to the end", lseek64(mem, 0, SEEK_END));
	lseek64(mem, (off64_t)(unsigned long)at, SEEK_SET);
	tell("read", read(mem, &byte, 1));
	printf("moved on: %d\n", lseek64(mem, 0, SEEK_CUR) == (off64_t)(unsigned long)at + 1);
}

static void a_childs(void)
{
	char path[32], byte = 0;
	pid_t child = fork();
	int other;

	if (child == 0) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	other = open(path, O_RDWR);
	mm_call("a child's", other);
	tell("write it", pwrite64(other, "C", 1, (off64_t)(unsigned long)at + 10));
	tell("read it", pread64(other, &byte, 1, (off64_t)(unsigned long)at + 10));
	printf("there %c, here %c\n", byte, at[10]);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	tell("when it is gone", pread64(other, &byte, 1, (off64_t)(unsigned long)at));
	close(other);
}

int main(void)
{
	mm_catch();
	at = window_make(NPAGES);
	map_at(at, NPAGES, RW, ANON, -1, 0);
	map_at(at + 5 * PAGE, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fill_bytes(at, 4, 'a');
	mprotect(at + 2 * PAGE, PAGE, PROT_READ);
	mprotect(at + 3 * PAGE, PAGE, PROT_NONE);
	munmap(at + 4 * PAGE, PAGE);
	mem = open("/proc/self/mem", O_RDWR);
	mm_call("open", mem);
	reading();
	writing();
	seeking();
	a_childs();
	a_private_file();
	return 0;
}
