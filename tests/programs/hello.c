/* The least that a C program does: start, print, end with a status. */
#include <stdio.h>

int main(int argc, char **argv)
{
	printf("hello from %s, %d argument\n", argv[0], argc);
	fprintf(stderr, "and on stderr\n");
	return 42;
}
