/* CFLAGS: -pthread */
/*
 * Record locks where waiting and closing meet: a descriptor closed under a waiting thread, who
 * waits for whom after an unlock, and circles that only several threads of a process can make.
 */
#include "files.h"
#include <pthread.h>

static int shared_fd;

static void settle(void)
{
	usleep(800000); /* the others run until they wait */
}

static int lock_byte(int fd, int command, short type, off_t byte)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	return fcntl(fd, command, &lock);
}

/* A child that holds a byte until *go says 1, then waits for another byte if that is not -1. */
static pid_t holder(const char *name, off_t held, off_t wanted, volatile int *go)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		int fd = open("data", O_RDWR);

		alarm(20);
		lock_byte(fd, F_SETLKW, F_WRLCK, held);
		while (!*go)
			usleep(40000);
		if (wanted >= 0) {
			int done = lock_byte(fd, F_SETLKW, F_WRLCK, wanted);

			printf("%s: %s\n", name, done ? strerrorname_np(errno) : "ok");
			fflush(stdout);
		}
		_exit(0);
	}
	settle();
	return child;
}

static void *wait_for_byte(void *byte)
{
	int done = lock_byte(shared_fd, F_SETLKW, F_WRLCK, (off_t)(long)byte);

	return (void *)(long)(done ? errno : 0);
}

static void closed_meanwhile(volatile int *go)
{
	pid_t child = holder("holder", 0, -1, go);
	pthread_t thread;
	void *result;

	shared_fd = open("data", O_RDWR);
	pthread_create(&thread, NULL, wait_for_byte, (void *)0);
	settle();
	close(shared_fd);
	*go = 1;
	waitpid(child, NULL, 0);
	pthread_join(thread, &result);
	printf("closed while waiting: %s\n", strerrorname_np((int)(long)result));
	child = holder("other", 0, -1, go); /* nobody has it */
	waitpid(child, NULL, 0);
	unlink("data");
	put_file("data", "0123456789");
}

/* Whoever was let go by an unlock waits for nobody any more, even before it runs. */
static void let_go(volatile int *go)
{
	int fd = open("data", O_RDWR);
	pid_t child;

	lock_byte(fd, F_SETLK, F_WRLCK, 0);
	*go = 1;
	child = holder("child", 1, 0, go);
	lock_byte(fd, F_SETLK, F_UNLCK, 0);
	SHOW(lock_byte(fd, F_SETLKW, F_WRLCK, 1));
	waitpid(child, NULL, 0);
	close(fd);
}

static void nothing(int signal)
{
	(void)signal;
}

/*
 * Two threads wait, so that a circle through the older one is not seen; the one who then comes
 * and waits for a member of it must still be able to be interrupted.
 */
static void circle_of_others(volatile int *go)
{
	pthread_t older, younger;
	pid_t q, x, r;

	go[0] = go[1] = 0;
	shared_fd = open("data", O_RDWR);
	lock_byte(shared_fd, F_SETLK, F_WRLCK, 0);
	q = holder("q", 1, 0, &go[0]);
	x = holder("x", 2, -1, &go[1]);
	pthread_create(&older, NULL, wait_for_byte, (void *)1);
	settle();
	pthread_create(&younger, NULL, wait_for_byte, (void *)2);
	settle();
	go[0] = 1; /* q waits for byte 0, which is ours */
	settle();
	go[1] = 1; /* x is gone: the younger thread waits no more */
	waitpid(x, NULL, 0);
	pthread_join(younger, NULL);
	fflush(stdout);
	r = fork();
	if (r == 0) {
		struct sigaction action = { .sa_handler = nothing };
		int fd = open("data", O_RDWR);

		sigaction(SIGALRM, &action, NULL);
		alarm(1);
		SHOW(lock_byte(fd, F_SETLKW, F_WRLCK, 0));
		fflush(stdout);
		_exit(0);
	}
	waitpid(r, NULL, 0);
	kill(q, SIGKILL);
	waitpid(q, NULL, 0);
	pthread_join(older, NULL);
	close(shared_fd);
}

int main(void)
{
	volatile int *go = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
				0);

	enter("lock_races");
	put_file("data", "0123456789");
	closed_meanwhile(go);
	let_go(go);
	circle_of_others(go);
	leave("lock_races");
	return 0;
}
