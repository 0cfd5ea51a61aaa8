/*
 * POSIX shared memory: shm_open and its kin on a tmpfs at /dev/shm, which is mounted if it is not
 * there.
 */
#define _GNU_SOURCE
#include "mm.h"
#include <semaphore.h>
#include <sys/mount.h>

static char name[40];

static void objects(void)
{
	int fd = shm_open(name, O_RDWR, 0600), again;
	struct stat st;
	char *at, *other;

	mm_call("not there", fd);
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0640);
	mm_call("made", fd);
	printf("FD_CLOEXEC %d\n", fcntl(fd, F_GETFD));
	mm_call("exclusively again", shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0640));
	mm_call("sized", ftruncate(fd, 2 * PAGE));
	again = shm_open(name, O_RDONLY, 0);
	fstat(again, &st);
	printf("mode %o size %d links %d blocks %d\n", st.st_mode, (int)st.st_size,
	       (int)st.st_nlink, (int)st.st_blocks);
	at = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	other = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, again, 0);
	strcpy(at + PAGE, "seen by all");
	puts(other + PAGE);
	fstat(again, &st);
	printf("blocks %d\n", (int)st.st_blocks);
	mm_call("read-only one made writable", mprotect(other, PAGE, RW));
	printf("seals %d\n", fcntl(fd, F_GET_SEALS));
	mm_call("more of them", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	close(fd);
	close(again);
	mm_call("unlinked", shm_unlink(name));
	mm_call("unlinked again", shm_unlink(name));
	strcpy(at, "still there");
	puts(other);
	munmap(at, 2 * PAGE);
	munmap(other, 2 * PAGE);
	mm_call("name with a /", shm_open("/a/b", O_RDWR | O_CREAT, 0600));
}

static void semaphores(void)
{
	sem_t *sem = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	int value, status;

	if (sem == SEM_FAILED) {
		printf("sem_open: %s\n", strerrorname_np(errno));
		return;
	}
	fflush(stdout);
	if (fork() == 0) {
		sem_t *same = sem_open(name, 0);

		_exit(same == SEM_FAILED || sem_post(same));
	}
	mm_call("waited for", sem_wait(sem));
	wait(&status);
	sem_getvalue(sem, &value);
	printf("child %d value %d\n", status, value);
	sem_close(sem);
	mm_call("sem_unlink", sem_unlink(name));
}

int main(void)
{
	int mounted = mkdir("/dev/shm", 0755) == 0;

	if (mounted && mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"))
		perror("/dev/shm");
	umask(022);
	snprintf(name, sizeof(name), "/loft-%d", getpid());
	objects();
	semaphores();
	if (mounted && (umount("/dev/shm") || rmdir("/dev/shm")))
		perror("/dev/shm");
	return 0;
}
