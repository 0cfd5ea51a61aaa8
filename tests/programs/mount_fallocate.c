/* EXPECT: mount_fallocate.txt */
/* fallocate on a file system with little room: what does not fit takes none of it. */
#include "files.h"
#include <sys/mount.h>
#include <sys/vfs.h>

static void show_room(int fd)
{
	struct statfs fs;
	struct stat st;

	fstatfs(fd, &fs);
	fstat(fd, &st);
	printf("size %lld, blocks %lld, %s\n", (long long)st.st_size, (long long)st.st_blocks,
	       fs.f_bfree + st.st_blocks / 8 == fs.f_blocks ? "the rest free" : "some lost");
}

int main(void)
{
	int fd;

	mkdir("small", 0755);
	SHOW(mount("tmpfs", "small", "tmpfs", 0, "size=64k"));
	fd = open("small/file", O_RDWR | O_CREAT, 0644);
	SHOW(fallocate(fd, 0, 0, 1 << 20));
	show_room(fd);
	SHOW(fallocate(fd, 0, 0, 16 << 10));
	show_room(fd);
	SHOW(fallocate(fd, 0, 8 << 10, 1 << 20));
	show_room(fd);
	SHOW(fallocate(fd, 0, 16 << 10, 48 << 10));
	show_room(fd);
	SHOW(write(fd, "x", 1));
	SHOW(pwrite(fd, "x", 1, 64 << 10));
	SHOW(ftruncate(fd, 0));
	show_room(fd);
	close(fd);
	unlink("small/file");
	SHOW(umount("small"));
	SHOW(rmdir("small"));
	return 0;
}
