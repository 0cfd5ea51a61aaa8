/* Writers that append do not overwrite each other, nor do those that share a position. */
#include "files.h"
#include <sched.h>

enum { WRITERS = 4, LINES = 200, SIZE = 100 };

static void run(const char *name, int flags, int shared)
{
	char line[SIZE], back[SIZE];
	int counts[WRITERS] = { 0 }, wrong = 0;
	int fd = open(name, O_CREAT | O_RDWR | flags, 0644);
	for (int i = 0; i < WRITERS; i++)
		if (fork() == 0) {
			if (!shared)
				fd = open(name, O_WRONLY | flags);
			memset(line, 'a' + i, SIZE);
			for (int n = 0; n < LINES; n++) {
				write(fd, line, SIZE);
				if (n % 50 == 0)
					sched_yield();
			}
			_exit(0);
		}
	for (int i = 0; i < WRITERS; i++)
		wait(NULL);
	lseek(fd, 0, SEEK_SET);
	while (read(fd, back, SIZE) == SIZE) {
		for (int i = 1; i < SIZE; i++)
			wrong += back[i] != back[0];
		counts[back[0] - 'a']++;
	}
	printf("%s: %d %d %d %d, %d wrong, %ld bytes\n", name, counts[0], counts[1], counts[2],
	       counts[3], wrong, (long)lseek(fd, 0, SEEK_END));
	close(fd);
}

int main(void)
{
	enter("append.d");
	fflush(stdout);
	run("append", O_APPEND, 0);
	run("shared", 0, 1);
	leave("append.d");
	return 0;
}
