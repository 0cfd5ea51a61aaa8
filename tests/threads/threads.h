/*
 * What the programs about threads have in common. They are compiled against three C libraries, so
 * that only what all of them have is used.
 */
#ifndef THREADS_H
#define THREADS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The name of an errno value: pthread functions return it. */
__attribute__((unused)) static const char *name_of(int error)
{
	switch (error) {
	case 0:
		return "ok";
	case EPERM:
		return "EPERM";
	case ESRCH:
		return "ESRCH";
	case EINTR:
		return "EINTR";
	case EAGAIN:
		return "EAGAIN";
	case ENOMEM:
		return "ENOMEM";
	case EBUSY:
		return "EBUSY";
	case EEXIST:
		return "EEXIST";
	case ENOENT:
		return "ENOENT";
	case EINVAL:
		return "EINVAL";
	case EDEADLK:
		return "EDEADLK";
	case ENOSYS:
		return "ENOSYS";
	case ENOTSUP:
		return "ENOTSUP";
	case EOVERFLOW:
		return "EOVERFLOW";
	case ETIMEDOUT:
		return "ETIMEDOUT";
	case EOWNERDEAD:
		return "EOWNERDEAD";
	case ENOTRECOVERABLE:
		return "ENOTRECOVERABLE";
	case ERANGE:
		return "ERANGE";
	default:
		return "another error";
	}
}

/* Prints a call and the error that it returned: TELL(pthread_join(thread, NULL)); */
#define TELL(call) \
	do { \
		int told_ = (call); \
		printf("%s: %s\n", #call, name_of(told_)); \
	} while (0)
/* The same for those that return -1 and set errno. */
#define TELL_ERRNO(call) \
	do { \
		int told_ = (call); \
		printf("%s: %s\n", #call, name_of(told_ < 0 ? errno : 0)); \
	} while (0)

__attribute__((unused)) static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, run, argument);

	if (error) {
		printf("no thread: %s\n", name_of(error));
		exit(99);
	}
	return thread;
}

__attribute__((unused)) static long finish(pthread_t thread)
{
	void *result = NULL;
	int error = pthread_join(thread, &result);

	if (error)
		printf("not joined: %s\n", name_of(error));
	return (long)result;
}

__attribute__((unused)) static void sleep_ms(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&time, &time) != 0 && errno == EINTR)
		;
}

/* A moment on a clock, ms from now. */
__attribute__((unused)) static struct timespec in_ms(clockid_t clock, int ms)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += ms % 1000 * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return time;
}

/* Has that moment come? */
__attribute__((unused)) static int is_past(clockid_t clock, const struct timespec *moment)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec > moment->tv_sec ||
	       (now.tv_sec == moment->tv_sec && now.tv_nsec >= moment->tv_nsec);
}

/* fork, with what was printed so far out of the way. */
__attribute__((unused)) static pid_t split(void)
{
	fflush(stdout);
	return fork();
}

__attribute__((unused)) static void reap(const char *what, pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child)
		printf("%s: not there\n", what);
	else if (WIFEXITED(status))
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
	else
		printf("%s: killed by %d\n", what, WTERMSIG(status));
	fflush(stdout);
}

__attribute__((unused, noreturn)) static void leave(int code)
{
	fflush(stdout);
	_exit(code);
}

/* Memory that children share. */
__attribute__((unused)) static void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Waits until a word that another thread or process writes has a value. */
__attribute__((unused)) static void await(const volatile int *word, int value)
{
	while (*word != value)
		sleep_ms(1);
}

#endif
