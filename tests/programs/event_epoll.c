/* epoll: levels, edges, one-shots, order, changes, descriptors that close, errors. */
#include "files.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int set;

static int control(int op, int fd, uint32_t events, int data)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)data << 32 | data };
	return epoll_ctl(set, op, fd, &event);
}

/* Waits no longer than ms; prints what came. */
static void see(const char *what, int max, int ms)
{
	struct epoll_event events[64];
	int count = epoll_wait(set, events, max, ms);
	printf("%s: %d%s%s", what, count, count < 0 ? " " : "",
	       count < 0 ? strerrorname_np(errno) : "");
	for (int i = 0; i < count; i++)
		printf(" %d/%d:%#x", (int)events[i].data.u32, (int)(events[i].data.u64 >> 32),
		       events[i].events);
	puts("");
}

static int look(int fd)
{
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT | POLLRDNORM, 0 };
	int ready = poll(&poll_fd, 1, 0);
	return ready ? poll_fd.revents : 0;
}

static void errors(void)
{
	struct epoll_event event = { EPOLLIN, { 0 } };
	int event_fd = eventfd(0, 0), file = open("/proc/self/exe", O_RDONLY);
	SHOW(epoll_create(0));
	SHOW(epoll_create(-1));
	SHOW(epoll_create1(1));
	SHOW(epoll_create1(EPOLL_CLOEXEC));
	set = epoll_create(1);
	SHOW(fcntl(set, F_GETFD));
	SHOW(fcntl(set, F_GETFL));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, event_fd, NULL));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, -1, &event));
	SHOW(epoll_ctl(-1, EPOLL_CTL_ADD, event_fd, &event));
	SHOW(epoll_ctl(event_fd, EPOLL_CTL_ADD, set, &event));
	SHOW(epoll_ctl(event_fd, EPOLL_CTL_ADD, event_fd, &event));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, set, &event));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, file, &event));
	SHOW(epoll_ctl(set, EPOLL_CTL_DEL, file, NULL));
	SHOW(epoll_ctl(set, EPOLL_CTL_DEL, event_fd, NULL));
	SHOW(epoll_ctl(set, EPOLL_CTL_MOD, event_fd, &event));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, event_fd, &event));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, event_fd, &event));
	SHOW(epoll_ctl(set, 0, event_fd, &event));
	SHOW(epoll_ctl(set, 4, event_fd, &event));
	SHOW(epoll_ctl(set, 4, event_fd, NULL));
	SHOW(epoll_ctl(set, EPOLL_CTL_DEL, event_fd, &event));
	event.events = EPOLLEXCLUSIVE | EPOLLPRI;
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, event_fd, &event));
	event.events = EPOLLEXCLUSIVE | EPOLLIN | EPOLLONESHOT;
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, event_fd, &event));
	event.events = EPOLLEXCLUSIVE | EPOLLIN | EPOLLET;
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, event_fd, &event));
	SHOW(epoll_ctl(set, EPOLL_CTL_MOD, event_fd, &event));
	event.events = EPOLLIN;
	SHOW(epoll_ctl(set, EPOLL_CTL_MOD, event_fd, &event));
	SHOW(epoll_ctl(set, EPOLL_CTL_DEL, event_fd, &event));
	SHOW(epoll_wait(set, &event, 0, 0));
	SHOW(epoll_wait(set, &event, -1, 0));
	SHOW(epoll_wait(set, &event, INT32_MAX, 0));
	SHOW(epoll_wait(set, (void *)16, 1, 0));
	SHOW(epoll_wait(-1, &event, 1, 0));
	SHOW(epoll_wait(event_fd, &event, 1, 0));
	SHOW(read(set, &event, 8));
	SHOW(write(set, &event, 8));
	SHOW(lseek(set, 3, SEEK_SET));
	close(event_fd);
	close(file);
	close(set);
}

static void levels(void)
{
	int ends[2];
	set = epoll_create1(0);
	pipe(ends);
	SHOW(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
	SHOW(control(EPOLL_CTL_ADD, ends[1], EPOLLOUT, 2));
	SHOW(look(set));
	see("empty pipe", 9, 0);
	write(ends[1], "ab", 2);
	see("bytes", 9, 0);
	see("bytes again", 9, 0);
	see("one at a time", 1, 0);
	see("the other", 1, 0);
	see("and the first", 1, 0);
	SHOW(control(EPOLL_CTL_MOD, ends[1], 0, 3));
	char text[10];
	read(ends[0], text, 1);
	see("one byte left", 9, 0);
	read(ends[0], text, 1);
	see("none left", 9, 0);
	SHOW(look(set));
	see("for a time", 9, 30);
	close(ends[0]);
	see("nobody reads", 9, 0);
	SHOW(control(EPOLL_CTL_DEL, ends[1], 0, 0));
	see("gone", 9, 0);
	close(ends[1]);
	pipe(ends);
	control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1);
	close(ends[1]);
	see("hung up", 9, -1);
	close(ends[0]);
	close(set);
}

