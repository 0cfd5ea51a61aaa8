/* signalfd: what it takes, what it says of each kind of signal, who reads it. */
#include "files.h"

#include <pthread.h>
#include <stdarg.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

static sigset_t set_of(int first, ...)
{
	sigset_t set;
	va_list more;
	sigemptyset(&set);
	va_start(more, first);
	for (int signal = first; signal; signal = va_arg(more, int))
		sigaddset(&set, signal);
	va_end(more);
	return set;
}

static void take(int fd)
{
	struct signalfd_siginfo info;
	memset(&info, 0x55, sizeof(info));
	ssize_t done = read(fd, &info, sizeof(info));
	if (done < 0) {
		printf("read: %s\n", strerrorname_np(errno));
		return;
	}
	printf("read %zd: signal %d error %d code %d %s uid %d fd %d tid %d band %d overrun %d "
	       "trap %d status %d int %d ptr %#llx addr %#llx\n",
	       done, info.ssi_signo, info.ssi_errno, info.ssi_code,
	       (pid_t)info.ssi_pid == getpid() ? "mine"
	       : info.ssi_pid		       ? "other"
					       : "nobody",
	       info.ssi_uid, info.ssi_fd, info.ssi_tid, info.ssi_band, info.ssi_overrun,
	       info.ssi_trapno, info.ssi_status, info.ssi_int, (unsigned long long)info.ssi_ptr,
	       (unsigned long long)info.ssi_addr);
	char *rest = (char *)&info + 96;
	int sum = 0;
	for (int i = 0; i < 32; i++)
		sum += rest[i];
	SHOW(sum);
}

static void errors(void)
{
	sigset_t set = set_of(SIGUSR1, SIGKILL, SIGSTOP, 0);
	char text[200];
	int fd;
	SHOW(syscall(SYS_signalfd4, -1, &set, 7, 0));
	SHOW(syscall(SYS_signalfd4, -1, &set, 128, 0));
	SHOW(syscall(SYS_signalfd4, -1, 16, 8, 0));
	SHOW(syscall(SYS_signalfd4, -1, &set, 8, 1));
	SHOW(syscall(SYS_signalfd4, -2, &set, 8, 0));
	SHOW(syscall(SYS_signalfd4, 99, &set, 8, 0));
	SHOW(syscall(SYS_signalfd4, 0, &set, 8, 0));
	fd = syscall(SYS_signalfd, -1, &set, 8);
	SHOW(fcntl(fd, F_GETFL));
	close(fd);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(read(fd, text, 127));
	SHOW(read(fd, text, 128));
	SHOW(write(fd, text, 128));
	kill(getpid(), SIGUSR1);
	SHOW(read(fd, (void *)16, 128));
	SHOW(read(fd, text, 128));
	kill(getpid(), SIGUSR1);
	SHOW(read(fd, text, 200));
	close(fd);
}

static void kinds(void)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGRTMIN, SIGWINCH, 0);
	int fd = signalfd(-1, &set, SFD_NONBLOCK);
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT, 0 };
	SHOW(poll(&poll_fd, 1, 0));
	kill(getpid(), SIGUSR1);
	SHOW(poll(&poll_fd, 1, 0));
	printf("%#x\n", poll_fd.revents);
	take(fd);
	take(fd);
	raise(SIGUSR2);
	take(fd);
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = -5 });
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 6 });
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 7 });
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 8 });
	for (int i = 0; i < 4; i++)
		take(fd);
	if (fork() == 0)
		_exit(9);
	poll(&poll_fd, 1, -1);
	take(fd);
	wait(NULL);
	kill(getpid(), SIGWINCH);
	take(fd);
	ualarm(20000, 0);
	poll(&poll_fd, 1, -1);
	take(fd);

	struct signalfd_siginfo many[4];
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	SHOW(read(fd, many, sizeof(many)));
	printf("%d %d\n", many[0].ssi_signo, many[1].ssi_signo);
	close(fd);
}

static void masks(void)
{
	sigset_t one = set_of(SIGUSR1, 0), two = set_of(SIGUSR2, 0);
	int fd = signalfd(-1, &one, SFD_NONBLOCK);
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	kill(getpid(), SIGUSR2);
	SHOW(poll(&poll_fd, 1, 0));
	take(fd);
	SHOW(signalfd(fd, &two, 0) == fd);
	SHOW(fcntl(fd, F_GETFL));
	SHOW(poll(&poll_fd, 1, 0));
	take(fd);
	close(fd);
}

static int shared;

static void *reader(void *unused)
{
	take(shared);
	return unused;
}

static void *sender(void *thread)
{
	usleep(40000);
	if (thread)
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
	else
		kill(getpid(), SIGUSR1);
	return NULL;
}

static void nothing(int signal)
{
	(void)signal;
}

static void others(void)
{
	sigset_t one = set_of(SIGUSR1, 0);
	pthread_t thread, self = pthread_self();
	shared = signalfd(-1, &one, 0);
	pthread_create(&thread, NULL, sender, NULL);
	take(shared);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, sender, &self);
	take(shared);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, reader, NULL);
	usleep(40000);
	kill(getpid(), SIGUSR1);
	pthread_join(thread, NULL);

	/* A child reads its own signals, not the parent's. */
	pid_t child = fork();
	if (child == 0) {
		take(shared);
		exit(0);
	}
	usleep(40000);
	kill(getpid(), SIGUSR1);
	usleep(40000);
	kill(child, SIGUSR1);
	waitpid(child, NULL, 0);
	take(shared);

	sigset_t usr2 = set_of(SIGUSR2, 0);
	struct sigaction action = { .sa_handler = nothing };
	sigaction(SIGUSR2, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &usr2, NULL);
	child = getpid();
	if (fork() == 0) {
		usleep(30000);
		kill(child, SIGUSR2);
		_exit(0);
	}
	take(shared);
	wait(NULL);
	close(shared);
}

int main(void)
{
	sigset_t all;
	setvbuf(stdout, NULL, _IONBF, 0);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	errors();
	kinds();
	masks();
	others();
	return 0;
}
