/* Who is woken when several wait: each with an epoll of its own, exclusive or not; or in one epoll. */
#include "files.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define WAITERS 4

/* Children that wait, each in an epoll of its own or all in `shared`: how many were woken. */
static int woken(int fd, uint32_t events, int shared)
{
	int ready[2], woken = 0;
	char byte;
	pipe(ready);
	for (int i = 0; i < WAITERS; i++) {
		if (fork() > 0)
			continue;
		struct epoll_event event = { .events = events };
		int set = shared >= 0 ? shared : epoll_create1(0);
		if (shared < 0)
			epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
		write(ready[1], "", 1);
		_exit(epoll_wait(set, &event, 1, 400));
	}
	for (int i = 0; i < WAITERS; i++)
		read(ready[0], &byte, 1);
	usleep(100000);
	eventfd_write(fd, 1);
	for (int i = 0; i < WAITERS; i++) {
		int status;
		wait(&status);
		woken += WEXITSTATUS(status);
	}
	close(ready[0]);
	close(ready[1]);
	eventfd_t value;
	eventfd_read(fd, &value);
	return woken;
}

static int in_one(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int set = epoll_create1(0), count;
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	count = woken(fd, events, set);
	close(set);
	return count;
}

int main(void)
{
	int fd = eventfd(0, 0);
	setvbuf(stdout, NULL, _IONBF, 0);
	SHOW(woken(fd, EPOLLIN, -1));
	SHOW(woken(fd, EPOLLIN | EPOLLET, -1));
	SHOW(woken(fd, EPOLLIN | EPOLLEXCLUSIVE, -1));
	SHOW(woken(fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLET, -1));
	SHOW(woken(fd, EPOLLOUT | EPOLLEXCLUSIVE, -1));
	SHOW(in_one(fd, EPOLLIN));
	SHOW(in_one(fd, EPOLLIN | EPOLLET));
	SHOW(in_one(fd, EPOLLIN | EPOLLONESHOT));
	return 0;
}