static void edges(void)
{
	int ends[2], fd = eventfd(0, EFD_NONBLOCK);
	char text[4096] = "";
	set = epoll_create1(0);
	pipe2(ends, O_NONBLOCK);
	control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLET, 1);
	control(EPOLL_CTL_ADD, ends[1], EPOLLOUT | EPOLLET, 2);
	see("at first", 9, 0);
	see("no more", 9, 0);
	write(ends[1], "a", 1);
	see("a byte", 9, 0);
	see("still there", 9, 0);
	write(ends[1], "b", 1);
	see("another", 9, 0);
	read(ends[0], text, 1);
	see("read one", 9, 0);
	control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET, 3);
	see("modified", 9, 0);
	while (write(ends[1], text, sizeof(text)) > 0)
		;
	see("filled", 9, 0);
	while (read(ends[0], text, sizeof(text)) > 0)
		;
	see("drained", 9, 0);
	close(ends[1]);
	see("hung up", 9, 0);
	see("once", 9, 0);
	close(ends[0]);
	control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, 4);
	eventfd_write(fd, 1);
	see("event", 9, 0);
	eventfd_write(fd, 1);
	see("event again", 9, 0);
	eventfd_t value;
	eventfd_read(fd, &value);
	see("taken", 9, 0);
	eventfd_write(fd, 1);
	eventfd_read(fd, &value);
	see("come and gone", 9, 0);
	close(fd);
	close(set);
}

static void one_shot(void)
{
	int fd = eventfd(1, 0);
	set = epoll_create1(0);
	control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, 1);
	see("once", 9, 0);
	see("off", 9, 0);
	eventfd_write(fd, 1);
	see("still off", 9, 0);
	SHOW(look(set));
	control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT | EPOLLONESHOT, 2);
	SHOW(look(set));
	see("on again", 9, 0);
	see("off again", 9, 0);
	control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT, 3);
	SHOW(epoll_wait(set, (void *)16, 4, 0));
	see("not lost", 9, 0);
	close(fd);
	close(set);
}

static void closed(void)
{
	int fd = eventfd(1, 0), copy, other;
	set = epoll_create1(0);
	control(EPOLL_CTL_ADD, fd, EPOLLIN, 1);
	close(fd);
	see("closed", 9, 0);
	fd = eventfd(1, 0);
	copy = dup(fd);
	SHOW(control(EPOLL_CTL_ADD, fd, EPOLLIN, 1));
	SHOW(control(EPOLL_CTL_ADD, copy, EPOLLIN, 2));
	see("twice", 9, 0);
	close(fd);
	see("a copy is open", 9, 0);
	SHOW(control(EPOLL_CTL_DEL, fd, 0, 0));
	other = eventfd(0, 0);
	SHOW(other == fd);
	SHOW(control(EPOLL_CTL_ADD, other, EPOLLIN, 3));
	see("and a new one in its place", 9, 0);
	close(copy);
	see("the last copy closed", 9, 0);
	if (fork() == 0) {
		eventfd_write(other, 1);
		close(other);
		see("child", 9, 0);
		close(set);
		exit(0);
	}
	wait(NULL);
	see("parent", 9, 0);
	close(set);
	close(other);
}

static void many(void)
{
	int fds[50];
	struct epoll_event events[64];
	set = epoll_create1(0);
	for (int i = 0; i < 50; i++) {
		fds[i] = eventfd(0, 0);
		control(EPOLL_CTL_ADD, fds[i], EPOLLIN, i);
	}
	eventfd_write(fds[30], 1);
	eventfd_write(fds[3], 1);
	eventfd_write(fds[49], 1);
	eventfd_write(fds[30], 1);
	see("in order", 64, 0);
	for (int i = 0; i < 50; i++)
		eventfd_write(fds[i], 1);
	SHOW(epoll_wait(set, events, 64, 0));
	int seen = 0;
	for (int round = 0; round < 3; round++) {
		int count = epoll_wait(set, events, 20, 0);
		for (int i = 0; i < count; i++)
			seen += (int)events[i].data.u32;
		printf("%d\n", count);
	}
	SHOW(seen);
	for (int i = 0; i < 50; i++)
		close(fds[i]);
	see("all closed", 64, 0);
	close(set);
}

