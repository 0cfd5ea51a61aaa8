/* Mapping /dev/zero gives anonymous memory, private or shared. */
#define _GNU_SOURCE
#include "mm.h"

static char *shared, *private;

static void change(void)
{
	shared[0] = private[0] = 'c';
}

int main(void)
{
	int fd = open("/dev/zero", O_RDWR);

	private = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
	shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	if (private == MAP_FAILED || shared == MAP_FAILED)
		return 1;
	printf("zeros: %d %d\n", private[PAGE], shared[PAGE]);
	private[0] = shared[0] = 'p';
	mm_child(change);
	printf("private %c, shared %c\n", private[0], shared[0]);
	close(fd);
	shared[PAGE] = 1;
	printf("another mapping is other memory: %d\n",
	       mmap(NULL, PAGE, RW, MAP_SHARED, open("/dev/zero", O_RDWR), 0) != MAP_FAILED);
	return 0;
}
