/*
 * Programs that open a device, write a page of their own, close it and look whether it is there,
 * while others do the same, so that each may be the last to close it; and while the disk's table of
 * partitions is read again. Says how many writes were lost.
 *
 *   device_users DEVICE DISK ROUNDS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define USERS 3
#define PAGE 4096

/* The device may be away for a moment, as its disk's table is read. */
static int open_device(const char *path)
{
	int fd;

	while ((fd = open(path, O_RDWR)) < 0)
		usleep(1000);
	return fd;
}

static int use(const char *path, int user, int rounds)
{
	off_t place = (off_t)(user + 1) * 16 * PAGE;
	int lost = 0;

	for (int i = 1; i <= rounds; i++) {
		int fd = open_device(path), got = 0;

		if (pwrite(fd, &i, sizeof(i), place) != sizeof(i))
			lost++;
		close(fd);
		usleep(1000 * (i % 20));
		fd = open_device(path);
		if (pread(fd, &got, sizeof(got), place) != sizeof(got) || got != i)
			lost++;
		close(fd);
	}
	return lost < 100 ? lost : 100;
}

static void read_tables(const char *disk)
{
	for (;;) {
		int fd = open_device(disk);

		ioctl(fd, BLKRRPART);
		close(fd);
		usleep(1000);
	}
}

int main(int argc, char **argv)
{
	int lost = 0, status;
	pid_t reader;

	if (argc != 4)
		return 2;
	for (int user = 0; user < USERS; user++)
		if (fork() == 0)
			_exit(use(argv[1], user, atoi(argv[3])));
	reader = fork();
	if (reader == 0)
		read_tables(argv[2]);
	for (int user = 0; user < USERS; user++) {
		wait(&status);
		lost += WEXITSTATUS(status);
	}
	kill(reader, 9);
	wait(NULL);
	printf("%d lost\n", lost);
	return lost != 0;
}
