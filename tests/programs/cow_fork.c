/* After fork each process sees its own writes alone, whichever writes first, however deep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 64, WORDS = 4096 / sizeof(int) };

static int *memory;
static int data = 1;

static int sum(void)
{
	int total = 0;
	for (int i = 0; i < PAGES; i++)
		total += memory[i * WORDS] + memory[i * WORDS + WORDS - 1];
	return total;
}

static void set(int value)
{
	for (int i = 0; i < PAGES; i++)
		memory[i * WORDS] = memory[i * WORDS + WORDS - 1] = value;
}

/* Each generation changes all before its child, and again after it. */
static int generation(int depth)
{
	int local = depth, status = 0;
	set(depth);
	data = depth;
	if (depth < 6) {
		fflush(stdout);
		if (fork() == 0)
			_exit(generation(depth + 1));
		wait(&status);
	}
	int right = sum() == 2 * PAGES * depth && data == depth && local == depth;
	set(-depth);
	right = right && sum() == -2 * PAGES * depth;
	printf("generation %d: %s\n", depth, right ? "its own" : "NOT its own");
	fflush(stdout);
	return WEXITSTATUS(status) + !right;
}

int main(void)
{
	int ends[2], status;
	char byte;
	memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	printf("wrong: %d\n", generation(1));

	/* The parent writes first; the child must still see what was there at the fork. */
	set(5);
	pipe(ends);
	fflush(stdout);
	if (fork() == 0) {
		read(ends[0], &byte, 1);
		_exit(sum() == 2 * PAGES * 5 ? 0 : 1);
	}
	set(6);
	write(ends[1], "x", 1);
	wait(&status);
	printf("child sees the old: %d, parent the new: %d\n", status == 0, sum() == 2 * PAGES * 6);
	return 0;
}
