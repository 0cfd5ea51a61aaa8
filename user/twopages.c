/*
 * twopages: a process that has two page frames.
 *
 * The program, with its constants and data, is one page at 0x1000; its stack is the page that
 * ends where the kernel's half begins. Between the two lie almost 3 GB that cost nothing. It
 * asks the kernel for its resident set, and everything that it needs for asking is in those
 * two pages already: a buffer on the stack, the text in the program's page.
 */
#include "libc/libc.h"

int main(int argc, char **argv, char **envp)
{
	char statm[64];
	uint32_t stack = (uint32_t)statm & -PAGE;
	(void)argc;
	(void)argv;
	(void)envp;

	print("twopages: code and data at 0x%08x, stack page 0x%08x..0x%08x\n",
	      (uint32_t)&main & -PAGE, stack, stack + PAGE);
	print("expected: a resident set of 2 pages\n");
	int length = read_file("/proc/self/statm", statm, sizeof(statm));
	if (length < 0) {
		print("/proc/self/statm: error %d\n", -length);
		return 2;
	}
	const char *resident = find(statm, " ");
	uint32_t pages = resident ? number(resident + 1) : 0;
	print("seen:     a resident set of %u pages\n", pages);
	return pages == 2 ? 0 : 1;
}
