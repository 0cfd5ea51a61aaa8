/*
 * What ext2 allows and refuses. Arguments: directory, "make" or "look". Each line is one thing and
 * what came of it.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define GETFLAGS 0x80046601
#define SETFLAGS 0x40046602
#define IMMUTABLE 0x10
#define APPEND 0x20
#define NODUMP 0x40

static void say(const char *what, long long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %lld\n", what, result);
}

static int make(const char *name, int flags)
{
	int fd = open(name, O_CREAT | O_RDWR | flags, 0644);

	if (fd < 0)
		say(name, fd);
	return fd;
}

static void names(void)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	say("name of 256", mkdir(name, 0755));
	name[255] = '\0';
	say("name of 255", mkdir(name, 0755));
	say("no room in a name", symlink("", "link-empty"));
}

static void link_of(unsigned length)
{
	char target[5000], name[40], back[5000], what[40];

	memset(target, 't', length);
	target[length] = '\0';
	sprintf(name, "link-%u", length);
	sprintf(what, "link of %u", length);
	if (symlink(target, name) != 0) {
		say(what, -1);
		return;
	}
	say(what, readlink(name, back, sizeof(back)));
}

static void links(unsigned block)
{
	static const char *const words[] = { "block - 1", "block" };
	char target[5000];

	link_of(59);
	link_of(60);
	for (unsigned i = 0; i < 2; i++) {
		memset(target, 't', block - 1 + i);
		target[block - 1 + i] = '\0';
		unlink("link-long");
		printf("link of %s, ", words[i]);
		say("made", symlink(target, "link-long"));
	}
}

static void sizes(void)
{
	int fd = make("large", 0);
	off_t low = 0, high = 1ll << 43;
	struct stat stat;

	/* The largest size that ftruncate allows. */
	while (low + 1 < high) {
		off_t middle = (low + high) / 2;

		if (ftruncate(fd, middle) == 0)
			low = middle;
		else
			high = middle;
	}
	say("largest", low);
	say("larger", ftruncate(fd, low + 1));
	say("write at the end", pwrite(fd, "x", 1, low));
	say("write over the end", pwrite(fd, "xyz", 3, low - 1));
	fstat(fd, &stat);
	say("sectors of one block at the end", stat.st_blocks * 512 / stat.st_blksize);
	say("data in the last block", low - lseek(fd, 0, SEEK_DATA) <= stat.st_blksize);
	say("shrink", ftruncate(fd, 0));
	fstat(fd, &stat);
	say("sectors", stat.st_blocks);
	close(fd);
}

static void holes(unsigned block)
{
	int fd = make("holes", 0);
	struct stat stat;

	say("write behind a hole", pwrite(fd, "data", 4, 20 * block));
	say("data at block", lseek(fd, 0, SEEK_DATA) / block);
	say("hole at", lseek(fd, 0, SEEK_HOLE));
	say("hole behind, end", lseek(fd, 20 * block, SEEK_HOLE) - 20 * (off_t)block);
	say("data behind the end", lseek(fd, 21 * block, SEEK_DATA));
	fstat(fd, &stat);
	say("blocks", stat.st_blocks * 512 / block);
	say("block size", (unsigned)stat.st_blksize == block);
	say("nanoseconds", stat.st_mtim.tv_nsec + stat.st_ctim.tv_nsec);
	close(fd);
}

static void many_links(void)
{
	char name[60];
	int made = 1;

	close(make("linked", 0));
	for (unsigned d = 0; made < 40000; d++) {
		sprintf(name, "links%u", d);
		if (mkdir(name, 0755) != 0)
			break;
		for (unsigned i = 0; i < 200; i++, made++) {
			sprintf(name, "links%u/%u", d, i);
			if (link("linked", name) != 0) {
				say("too many links", -1);
				say("links", made);
				return;
			}
		}
	}
}

