/* mremap with an old size of 0 gives a second view of shared memory; MREMAP_DONTUNMAP leaves an
 * empty place behind. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	char *at = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *view, *moved;
	int fd = mm_file(4 * PAGE);

	mm_catch();
	at[2 * PAGE] = 'x';
	view = mremap(at, 0, 4 * PAGE, MREMAP_MAYMOVE);
	printf("second view: %d %c\n", view != at, view[2 * PAGE]);
	view[PAGE] = 'y';
	printf("seen in the first: %c\n", at[PAGE]);
	view = mremap(at + 2 * PAGE, 0, PAGE, MREMAP_MAYMOVE);
	printf("view of the third page: %c\n", view[0]);
	moved = mremap(at, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	printf("grown: %c\n", moved[2 * PAGE]);
	mm_try("beyond the memory's end", moved + 4 * PAGE);

	at = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, PAGE);
	moved = mremap(at + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	printf("file: %c %c\n", moved[0], moved[PAGE]);

	at = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	view = mremap(at, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	mm_call("view in its own place", view == MAP_FAILED ? -1 : 0);
	mm_try("which is gone", at);
	mm_try("and the rest is not", at + PAGE);

	at = mm_map(3, RW);
	memset(at, 'l', 3 * PAGE);
	moved = mremap(at + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	printf("left behind: moved %c, there %d, beside %c %c\n", moved[0], at[PAGE], at[0],
	       at[2 * PAGE]);
	at[PAGE] = 'n';
	printf("independent: %c %c\n", moved[0], at[PAGE]);
	return 0;
}
