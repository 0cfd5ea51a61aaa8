/* Reading a directory tells each name once, also when others come and go meanwhile. */
#include "files.h"

static int seen[1000];

/* Reads everything in small pieces, removing each name as it is told when remove is set. */
static int read_all(int fd, unsigned piece, int remove)
{
	char buffer[4096];
	int names = 0, dots = 0, wrong = 0;
	long got;
	memset(seen, 0, sizeof(seen));
	while ((got = syscall(SYS_getdents64, fd, buffer, piece)) > 0) {
		for (char *at = buffer; at < buffer + got;) {
			struct dirent64 *entry = (struct dirent64 *)at;
			char *name = entry->d_name;
			if (name[0] == '.')
				dots++, wrong += entry->d_type != DT_DIR;
			else {
				names++, seen[atoi(name + 1)]++, wrong += entry->d_type != DT_REG;
				wrong += entry->d_ino == 0 || entry->d_reclen % 8 != 0;
				if (remove)
					wrong += unlink(name) != 0;
			}
			at += entry->d_reclen;
		}
	}
	for (int i = 0; i < 1000; i++)
		wrong += seen[i] > 1;
	printf("%d names, %d dots, %d wrong, then %ld\n", names, dots, wrong, got);
	return names;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(void)
{
	char name[32], *types[10];
	enter("getdents.d");
	int fd = open(".", O_RDONLY | O_DIRECTORY);
	read_all(fd, 4096, 0);
	for (int i = 0; i < 1000; i++) {
		sprintf(name, "f%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	lseek(fd, 0, SEEK_SET);
	read_all(fd, 4096, 0);
	lseek(fd, 0, SEEK_SET);
	read_all(fd, 300, 0);
	SHOW(syscall(SYS_getdents64, fd, name, 32));
	lseek(fd, 0, SEEK_SET);
	SHOW(syscall(SYS_getdents64, fd, name, 8));
	SHOW(syscall(SYS_getdents64, fd, NULL, 4096));
	read_all(fd, 300, 1);
	lseek(fd, 0, SEEK_SET);
	read_all(fd, 4096, 0);
	SHOW(syscall(SYS_getdents64, 99, name, 32));
	put_file("reg", "");
	int file = open("reg", O_RDONLY);
	SHOW(syscall(SYS_getdents64, file, name, 32));
	mkdir("dir", 0755);
	symlink("x", "link");
	mkfifo("fifo", 0644);
	DIR *dir = opendir(".");
	int count = 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		asprintf(&types[count++], "%s %d", entry->d_name, entry->d_type);
	closedir(dir);
	qsort(types, count, sizeof(*types), compare);
	for (int i = 0; i < count; i++)
		puts(types[i]);
	leave("getdents.d");
	return 0;
}
