/*
 * What the programs about processes, signals and exec have in common.
 */
#ifndef TASK_H
#define TASK_H

#define _GNU_SOURCE
#include <sched.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* "ok" for 0 and above, else the error's name. */
__attribute__((unused)) static const char *result_name(long result)
{
	return result >= 0 ? "ok" : strerrorname_np(errno);
}

/* Prints what a call gave: TELL(setpgid(0, 1)); */
#define TELL(call) \
	do { \
		errno = 0; \
		long told_ = (call); \
		printf("%s: %s\n", #call, result_name(told_)); \
	} while (0)

/* How a child ended or what it does, in words. */
__attribute__((unused)) static const char *status_text(int status)
{
	static char text[64];

	if (WIFEXITED(status))
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "killed by SIG%s%s", sigabbrev_np(WTERMSIG(status)),
			 WCOREDUMP(status) ? ", core" : "");
	else if (WIFSTOPPED(status))
		snprintf(text, sizeof(text), "stopped by SIG%s", sigabbrev_np(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		snprintf(text, sizeof(text), "continued");
	else
		snprintf(text, sizeof(text), "status %x", status);
	return text;
}

/* fork, with what was printed so far out of the way. */
__attribute__((unused)) static pid_t split(void)
{
	fflush(stdout);
	return fork();
}

/* Waits for a child and prints its end. */
__attribute__((unused)) static void reap(const char *what, pid_t child)
{
	int status = 0;
	pid_t pid = waitpid(child, &status, 0);

	if (pid == child)
		printf("%s: %s\n", what, status_text(status));
	else
		printf("%s: %s\n", what, result_name(pid));
	fflush(stdout);
}

/* Ends a child whose stdio must reach the output. */
__attribute__((unused, noreturn)) static void leave(int code)
{
	fflush(stdout);
	_exit(code);
}

__attribute__((unused)) static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(signal, &action, NULL);
}

__attribute__((unused)) static sigset_t set_of(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	if (signal)
		sigaddset(&set, signal);
	return set;
}

__attribute__((unused)) static void mask(int how, int signal)
{
	sigset_t set = set_of(signal);

	sigprocmask(how, &set, NULL);
}

/* A byte through a pipe: for one process to wait for another. */
struct gate {
	int fd[2];
};
__attribute__((unused)) static void gate_make(struct gate *gate)
{
	if (pipe(gate->fd) != 0)
		abort();
}
__attribute__((unused)) static void gate_open(struct gate *gate)
{
	if (write(gate->fd[1], "", 1) != 1)
		abort();
}
__attribute__((unused)) static void gate_pass(struct gate *gate)
{
	char byte;

	while (read(gate->fd[0], &byte, 1) != 1)
		;
}

/* Memory that children share. */
__attribute__((unused)) static void *shared_page(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

#endif
