/* EXPECT: fail_walk_files.txt */
/*
 * Names, files and what /proc shows of them, with allocations that fail (fail_walk.h).
 */
#include "fail_walk.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* ---- files ---- */

static int do_open(void)
{
	return keep(open("data", O_RDWR));
}

static int do_create(void)
{
	return keep(open("new", O_RDWR | O_CREAT | O_EXCL, 0600));
}

static void undo_create(void)
{
	close_fds();
	unlink("new");
}

static int do_write(void)
{
	static char bytes[3 * 4096];

	return write(fds[0], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) ? 0 : -errno;
}

static void prepare_new(void)
{
	fds[0] = open("new", O_RDWR | O_CREAT, 0600);
}

static int do_mkdir(void)
{
	return result(mkdir("made", 0700));
}

static void undo_mkdir(void)
{
	rmdir("made");
}

static int do_symlink(void)
{
	return result(
		symlink("a target whose text is rather long, so that it has its own room", "made"));
}

static int do_link(void)
{
	return result(link("data", "made"));
}

static void undo_link(void)
{
	unlink("made");
}

static int do_rename(void)
{
	return result(rename("new", "a new name that is too long to be kept in place"));
}

static void undo_rename(void)
{
	close_fds();
	unlink("new");
	unlink("a new name that is too long to be kept in place");
}

static int do_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };

	return result(fcntl(data_file, F_SETLK, &lock));
}

static void undo_lock(void)
{
	struct flock lock = { .l_type = F_UNLCK };

	fcntl(data_file, F_SETLK, &lock);
}

static int do_read_proc(const char *path)
{
	static char text[16384];
	int fd = open(path, O_RDONLY), got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text));
	got = got < 0 ? -errno : 0;
	close(fd);
	return got;
}

static int do_maps(void)
{
	return do_read_proc("/proc/self/maps");
}

static int do_smaps(void)
{
	return do_read_proc("/proc/self/smaps");
}

static int do_status(void)
{
	return do_read_proc("/proc/self/status");
}

static int do_faults(void)
{
	return do_read_proc("/proc/self/faults");
}

static int do_directory(void)
{
	static char buffer[4096];
	int error = keep(open("/proc", O_RDONLY | O_DIRECTORY));

	if (!error && syscall(SYS_getdents64, fds[0], buffer, sizeof(buffer)) < 0)
		error = -errno;
	return error;
}

static int do_mount(void)
{
	return result(mount("none", "mounted", "tmpfs", 0, NULL));
}

static void undo_mount(void)
{
	umount("mounted");
}

/* ---- all sorts ---- */

static int do_readv(void)
{
	static char byte[200];
	struct iovec parts[200];

	for (int i = 0; i < 200; i++)
		parts[i] = (struct iovec){ &byte[i], 1 };
	lseek(data_file, 0, SEEK_SET);
	return readv(data_file, parts, 200) == 200 ? 0 : -errno;
}

static int do_flock(void)
{
	return result(flock(data_file, LOCK_EX));
}

static void undo_flock(void)
{
	flock(data_file, LOCK_UN);
}

static int do_fifo(void)
{
	int error = result(mkfifo("made", 0600));

	return error ? error : keep(open("made", O_RDWR));
}

static void undo_fifo(void)
{
	close_fds();
	unlink("made");
}

static int do_tmpfile(void)
{
	return keep(open(".", O_RDWR | O_TMPFILE, 0600));
}

static int do_readlink(void)
{
	char text[100];

	return readlink("/proc/self/exe", text, sizeof(text)) < 0 ? -errno : 0;
}

static int do_getcwd(void)
{
	char text[100];

	return syscall(SYS_getcwd, text, sizeof(text)) < 0 ? -errno : 0;
}

static int do_chdir(void)
{
	int error = result(chdir("mounted"));

	return error ? error : result(chdir(".."));
}

static int do_stat(void)
{
	struct stat status;

	return result(stat("mounted/../data", &status));
}

static int do_truncate(void)
{
	int error = result(ftruncate(fds[0], 3 * PAGE + 10));

	return error ? error : result(ftruncate(fds[0], 10));
}

static int do_fallocate(void)
{
	return result(fallocate(fds[0], 0, 0, 8 * PAGE));
}

/* A file that may not get smaller: what was begun is given back all the same. */
static void prepare_sealed(void)
{
	keep(memfd_create("sealed", MFD_ALLOW_SEALING));
	if (ftruncate(fds[0], 10) || fcntl(fds[0], F_ADD_SEALS, F_SEAL_SHRINK))
		printf("no seal: %s\n", strerror(errno));
}

static int do_fallocate_sealed(void)
{
	struct stat status;
	int error = do_fallocate();
	off_t size = error ? 10 : 8 * PAGE;

	if (fstat(fds[0], &status) || status.st_size != size)
		printf("%d, and the size is %lld\n", error, (long long)status.st_size);
	return error;
}

static const struct walk walks[] = {
	{ "open", NULL, do_open, close_fds },
	{ "create", NULL, do_create, undo_create },
	{ "write", prepare_new, do_write, undo_create },
	{ "mkdir", NULL, do_mkdir, undo_mkdir },
	{ "symlink", NULL, do_symlink, undo_link },
	{ "link", NULL, do_link, undo_link },
	{ "rename", prepare_new, do_rename, undo_rename },
	{ "record lock", NULL, do_lock, undo_lock },
	{ "getdents", NULL, do_directory, close_fds },
	{ "mount", NULL, do_mount, undo_mount },
	{ "maps", NULL, do_maps, NULL },
	{ "smaps", NULL, do_smaps, NULL },
	{ "status", NULL, do_status, NULL },
	{ "faults", NULL, do_faults, NULL },
	{ "readv", NULL, do_readv, NULL },
	{ "flock", NULL, do_flock, undo_flock },
	{ "mkfifo, open", NULL, do_fifo, undo_fifo },
	{ "open without a name", NULL, do_tmpfile, close_fds },
	{ "readlink", NULL, do_readlink, NULL },
	{ "getcwd", NULL, do_getcwd, NULL },
	{ "chdir", NULL, do_chdir, NULL },
	{ "stat", NULL, do_stat, NULL },
	{ "ftruncate", prepare_new, do_truncate, undo_create },
	{ "fallocate", prepare_new, do_fallocate, undo_create },
	{ "fallocate, sealed", prepare_sealed, do_fallocate_sealed, close_fds },
};

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	mkdir("mounted", 0700);
	walk_begin();
	for (unsigned i = 0; i < sizeof(walks) / sizeof(*walks); i++)
		walk(&walks[i]);
	return 0;
}
