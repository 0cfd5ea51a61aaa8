/* EXPECT: commit_policy.txt */
/*
 * vm.overcommit_memory and what goes with it: what each policy lets be promised, and that all
 * promises are given back. Sets the machine's policy, so it is for Loft alone; the expected text is
 * what a Debian 12 kernel (686) printed.
 */
#define _GNU_SOURCE
#include "mm.h"
#include <sys/mount.h>

static void set(const char *name, const char *value)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = open(path, O_WRONLY);
	if (write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		printf("%s: \"%s\": %s\n", name, value, strerrorname_np(errno));
	close(fd);
}

static long get(const char *name)
{
	char path[100], text[40] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		perror(name);
	close(fd);
	return strtol(text, NULL, 10);
}

/* A line of /proc/meminfo, in pages. */
static long pages(const char *name)
{
	static char text[8192];
	int fd = open("/proc/meminfo", O_RDONLY), got = read(fd, text, sizeof(text) - 1);
	char *at;

	close(fd);
	text[got > 0 ? got : 0] = 0;
	at = strstr(text, name);
	return at ? strtol(at + strlen(name) + 1, NULL, 10) / 4 : -1;
}

static long promised(void)
{
	return pages("Committed_AS");
}

static long before;

/* How many more pages are promised since the call before. */
static void more(const char *what)
{
	long now = promised();

	printf("%s: %+ld\n", what, now - before);
	before = now;
}