static void nested(void)
{
	int fd = eventfd(0, 0), inner = epoll_create1(0), outer = epoll_create1(0), chain[8];
	set = inner;
	control(EPOLL_CTL_ADD, fd, EPOLLIN, 1);
	set = outer;
	SHOW(control(EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLEXCLUSIVE, 2));
	SHOW(control(EPOLL_CTL_ADD, inner, EPOLLIN, 2));
	set = inner;
	SHOW(control(EPOLL_CTL_ADD, outer, EPOLLIN, 3));
	set = outer;
	see("quiet", 9, 0);
	eventfd_write(fd, 1);
	SHOW(look(inner));
	SHOW(look(outer));
	see("outer", 9, -1);
	set = inner;
	see("inner", 9, -1);
	eventfd_t value;
	eventfd_read(fd, &value);
	SHOW(look(outer));
	set = outer;
	see("quiet again", 9, 0);
	control(EPOLL_CTL_MOD, inner, EPOLLIN | EPOLLET, 4);
	eventfd_write(fd, 1);
	see("edge", 9, 0);
	see("no edge", 9, 0);
	eventfd_write(fd, 1);
	see("new edge", 9, 0);
	close(inner);
	see("inner closed", 9, 0);
	close(outer);

	for (int i = 0; i < 8; i++)
		chain[i] = epoll_create1(0);
	for (int i = 0; i < 7; i++) {
		set = chain[i + 1];
		printf("%d ", i);
		SHOW(control(EPOLL_CTL_ADD, chain[i], EPOLLIN, i));
	}
	set = chain[0];
	SHOW(control(EPOLL_CTL_ADD, chain[3], EPOLLIN, 0));
	SHOW(control(EPOLL_CTL_ADD, chain[1], EPOLLIN, 0));
	for (int i = 0; i < 8; i++)
		close(chain[i]);
	close(fd);
}

static int late_fd;

static void *late(void *unused)
{
	usleep(40000);
	eventfd_write(late_fd, 1);
	return unused;
}

static void nothing(int signal)
{
	(void)signal;
}

static void waiting(void)
{
	pthread_t thread;
	struct epoll_event event;
	sigset_t usr1, none;
	struct sigaction action = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	late_fd = eventfd(0, 0);
	set = epoll_create1(0);
	control(EPOLL_CTL_ADD, late_fd, EPOLLIN, 1);
	pthread_create(&thread, NULL, late, NULL);
	see("woken", 9, -1);
	pthread_join(thread, NULL);
	eventfd_t value;
	eventfd_read(late_fd, &value);

	/* Added while somebody waits. */
	int fd = eventfd(1, 0);
	if (fork() == 0) {
		usleep(40000);
		control(EPOLL_CTL_ADD, fd, EPOLLIN, 5);
		exit(0);
	}
	see("added meanwhile", 9, 5000);
	wait(NULL);
	control(EPOLL_CTL_DEL, fd, 0, 0);

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	ualarm(30000, 0);
	see("a signal", 9, -1);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	see("blocked", 9, 20);
	SHOW(epoll_pwait(set, &event, 1, -1, &none));
	sigset_t now, pending;
	sigprocmask(SIG_BLOCK, NULL, &now);
	SHOW(sigismember(&now, SIGUSR1));
	sigpending(&pending);
	SHOW(sigismember(&pending, SIGUSR1));
	raise(SIGUSR1);
	eventfd_write(late_fd, 1);
	SHOW(epoll_pwait(set, &event, 1, -1, &none));
	sigpending(&pending);
	SHOW(sigismember(&pending, SIGUSR1));
	SHOW(syscall(SYS_epoll_pwait, set, &event, 1, 0, &none, 7));
	SHOW(syscall(SYS_epoll_pwait, set, &event, 1, 0, 16, 8));
	SHOW(syscall(SYS_epoll_pwait, set, &event, 1, 0, NULL, 7));
	eventfd_read(late_fd, &value);
	int64_t time[2] = { 0, 20000000 };
	SHOW(syscall(SYS_epoll_pwait2, set, &event, 1, time, NULL, 0));
	time[1] = 1000000000;
	SHOW(syscall(SYS_epoll_pwait2, set, &event, 1, time, NULL, 0));
	SHOW(syscall(SYS_epoll_pwait2, set, &event, 1, 16, NULL, 0));
	eventfd_write(late_fd, 1);
	SHOW(syscall(SYS_epoll_pwait2, set, &event, 1, NULL, NULL, 0));
	close(fd);
	close(late_fd);
	close(set);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	errors();
	levels();
	edges();
	one_shot();
	closed();
	many();
	nested();
	waiting();
	return 0;
}
