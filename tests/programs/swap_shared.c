/*
 * Shared memory of each kind that has been asked to leave (MADV_PAGEOUT): all who share it see its
 * content, through whatever door, and it goes with the last of them.
 */
#include "files.h"
#include "mm.h"

#include <stdint.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#define NPAGES 48u
#define SIZE (NPAGES * PAGE)

static void fill(char *start, uint32_t salt)
{
	for (uint32_t at = 0; at < SIZE; at += 4)
		*(uint32_t *)(start + at) = at * 2654435761u + salt;
}

static uint32_t wrong(const char *start, uint32_t salt)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at < SIZE; at += 4)
		count += *(const uint32_t *)(start + at) != at * 2654435761u + salt;
	return count;
}

static void out(char *start)
{
	if (madvise(start, SIZE, MADV_PAGEOUT))
		printf("pageout: %s\n", strerror(errno));
}

static void wait_well(const char *what)
{
	int status;

	wait(&status);
	printf("%s: child %s %d\n", what, WIFEXITED(status) ? "exits" : "dies",
	       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* What a child finds, and what its parent finds that it left. */
static void with_child(const char *what, char *start, uint32_t salt)
{
	fill(start, salt);
	out(start);
	printf("%s: %u wrong\n", what, wrong(start, salt));
	out(start);
	if (fork() == 0) {
		uint32_t found = wrong(start, salt);

		fill(start, salt + 1);
		out(start);
		_exit(found != 0);
	}
	wait_well(what);
	printf("%s: %u wrong behind it\n", what, wrong(start, salt + 1));
}

static void anonymous(void)
{
	char *start = mmap(NULL, SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	with_child("anonymous", start, 1);
	out(start);
	munmap(start, SIZE / 2);
	munmap(start + SIZE / 2, SIZE / 2);
}

/* Written and read by calls and through two mappings, shared and private. */
static void file(const char *what, int fd)
{
	static char buffer[SIZE];
	char *shared, *other, *private;

	ftruncate(fd, SIZE);
	shared = mmap(NULL, SIZE, RW, MAP_SHARED, fd, 0);
	other = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	with_child(what, shared, 2);
	out(shared);
	memset(buffer, 0, SIZE);
	printf("%s: read %zd", what, pread(fd, buffer, SIZE, 0));
	printf(", %u wrong\n", wrong(buffer, 3));
	out(shared);
	fill(buffer, 4);
	printf("%s: written %zd", what, pwrite(fd, buffer, SIZE, 0));
	printf(", %u wrong", wrong(other, 4));
	out(other);
	printf(", %u wrong\n", wrong(shared, 4));
	out(shared);
	private = mmap(NULL, SIZE, RW, MAP_PRIVATE, fd, 0);
	printf("%s: private %u wrong", what, wrong(private, 4));
	fill(private, 5);
	out(private);
	out(shared);
	printf(", %u and %u wrong\n", wrong(private, 5), wrong(shared, 4));
	out(shared);
	ftruncate(fd, PAGE + 10);
	ftruncate(fd, SIZE);
	printf("%s: truncated %d %d %d\n", what, shared[PAGE] == buffer[PAGE], shared[PAGE + 10],
	       shared[SIZE - 1]);
	munmap(shared, SIZE);
	munmap(other, SIZE);
	munmap(private, SIZE);
	close(fd);
}

static void system_v(void)
{
	int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	char *start = shmat(id, NULL, 0), *other;

	with_child("system v", start, 6);
	out(start);
	shmdt(start);
	other = shmat(id, NULL, SHM_RDONLY);
	printf("system v: %u wrong when attached again\n", wrong(other, 7));
	out(other);
	shmctl(id, IPC_RMID, NULL);
	shmdt(other);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	anonymous();
	file("memfd", (int)syscall(SYS_memfd_create, "m", 0));
	file("file", open("file", O_RDWR | O_CREAT, 0600));
	system_v();
	return 0;
}