static void regions(void)
{
	int fd = mm_file(64 * PAGE), status;
	char *at, *other;
	pid_t pid;

	before = promised();
	at = mm_map(100, RW);
	more("100 private writable pages");
	other = mm_map(100, PROT_READ);
	more("100 read-only");
	mprotect(other, 30 * PAGE, RW);
	more("30 of them writable");
	mprotect(other, 30 * PAGE, PROT_READ);
	more("and read-only again");
	printf("regions: %d\n", mm_regions(other, other + 100 * PAGE));
	munmap(other, 100 * PAGE);
	more("unmapped");
	at = mremap(at, 100 * PAGE, 150 * PAGE, MREMAP_MAYMOVE);
	more("grown by 50");
	at = mremap(at, 150 * PAGE, 120 * PAGE, 0);
	more("shrunk by 30");
	munmap(at + 50 * PAGE, 20 * PAGE);
	more("20 cut out of the middle");
	munmap(at, 120 * PAGE);
	more("all unmapped");
	other = mmap(NULL, 70 * PAGE, RW, ANON | MAP_NORESERVE, -1, 0);
	more("70 with MAP_NORESERVE");
	mprotect(other, 70 * PAGE, PROT_READ);
	mprotect(other, 70 * PAGE, RW);
	more("protected there and back");
	munmap(other, 70 * PAGE);
	at = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE, fd, 0);
	more("64 of a file, private");
	other = mmap(NULL, 64 * PAGE, RW, MAP_SHARED, fd, 0);
	more("64 of a file, shared");
	munmap(at, 64 * PAGE);
	munmap(other, 64 * PAGE);
	more("both unmapped");
	at = mmap(NULL, 80 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	more("80 shared anonymous");
	munmap(at, 40 * PAGE);
	more("40 of them unmapped");
	munmap(at + 40 * PAGE, 40 * PAGE);
	more("and the rest");
	at = mmap(NULL, 80 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	more("80 shared with MAP_NORESERVE");
	munmap(at, 80 * PAGE);
	at = sbrk(0);
	brk(at + 60 * PAGE);
	more("brk up by 60");
	brk(at);
	more("and down");
	at = mm_map(1000, RW);
	more("1000 more");
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	printf("a child promises more than 1000: %d\n", promised() - before > 1000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	more("after its end");
	munmap(at, 1000 * PAGE);
	more("at the end");
	close(fd);
}

static void files(void)
{
	int fd;
	char *at;

	mkdir("small", 0755);
	before = promised();
	mm_call("mount", mount("tmpfs", "small", "tmpfs", 0, "size=64k"));
	fd = open("small/file", O_RDWR | O_CREAT, 0600);
	mm_call("ftruncate", ftruncate(fd, 1 << 20));
	more("a file of 256 pages of hole");
	mm_call("pwrite", pwrite(fd, "x", 1, 100000));
	more("one written");
	at = mmap(NULL, 256 * PAGE, RW, MAP_SHARED, fd, 0);
	more("mapped");
	at[0] = 1;
	more("one touched");
	mm_call("fallocate", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 16 * PAGE));
	mm_catch();
	more("room for it");
	mm_try("beyond the room", at + 200 * PAGE);
	munmap(at, 256 * PAGE);
	mm_call("ftruncate", ftruncate(fd, 0));
	more("truncated");
	close(fd);
	unlink("small/file");
	mm_call("umount", umount("small"));
	rmdir("small");
}

static void try_map(const char *what, size_t npages, int flags)
{
	char *at = mmap(NULL, npages * PAGE, RW, flags, -1, 0);

	mm_call(what, at == MAP_FAILED ? -1 : 0);
	if (at != MAP_FAILED)
		munmap(at, npages * PAGE);
}

static void policies(void)
{
	size_t all = pages("MemTotal");
	int status;
	char *at;

	puts("guess:");
	try_map("more than there is", all + 1000, ANON);
	try_map("a bit less", all - 1000, ANON);
	try_map("more, MAP_NORESERVE", all + 1000, ANON | MAP_NORESERVE);
	try_map("more, shared", all + 1000, MAP_SHARED | MAP_ANONYMOUS);
	set("overcommit_memory", "1");
	puts("always:");
	try_map("more than there is", all + 1000, ANON);
	try_map("more, shared", all + 1000, MAP_SHARED | MAP_ANONYMOUS);
	set("overcommit_memory", "2\n");
	set("overcommit_ratio", "40");
	set("user_reserve_kbytes", "0");
	puts("never:");
	printf("the limit is 40%%: %d\n", labs(pages("CommitLimit") - (long)all * 40 / 100) <= 1);
	try_map("half of memory", all / 2, ANON);
	try_map("half of memory, MAP_NORESERVE", all / 2, ANON | MAP_NORESERVE);
	try_map("half of memory, shared", all / 2, MAP_SHARED | MAP_ANONYMOUS);
	try_map("a quarter", all / 4, ANON);
	at = mmap(NULL, all / 2 * PAGE, PROT_READ, ANON, -1, 0);
	mm_call("half of memory made writable", mprotect(at, all / 2 * PAGE, RW));
	munmap(at, all / 2 * PAGE);
	mm_call("brk", sbrk(all / 2 * PAGE) == (void *)-1 ? -1 : 0);
	at = mm_map(all / 4, RW);
	mm_call("grown",
		mremap(at, all / 4 * PAGE, all / 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
	mm_call("fork with a quarter", fork());
	munmap(at, all / 4 * PAGE);
	fflush(stdout);
	mm_call("fork without", fork() == 0 ? (_exit(0), 0) : wait(&status));
	set("overcommit_kbytes", "65536");
	printf("ratio now %ld, limit %ld\n", get("overcommit_ratio"), pages("CommitLimit"));
	set("overcommit_ratio", "50");
	printf("kbytes now %ld\n", get("overcommit_kbytes"));
	set("overcommit_memory", "0");
}

static void bad_values(void)
{
	set("overcommit_memory", "3");
	set("overcommit_memory", "-1");
	set("overcommit_memory", "x");
	set("overcommit_memory", "0x");
	set("overcommit_memory", "1x");
	set("overcommit_memory", " \n");
	set("overcommit_memory", "99999999999999");
	set("overcommit_memory", " 0x1 \n");
	printf("overcommit_memory %ld\n", get("overcommit_memory"));
	set("overcommit_memory", "0");
}

static void as_nobody(void)
{
	int fd;

	if (setuid(1000))
		perror("setuid");
	fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY);
	mm_call("read by others", fd);
	mm_call("written by others", open("/proc/sys/vm/overcommit_memory", O_WRONLY));
}

int main(void)
{
	regions();
	files();
	mm_child(policies);
	mm_child(bad_values);
	mm_child(as_nobody);
	return 0;
}