static void flags(void)
{
	int fd = make("flags", 0), value = 0, other;

	say("get", ioctl(fd, GETFLAGS, &value));
	printf("flags: %x\n", value & ~0x1000);
	value = IMMUTABLE | NODUMP;
	say("set immutable", ioctl(fd, SETFLAGS, &value));
	say("open for writing", open("flags", O_WRONLY));
	say("unlink", unlink("flags"));
	say("chmod", chmod("flags", 0600));
	say("link", link("flags", "flags2"));
	value = APPEND;
	say("set append", ioctl(fd, SETFLAGS, &value));
	say("open for writing", open("flags", O_WRONLY));
	say("truncate", truncate("flags", 0));
	other = open("flags", O_RDWR | O_APPEND);
	say("append", write(other, "x", 1));
	say("ftruncate", ftruncate(other, 0));
	say("no longer append", fcntl(other, F_SETFL, 0));
	say("map", mmap(NULL, 1, PROT_WRITE, MAP_SHARED, other, 0) == MAP_FAILED ? -1 : 0);
	close(other);
	say("rename", rename("flags", "flags2"));
	value = NODUMP;
	say("set nodump", ioctl(fd, SETFLAGS, &value));
	close(fd);
}

static void refused(void)
{
	int fd = make("some", 0);

	close(make("other", 0));
	say("fallocate", syscall(SYS_fallocate, fd, 0, 0, 0, 1000, 0));
	say("exchange", renameat2(AT_FDCWD, "some", AT_FDCWD, "other", RENAME_EXCHANGE));
	say("no replacing", renameat2(AT_FDCWD, "some", AT_FDCWD, "other", RENAME_NOREPLACE));
	say("rename", rename("some", "other"));
	say("not empty", mkdir("full", 0755) + mkdir("full/x", 0755) + rmdir("full"));
	say("over a full one", mkdir("empty", 0755) + rename("empty", "full"));
	say("over an empty one", rename("full/x", "empty"));
	close(fd);
}

static void persons(void)
{
	close(make("owned", 0));
	say("chown", chown("owned", 70000, 80000));
	say("device", mknod("device", S_IFCHR | 0600, makedev(4, 64)));
	say("large device", mknod("large-device", S_IFBLK | 0600, makedev(259, 70000)));
	say("fifo", mkfifo("fifo", 0600));
}

static void fill(void)
{
	static char data[65536];
	int fd = make("filler", 0);
	long long first = 0, second = 0;
	ssize_t done;

	while ((done = write(fd, data, sizeof(data))) > 0)
		first += done;
	say("full", done);
	close(fd);
	say("another", mkdir("filled", 0755) == 0 ? 0 : errno == ENOSPC ? 0 : -1);
	unlink("filler");
	fd = make("filler", 0);
	while ((done = write(fd, data, sizeof(data))) > 0)
		second += done;
	say("as much again", second >= first - 65536);
	close(fd);
	unlink("filler");
}

static void look(void)
{
	struct stat stat;

	lstat("owned", &stat);
	printf("owned: %u %u\n", stat.st_uid, stat.st_gid);
	lstat("device", &stat);
	printf("device: %o %u %u\n", stat.st_mode, major(stat.st_rdev), minor(stat.st_rdev));
	lstat("large-device", &stat);
	printf("large device: %o %u %u\n", stat.st_mode, major(stat.st_rdev), minor(stat.st_rdev));
	lstat("fifo", &stat);
	printf("fifo: %o\n", stat.st_mode);
	lstat("linked", &stat);
	printf("linked: %u\n", (unsigned)stat.st_nlink);
	link_of(59);
	printf("flags: %d\n", open("flags", O_WRONLY) >= 0);
}

int main(int argc, char **argv)
{
	struct statvfs room;

	if (argc < 3 || chdir(argv[1]) != 0 || statvfs(".", &room) != 0)
		return 1;
	if (strcmp(argv[2], "look") == 0) {
		look();
		return 0;
	}
	names();
	links(room.f_bsize);
	sizes();
	holes(room.f_bsize);
	many_links();
	flags();
	refused();
	persons();
	fill();
	printf("statvfs: %lu %llu %llu\n", room.f_bsize, (unsigned long long)room.f_blocks,
	       (unsigned long long)room.f_files);
	return 0;
}
