/* madvise: DONTNEED drops pages, hints are accepted, what is unknown or unfit is refused. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	char *at = mm_map(6, RW),
	     *shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = mm_file(2 * PAGE);
	char *file = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
	static const int hints[] = {
		MADV_NORMAL,   MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTDUMP, MADV_DODUMP, MADV_COLD,
	};

	mm_catch();
	memset(at, 'x', 6 * PAGE);
	mm_call("not needed", madvise(at + PAGE, 2 * PAGE, MADV_DONTNEED));
	printf("before %c, dropped %d %d, after %c\n", at[0], at[PAGE], at[3 * PAGE - 1],
	       at[3 * PAGE]);
	memset(shared, 's', 2 * PAGE);
	mm_call("shared", madvise(shared, 2 * PAGE, MADV_DONTNEED));
	printf("still there: %c\n", shared[PAGE]);
	memset(file, 'p', 2 * PAGE);
	mm_call("private file", madvise(file, PAGE, MADV_DONTNEED));
	printf("the file's again: %c, copy kept: %c\n", file[0], file[PAGE]);
	for (unsigned i = 0; i < sizeof(hints) / sizeof(*hints); i++)
		mm_call("hint", madvise(at, 6 * PAGE, hints[i]));
	printf("kept: %c\n", at[5 * PAGE]);
	mm_call("unknown", madvise(at, PAGE, 77));
	mm_call("negative", madvise(at, PAGE, -1));
	mm_call("not at a page", madvise(at + 1, PAGE, MADV_DONTNEED));
	mm_call("size 0", madvise(at, 0, MADV_DONTNEED));
	mm_call("unknown, size 0", madvise(at, 0, 77));
	mm_call("MADV_FREE of a file", madvise(file, PAGE, MADV_FREE));
	munmap(at + 2 * PAGE, PAGE);
	mm_call("over a hole", madvise(at, 6 * PAGE, MADV_DONTNEED));
	printf("done on both sides of it: %d %d\n", at[0], at[5 * PAGE]);
	mm_call("nothing but a hole", madvise(at + 2 * PAGE, PAGE, MADV_WILLNEED));
	mm_call("nothing but a hole, size 0", madvise(at + 2 * PAGE, 0, MADV_WILLNEED));
	mlock(at, PAGE);
	mm_call("locked", madvise(at, PAGE, MADV_DONTNEED));
	return 0;
}
