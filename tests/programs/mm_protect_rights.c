/* Every combination of rights, set by mmap and by mprotect, is what reading and writing meet. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	char name[64];

	mm_catch();
	for (int prot = 0; prot < 8; prot++) {
		char *at = mm_map(3, prot), *touched = mm_map(3, RW);

		snprintf(name, sizeof(name), "mapped %c%c%c", prot & PROT_READ ? 'r' : '-',
			 prot & PROT_WRITE ? 'w' : '-', prot & PROT_EXEC ? 'x' : '-');
		mm_try(name, at + PAGE + 5);
		memset(touched, 7, 3 * PAGE);
		mprotect(touched + PAGE, PAGE, prot);
		mm_try("  changed", touched + PAGE + 5);
		mm_try("  page before", touched + PAGE - 1);
		mm_try("  page after", touched + 2 * PAGE);
		mprotect(touched + PAGE, PAGE, RW);
		printf("  contents kept: %d\n", touched[PAGE + 6] == 7);
		munmap(at, 3 * PAGE);
		munmap(touched, 3 * PAGE);
	}
	return 0;
}
