/* System calls that a signal cuts short: which start again, which end in EINTR, and when. */
#include "task.h"

#include <sys/time.h>
#include <poll.h>
#include <time.h>

static volatile sig_atomic_t runs;

static void handler(int signal)
{
	(void)signal;
	runs++;
}

static struct gate gate;

/* A child that signals us, and later does what the call waits for. */
static pid_t helper(int signal, int then)
{
	pid_t parent = getpid(), child = split();

	if (child == 0) {
		usleep(120000);
		kill(parent, signal);
		usleep(120000);
		if (then)
			gate_open(&gate);
		_exit(8);
	}
	return child;
}

static void try_read(const char *what, int signal)
{
	char byte;
	pid_t child = helper(signal, 1);

	errno = 0;
	runs = 0;
	long result = read(gate.fd[0], &byte, 1);
	printf("read, %s: %ld %s, handlers %d\n", what, result, result_name(result), runs);
	if (result < 0)
		gate_pass(&gate);
	while (waitpid(child, NULL, 0) < 0)
		;
}

static void try_wait(const char *what, int signal)
{
	pid_t child = helper(signal, 0);
	int status;

	errno = 0;
	runs = 0;
	pid_t result = waitpid(child, &status, 0);
	printf("waitpid, %s: %s, handlers %d\n", what, result_name(result), runs);
	while (result < 0)
		result = waitpid(child, &status, 0);
}

static void try_sleep(const char *what, int signal)
{
	struct timespec request = { 0, 100000000 }, left = { 9, 9 };
	pid_t child = helper(signal, 0);

	errno = 0;
	runs = 0;
	long result = nanosleep(&request, &left);
	printf("nanosleep, %s: %s, handlers %d", what, result_name(result), runs);
	if (result < 0)
		printf(", left %d",
		       left.tv_sec == 0 && left.tv_nsec > 10000000 && left.tv_nsec < 90000000);
	printf("\n");
	while (waitpid(child, NULL, 0) < 0)
		;
}

static void try_poll(const char *what, int signal)
{
	struct pollfd polled = { .fd = gate.fd[0], .events = POLLIN };
	pid_t child = helper(signal, 1);

	errno = 0;
	runs = 0;
	long result = poll(&polled, 1, 1000);
	printf("poll, %s: %ld %s, handlers %d\n", what, result, result_name(result), runs);
	gate_pass(&gate);
	while (waitpid(child, NULL, 0) < 0)
		;
}

static void try_all(const char *what, int signal)
{
	try_read(what, signal);
	try_wait(what, signal);
	try_sleep(what, signal);
	try_poll(what, signal);
}

/* A stop and SIGCONT in the middle. */
static void stopped(void)
{
	struct timespec request = { 0, 100000000 };
	pid_t child = split();
	int status;

	if (child == 0) {
		printf("nanosleep over a stop: %s\n", result_name(nanosleep(&request, NULL)));
		printf("read over a stop: ");
		char byte;
		long result = read(gate.fd[0], &byte, 1);
		printf("%ld\n", result);
		leave(5);
	}
	usleep(120000);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGCONT);
	usleep(600000);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	gate_open(&gate);
	kill(child, SIGCONT);
	reap("child", child);
}

int main(void)
{
	gate_make(&gate);
	handle(SIGUSR1, handler, 0);
	try_all("plain handler", SIGUSR1);
	handle(SIGUSR1, handler, SA_RESTART);
	try_all("SA_RESTART", SIGUSR1);
	handle(SIGUSR1, SIG_IGN, 0);
	try_all("ignored", SIGUSR1);
	try_all("default, ignored", SIGWINCH);
	handle(SIGUSR1, handler, SA_RESTART);
	pid_t child = helper(SIGUSR1, 0);
	runs = 0;
	printf("pause: %s, handlers %d\n", result_name(pause()), runs);
	waitpid(child, NULL, 0);
	stopped();
	return 0;
}
