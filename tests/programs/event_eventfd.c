/* eventfd: counting, semaphores, limits, waiting, errors. */
#include "files.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

static void look(const char *what, int fd)
{
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, 0 };
	int ready = poll(&poll_fd, 1, 0);
	printf("%s: %d %#x\n", what, ready, poll_fd.revents);
}

static uint64_t take(int fd)
{
	uint64_t value = 77;
	ssize_t done = read(fd, &value, sizeof(value));
	printf("read: %zd %s\n", done, done < 0 ? strerrorname_np(errno) : "");
	return value;
}

static ssize_t add(int fd, uint64_t value)
{
	return write(fd, &value, sizeof(value));
}

static void errors(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	char small[7] = "", large[20] = "";
	SHOW(eventfd(0, 0x10));
	SHOW(eventfd(0, -1));
	SHOW(read(fd, small, 7));
	SHOW(write(fd, small, 7));
	SHOW(read(fd, large, 20));
	SHOW(add(fd, UINT64_MAX));
	SHOW(write(fd, (void *)16, 8));
	SHOW(add(fd, 5));
	SHOW(read(fd, (void *)16, 8));
	SHOW(read(fd, large, 20));
	SHOW(lseek(fd, 5, SEEK_SET));
	SHOW(pread(fd, large, 8, 0));
	SHOW(pwrite(fd, large, 8, 0));
	SHOW(ftruncate(fd, 0));
	SHOW(fsync(fd));
	SHOW(ioctl(fd, FIONREAD, large));
	int on = 0;
	SHOW(ioctl(fd, FIONBIO, &on));
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_GETFD));
	struct stat info;
	fstat(fd, &info);
	printf("mode %o size %d\n", info.st_mode & 07777, (int)info.st_size);
	close(fd);
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_GETFD));
	char path[40], link[64] = "";
	sprintf(path, "/proc/self/fd/%d", fd);
	readlink(path, link, sizeof(link) - 1);
	puts(link);
	SHOW(open(path, O_RDWR));
	close(fd);
}

static void counting(void)
{
	int fd = eventfd(3, EFD_NONBLOCK);
	look("three", fd);
	SHOW(take(fd));
	look("none", fd);
	SHOW(take(fd));
	SHOW(add(fd, 0));
	look("plus none", fd);
	SHOW(add(fd, UINT64_MAX - 2));
	look("nearly full", fd);
	SHOW(add(fd, 1));
	look("full", fd);
	SHOW(add(fd, 1));
	SHOW(add(fd, 0));
	printf("%llx\n", (unsigned long long)take(fd));
	close(fd);

	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	for (int i = 0; i < 3; i++)
		printf("%llu\n", (unsigned long long)take(fd));
	close(fd);
	fd = syscall(SYS_eventfd, 7);
	printf("%llu\n", (unsigned long long)take(fd));
	close(fd);
}

static int shared;

static void *late_add(void *unused)
{
	usleep(50000);
	add(shared, 9);
	return unused;
}

static void *late_take(void *unused)
{
	uint64_t value;
	usleep(50000);
	read(shared, &value, sizeof(value));
	return unused;
}

static void nothing(int signal)
{
	(void)signal;
}

static void waiting(void)
{
	pthread_t thread;
	shared = eventfd(0, 0);
	pthread_create(&thread, NULL, late_add, NULL);
	printf("%llu\n", (unsigned long long)take(shared));
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, late_add, NULL);
	struct pollfd poll_fd = { shared, POLLIN, 0 };
	SHOW(poll(&poll_fd, 1, -1));
	pthread_join(thread, NULL);
	SHOW(add(shared, UINT64_MAX - 1 - 9));
	pthread_create(&thread, NULL, late_take, NULL);
	SHOW(add(shared, 4));
	pthread_join(thread, NULL);
	printf("%llu\n", (unsigned long long)take(shared));

	struct sigaction action = { .sa_handler = nothing };
	sigaction(SIGALRM, &action, NULL);
	ualarm(30000, 0);
	take(shared);
	if (fork() == 0) {
		usleep(30000);
		add(shared, 21);
		_exit(0);
	}
	printf("%llu\n", (unsigned long long)take(shared));
	wait(NULL);
	close(shared);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	errors();
	counting();
	waiting();
	return 0;
}
