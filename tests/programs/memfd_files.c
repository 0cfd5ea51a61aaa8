/* memfd_create: names, flags and errors, and the file as stat, fcntl, /proc and mappings show it. */
#define _GNU_SOURCE
#include "mm.h"
#include <sys/vfs.h>

/* The line of /proc/self/maps at an address: rights and name. */
static void show_map(const char *what, const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512], rights[8], name[300];
	unsigned offset;

	while (fgets(line, sizeof(line), maps)) {
		name[0] = 0;
		if (sscanf(line, "%lx-%lx %7s %x %*s %*u %299[^\n]", &start, &end, rights, &offset,
			   name) < 4)
			continue;
		if (start <= (unsigned long)at && (unsigned long)at < end)
			printf("%s: %s %x \"%s\"\n", what, rights, offset, name);
	}
	fclose(maps);
}

static void show_link(int fd)
{
	char path[40], text[400];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, text, sizeof(text) - 1);
	text[length > 0 ? length : 0] = 0;
	printf("link: %s\n", text);
}

static void names(void)
{
	char name[300];
	int fd;

	for (int length = 248; length <= 251; length++) {
		memset(name, 'n', length);
		name[length] = 0;
		fd = memfd_create(name, 0);
		printf("%d: ", length);
		mm_call("long name", fd);
		if (fd >= 0)
			close(fd);
	}
	fd = memfd_create("", 0);
	mm_call("empty name", fd);
	show_link(fd);
	close(fd);
	fd = memfd_create("a/b c", 0);
	mm_call("name with / and blank", fd);
	show_link(fd);
	close(fd);
	mm_call("no name", memfd_create(NULL, 0));
	mm_call("name in the kernel", memfd_create((char *)0xfffff000, 0));
}

static void flags(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	printf("FD_CLOEXEC %d\n", fcntl(fd, F_GETFD));
	close(fd);
	fd = memfd_create("x", 0);
	printf("FD_CLOEXEC %d, flags %x\n", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
	printf("seals %x\n", fcntl(fd, F_GET_SEALS));
	mm_call("more seals", fcntl(fd, F_ADD_SEALS, 0));
	close(fd);
	fd = memfd_create("x", MFD_ALLOW_SEALING);
	printf("seals %x\n", fcntl(fd, F_GET_SEALS));
	close(fd);
	mm_call("unknown flag", memfd_create("x", 0x20));
	mm_call("unknown flag before bad name", memfd_create(NULL, 0x20));
	mm_call("size of huge pages alone", memfd_create("x", 21u << 26));
}

static void the_file(void)
{
	int fd = memfd_create("file", 0), again;
	struct statfs fs;
	struct stat st;
	char text[8] = "";
	char *at, *private;

	fstat(fd, &st);
	printf("mode %o links %d size %d uid %d\n", st.st_mode, (int)st.st_nlink, (int)st.st_size,
	       st.st_uid == geteuid());
	fstatfs(fd, &fs);
	printf("tmpfs %d\n", fs.f_type == 0x01021994);
	show_link(fd);
	printf("write %zd\n", write(fd, "hello", 5));
	printf("read at the end %zd\n", read(fd, text, 5));
	printf("pread %zd %s\n", pread(fd, text, 5, 0), text);
	mm_call("ftruncate", ftruncate(fd, 3 * PAGE + 1));
	fstat(fd, &st);
	printf("size %d blocks %d\n", (int)st.st_size, (int)st.st_blocks);
	at = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	private = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, PAGE);
	show_map("shared", at);
	show_map("private", private);
	mm_catch();
	mm_try("within", at + 3 * PAGE);
	mm_try("beyond the end", at + 4 * PAGE);
	at[PAGE] = 'S';
	printf("private sees %c\n", private[0]);
	private[0] = 'P';
	printf("shared keeps %c\n", at[PAGE]);
	fstat(fd, &st);
	printf("blocks %d\n", (int)st.st_blocks);
	snprintf(text, sizeof(text), "%d", fd);
	again = open("/proc/self/fd/3", O_RDWR);
	fstat(fd, &st);
	mm_call("opened again", again);
	printf("read %zd %.5s\n", read(again, text, 5), text);
	close(again);
	again = dup(fd);
	close(fd);
	mm_call("punch a hole",
		fallocate(again, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
	printf("shared %d private %c\n", at[PAGE], private[0]);
	close(again);
	at[0] = 'H';
	printf("still there %c\n", at[0]);
	munmap(at, 8 * PAGE);
	munmap(private, 2 * PAGE);
}

static void between_processes(void)
{
	int fd = memfd_create("shared", 0);
	char *at;

	if (ftruncate(fd, PAGE))
		perror("ftruncate");
	if (fork() == 0) {
		at = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
		strcpy(at, "from the child");
		_exit(0);
	}
	wait(NULL);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	puts(at);
	munmap(at, PAGE);
	at = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	show_map("shared anonymous", at);
	munmap(at, PAGE);
	close(fd);
}

int main(void)
{
	close_range(3, ~0u, 0);
	names();
	flags();
	the_file();
	between_processes();
	return 0;
}
