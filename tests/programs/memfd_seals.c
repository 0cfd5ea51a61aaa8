/* Seals: what each forbids, when they can be added, and what they leave alone. */
#define _GNU_SOURCE
#include "mm.h"
#include <sys/uio.h>

static char page[2 * PAGE];

static int make(int seals)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	if (write(fd, page, PAGE + 100) != PAGE + 100)
		perror("write");
	if (fcntl(fd, F_ADD_SEALS, seals))
		printf("seals %x: %s\n", seals, strerrorname_np(errno));
	printf("-- seals %x\n", fcntl(fd, F_GET_SEALS));
	return fd;
}

static void try_map(const char *what, int fd, int prot, int flags)
{
	char *at = mmap(NULL, PAGE, prot, flags, fd, 0);

	mm_call(what, at == MAP_FAILED ? -1 : 0);
	if (at != MAP_FAILED)
		munmap(at, PAGE);
}

/* All that can be done to a file. A mapping that is shared, read-only and of a file open for writing
 * is left out for F_SEAL_WRITE, where Linux has changed its mind (6.7). */
static void all(int seals)
{
	int fd = make(seals), other;
	struct stat st;

	mm_call("write inside", pwrite(fd, page, 10, 0));
	mm_call("write nothing", pwrite(fd, page, 0, 0));
	printf("write to the end %zd\n", pwrite(fd, page, 100, PAGE));
	printf("write beyond the end %zd\n", pwrite(fd, page, 10, PAGE + 95));
	printf("write over a page and beyond %zd\n", pwrite(fd, page, PAGE + 500, 0));
	mm_call("same size", ftruncate(fd, PAGE + 100));
	fstat(fd, &st);
	mm_call("smaller", ftruncate(fd, 100));
	mm_call("larger", ftruncate(fd, 10 * PAGE));
	mm_call("allocate inside", fallocate(fd, 0, 0, 50));
	mm_call("allocate beyond", fallocate(fd, 0, 0, 20 * PAGE));
	mm_call("allocate beyond, size kept", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 30 * PAGE));
	mm_call("punch", fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, PAGE));
	try_map("map shared, writable", fd, RW, MAP_SHARED);
	if (!(seals & F_SEAL_WRITE))
		try_map("map shared, read-only", fd, PROT_READ, MAP_SHARED);
	try_map("map private, writable", fd, RW, MAP_PRIVATE);
	other = open("/proc/self/fd/3", O_RDWR);
	mm_call("opened again for writing", other);
	mm_call("write there", write(other, "x", 1));
	close(other);
	other = open("/proc/self/fd/3", O_RDONLY);
	mm_call("opened again for reading", other);
	printf("seals there %x\n", fcntl(other, F_GET_SEALS));
	mm_call("add seals there", fcntl(other, F_ADD_SEALS, F_SEAL_SHRINK));
	try_map("map that shared, read-only", other, PROT_READ, MAP_SHARED);
	close(other);
	mm_call("truncating open", open("/proc/self/fd/3", O_RDWR | O_TRUNC) < 0 ? -1 : close(4));
	mm_call("a seal more", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	mm_call("F_SEAL_SEAL", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	mm_call("none", fcntl(fd, F_ADD_SEALS, 0));
	printf("seals %x\n", fcntl(fd, F_GET_SEALS));
	close(fd);
}

static void mapped(void)
{
	int fd = make(0);
	char *at = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), *part;

	puts("-- mapped");
	mm_call("F_SEAL_WRITE", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	printf("seals %x\n", fcntl(fd, F_GET_SEALS));
	mm_call("with others", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW));
	printf("seals %x\n", fcntl(fd, F_GET_SEALS));
	mprotect(at, PAGE, PROT_READ);
	mm_call("mapping read-only now", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	mm_call("F_SEAL_SHRINK", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	part = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	munmap(at, PAGE);
	mm_call("privately mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	part[0] = 'p';
	munmap(part, PAGE);
	close(fd);
}

static void inherited(void)
{
	int fd = make(0), status;
	char *at = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		perror("pipe");
	pid = fork();
	if (pid == 0)
		_exit(read(ends[0], &byte, 1));
	munmap(at, PAGE);
	mm_call("mapped by a child", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	if (write(ends[1], "x", 1) != 1)
		perror("write");
	waitpid(pid, &status, 0);
	mm_call("child gone", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

static void future(void)
{
	int fd = make(0);
	char *at = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0), *later, *other;

	puts("-- future");
	mm_catch();
	mm_call("F_SEAL_FUTURE_WRITE", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	mm_call("write", write(fd, "x", 1));
	mm_try("the mapping from before", at);
	mm_call("madvise(MADV_REMOVE)", madvise(at, PAGE, MADV_REMOVE));
	mprotect(at, PAGE, PROT_READ);
	mm_call("read-only and writable again", mprotect(at, PAGE, RW));
	later = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	mm_try("a later one", later);
	mm_call("made writable", mprotect(later, PAGE, RW));
	mm_call("made executable", mprotect(later, PAGE, PROT_READ | PROT_EXEC));
	other = mremap(later, 0, PAGE, MREMAP_MAYMOVE);
	mm_call("its second view made writable", mprotect(other, PAGE, RW));
	mm_call("F_SEAL_WRITE, mapped from before", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(at, 2 * PAGE);
	munmap(later, PAGE);
	munmap(other, PAGE);
	mm_call("F_SEAL_WRITE", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	printf("seals %x\n", fcntl(fd, F_GET_SEALS));
	close(fd);
}

static void errors(void)
{
	int file = open("ordinary", O_RDWR | O_CREAT, 0600), ends[2], fd, path;

	puts("-- errors");
	mm_call("seals of an ordinary file", fcntl(file, F_GET_SEALS));
	mm_call("added to it", fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
	mm_call("unknown ones added to it", fcntl(file, F_ADD_SEALS, 0x1000));
	close(file);
	file = open("ordinary", O_RDONLY);
	mm_call("added to it, open for reading", fcntl(file, F_ADD_SEALS, 0x1000));
	close(file);
	unlink("ordinary");
	if (pipe(ends))
		perror("pipe");
	mm_call("seals of a pipe", fcntl(ends[0], F_GET_SEALS));
	mm_call("added to it", fcntl(ends[1], F_ADD_SEALS, F_SEAL_GROW));
	close(ends[0]);
	close(ends[1]);
	fd = memfd_create("x", MFD_ALLOW_SEALING);
	mm_call("unknown seal", fcntl(fd, F_ADD_SEALS, 0x100));
	mm_call("unknown and known", fcntl(fd, F_ADD_SEALS, 0x100 | F_SEAL_GROW));
	path = open("/proc/self/fd/3", O_PATH);
	mm_call("O_PATH", fcntl(path, F_ADD_SEALS, F_SEAL_GROW));
	mm_call("O_PATH", fcntl(path, F_GET_SEALS));
	close(path);
	printf("seals %x\n", fcntl(fd, F_GET_SEALS));
	mm_call("all of them", fcntl(fd, F_ADD_SEALS, 0x1f));
	mm_call("one again", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	close(fd);
}

int main(void)
{
	close_range(3, ~0u, 0);
	all(0);
	all(F_SEAL_SHRINK);
	all(F_SEAL_GROW);
	all(F_SEAL_SHRINK | F_SEAL_GROW);
	all(F_SEAL_WRITE);
	all(F_SEAL_FUTURE_WRITE);
	all(F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
	all(F_SEAL_SEAL);
	mapped();
	inherited();
	future();
	errors();
	return 0;
}
