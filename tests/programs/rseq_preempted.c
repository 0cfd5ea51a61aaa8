/*
 * A call that takes long lets others run meanwhile. Whoever has a restartable sequence registered, as the
 * C library does for each thread, does not see that: the call goes on, and a wait after it is no
 * interrupted one.
 */
#include "task.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/rseq.h>

#define SIZE (8 << 20)
#define TURNS 6

static char bytes[SIZE];

/* Others that always want to run. */
static void spin(pid_t *children, int count)
{
	for (int i = 0; i < count; i++) {
		children[i] = split();
		if (children[i] == 0)
			for (;;)
				;
	}
}

int main(void)
{
	int epoll = epoll_create1(0), whole = 0, waited = 0, polled = 0;
	struct epoll_event event;
	pid_t children[2];

	printf("registered: %d\n", __rseq_size > 0);
	spin(children, 2);
	for (int turn = 0; turn < TURNS; turn++) {
		whole += syscall(SYS_getrandom, bytes, SIZE, 0) == SIZE;
		waited += epoll_wait(epoll, &event, 1, 30) == 0;
		polled += poll(NULL, 0, 30) == 0;
	}
	printf("of %d: %d whole, %d waited, %d polled\n", TURNS, whole, waited, polled);
	for (int i = 0; i < 2; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	return 0;
}
