/* MADV_DONTFORK keeps a range from the child, MADV_WIPEONFORK gives it zeros. */
#define _GNU_SOURCE
#include "mm.h"

static char *at;

static void show(void)
{
	for (int page = 0; page < 5; page++) {
		const char *result = mm_access(at + page * PAGE, 0);

		if (strcmp(result, "ok"))
			printf("page %d: %s\n", page, result);
		else
			printf("page %d: %c\n", page, at[page * PAGE] ? at[page * PAGE] : '0');
	}
}

int main(void)
{
	char *shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	mm_catch();
	at = mm_map(5, RW);
	memset(at, 'x', 5 * PAGE);
	mm_call("keep from the child", madvise(at + PAGE, PAGE, MADV_DONTFORK));
	mm_call("wipe", madvise(at + 3 * PAGE, PAGE, MADV_WIPEONFORK));
	mm_call("wipe shared", madvise(shared, PAGE, MADV_WIPEONFORK));
	mm_child(show);
	printf("parent\n");
	show();
	mm_call("give after all", madvise(at, 5 * PAGE, MADV_DOFORK));
	mm_call("keep after all", madvise(at, 5 * PAGE, MADV_KEEPONFORK));
	mm_child(show);
	return 0;
}
