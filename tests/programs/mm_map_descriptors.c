/* Which kinds of descriptor can be mapped how: each open mode by each protection and type. */
#define _GNU_SOURCE
#include "mm.h"

static void try(int fd, int prot, int flags)
{
	char *at = mmap(NULL, PAGE, prot, flags, fd, 0);

	printf(" %s", at == MAP_FAILED ? strerrorname_np(errno) : "ok");
	if (at != MAP_FAILED)
		munmap(at, PAGE);
}

/* One line: no rights, to read, to write, both, to execute; private and then shared. */
static void matrix(const char *what, int fd)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE, RW, PROT_EXEC };

	printf("%s:", what);
	for (unsigned at = 0; at < sizeof(prots) / sizeof(*prots); at++)
		try(fd, prots[at], MAP_PRIVATE);
	printf(" |");
	for (unsigned at = 0; at < sizeof(prots) / sizeof(*prots); at++)
		try(fd, prots[at], MAP_SHARED);
	printf("%s", fd < 0 ? " no such file\n" : "\n");
	close(fd);
}

static void opened(const char *what, const char *path, int flags)
{
	matrix(what, open(path, flags));
}

static void files(void)
{
	int fd = open("mapped.tmp", O_RDWR | O_CREAT, 0600);

	if (write(fd, "something", 9) != 9)
		perror("write");
	matrix("just made", fd);
	opened("to read", "mapped.tmp", O_RDONLY);
	opened("to write", "mapped.tmp", O_WRONLY);
	opened("both", "mapped.tmp", O_RDWR);
	opened("appending", "mapped.tmp", O_WRONLY | O_APPEND);
	opened("both, appending", "mapped.tmp", O_RDWR | O_APPEND);
	opened("no access at all", "mapped.tmp", O_PATH);
	opened("mode 3", "mapped.tmp", 3);
	opened("not waiting", "mapped.tmp", O_RDWR | O_NONBLOCK);
	unlink("mapped.tmp");
}

static void no_files(void)
{
	int ends[2];

	opened("folder", ".", O_RDONLY);
	opened("folder, as a place", ".", O_PATH | O_DIRECTORY);
	if (pipe(ends))
		perror("pipe");
	matrix("pipe to read", ends[0]);
	matrix("pipe to write", ends[1]);
	matrix("no descriptor", -1);
	matrix("descriptor out of range", 1 << 20);
}

static void devices(void)
{
	opened("null", "/dev/null", O_RDWR);
	opened("zero", "/dev/zero", O_RDWR);
	opened("zero, to read", "/dev/zero", O_RDONLY);
	opened("zero, to write", "/dev/zero", O_WRONLY);
	opened("full", "/dev/full", O_RDWR);
	opened("random", "/dev/urandom", O_RDONLY);
	opened("a text of proc", "/proc/self/maps", O_RDONLY);
}

int main(void)
{
	files();
	no_files();
	devices();
	return 0;
}
