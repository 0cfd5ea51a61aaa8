/* Memory that was only read is zeros everywhere, and writing to one page of it changes that one
 * alone. */
#define _GNU_SOURCE
#include "mm.h"

int main(void)
{
	unsigned char *at = (unsigned char *)mm_map(64, RW);
	unsigned sum = 0;

	for (unsigned byte = 0; byte < 64 * PAGE; byte += 511)
		sum += at[byte];
	printf("sum: %u\n", sum);
	for (int page = 0; page < 64; page += 2)
		at[page * PAGE + 9] = page + 1;
	sum = 0;
	for (unsigned byte = 0; byte < 64 * PAGE; byte++)
		sum += at[byte];
	printf("sum: %u\n", sum);
	mprotect(at, 64 * PAGE, PROT_READ);
	mprotect(at, 64 * PAGE, RW);
	at[PAGE] = 200;
	printf("beside it: %d %d\n", at[3 * PAGE], at[5 * PAGE]);
	return 0;
}
