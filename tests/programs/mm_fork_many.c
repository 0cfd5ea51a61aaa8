/* Many children at once write to what they inherited, and none sees another's writes. */
#define _GNU_SOURCE
#include "mm.h"

enum { CHILDREN = 12, PAGES = 100 };

int main(void)
{
	char *at = mm_map(PAGES, RW);
	pid_t children[CHILDREN];
	int wrong = 0;

	memset(at, 'p', PAGES * PAGE);
	for (int child = 0; child < CHILDREN; child++) {
		children[child] = fork();
		if (children[child] == 0) {
			for (int page = child; page < PAGES; page += 1 + child % 3)
				at[page * PAGE] = 'A' + child;
			for (int page = 0; page < PAGES; page++) {
				int mine = page >= child && (page - child) % (1 + child % 3) == 0;

				wrong += at[page * PAGE] != (mine ? 'A' + child : 'p');
				wrong += at[page * PAGE + 1] != 'p';
			}
			_exit(wrong != 0);
		}
		at[child * PAGE + 2] = 'q';
	}
	for (int child = 0; child < CHILDREN; child++) {
		int status;

		waitpid(children[child], &status, 0);
		printf("child %d: %d\n", child, status);
	}
	for (int page = 0; page < PAGES; page++)
		wrong += at[page * PAGE] != 'p' ||
			 at[page * PAGE + 2] != (page < CHILDREN ? 'q' : 'p');
	printf("wrong in the parent: %d\n", wrong);
	return 0;
}
