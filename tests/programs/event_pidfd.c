/* pidfds: opening, waiting for a process's end, signals through them, waitid. */
#include "files.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>

#define P_PIDFD_NUMBER 3

static int open_pidfd(pid_t pid, unsigned flags)
{
	return syscall(SYS_pidfd_open, pid, flags);
}

static int send(int fd, int signal, void *info, unsigned flags)
{
	return syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}

static void look(const char *what, int fd, int ms)
{
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	int ready = poll(&poll_fd, 1, ms);
	printf("%s: %d %#x\n", what, ready, poll_fd.revents);
}

static volatile int count, last_code;

static void note(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	count++;
	last_code = info->si_code;
}

static void opening(void)
{
	SHOW(open_pidfd(0, 0));
	SHOW(open_pidfd(-1, 0));
	SHOW(open_pidfd(1 << 30, 0));
	SHOW(open_pidfd(getpid(), 1));
}

static void signals(int own)
{
	siginfo_t info;
	char byte;

	SHOW(fcntl(own, F_GETFD));
	look("alive", own, 0);
	SHOW(send(own, SIGUSR1, NULL, 0));
	printf("%d %d\n", count, last_code);
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	info.si_code = -3;
	SHOW(send(own, SIGUSR1, &info, 0));
	printf("%d %d\n", count, last_code);
	SHOW(send(own, SIGUSR2, &info, 0));
	SHOW(send(own, SIGUSR1, (void *)16, 0));
	SHOW(send(own, SIGUSR1, NULL, 0x100));
	SHOW(send(own, 0, NULL, 0));
	SHOW(send(own, 65, NULL, 0));
	SHOW(send(0, SIGUSR1, NULL, 0));
	SHOW(send(-1, SIGUSR1, NULL, 0));
	SHOW(read(own, &byte, 1));
}

static void folders_of_proc(void)
{
	int folder = open("/proc/self", O_RDONLY | O_DIRECTORY),
	    text = open("/proc/self/stat", O_RDONLY);
	SHOW(send(folder, SIGUSR1, NULL, 0));
	SHOW(send(text, SIGUSR1, NULL, 0));
	printf("%d\n", count);
	close(folder);
	close(text);
}

static void a_child_that_exits(void)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	pid_t child = fork();
	if (child == 0) {
		usleep(50000);
		_exit(7);
	}
	int fd = open_pidfd(child, 0), set = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	info.si_code = SI_USER;
	SHOW(send(fd, SIGUSR1, &info, 0));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	look("running", fd, 0);
	SHOW(epoll_wait(set, &event, 1, -1));
	look("a zombie", fd, 0);
	SHOW(send(fd, SIGKILL, NULL, 0));
	memset(&info, 0, sizeof(info));
	SHOW(waitid(P_PIDFD_NUMBER, fd, &info, WEXITED | WNOWAIT));
	SHOW(info.si_pid == child && info.si_status == 7);
	SHOW(waitid(P_PIDFD_NUMBER, fd, &info, WEXITED));
	SHOW(waitid(P_PIDFD_NUMBER, fd, &info, WEXITED));
	SHOW(send(fd, SIGUSR1, NULL, 0));
	SHOW(send(fd, 0, NULL, 0));
	SHOW(waitid(P_PIDFD_NUMBER, 0, &info, WEXITED));
	SHOW(waitid(P_PIDFD_NUMBER, -1, &info, WEXITED));
	close(fd);
}

static void a_child_that_is_killed(void)
{
	siginfo_t info;
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	int fd = open_pidfd(child, O_NONBLOCK);
	SHOW(waitid(P_PIDFD_NUMBER, fd, &info, WEXITED));
	SHOW(waitid(P_PIDFD_NUMBER, fd, &info, WEXITED | WNOHANG));
	if (fork() == 0) {
		SHOW(setuid(1000));
		SHOW(send(fd, SIGKILL, NULL, 0));
		SHOW(send(fd, 0, NULL, 0));
		_exit(0);
	}
	usleep(50000);
	SHOW(send(fd, SIGKILL, NULL, 0));
	look("killed", fd, 1000);
	while (wait(NULL) > 0)
		;
	close(fd);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGUSR1, &action, NULL);
	opening();
	signals(open_pidfd(getpid(), 0));
	folders_of_proc();
	a_child_that_exits();
	a_child_that_is_killed();
	return 0;
}
