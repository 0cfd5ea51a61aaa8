/* Cancellation: where it strikes, what it runs, and what it leaves alone. */
#include "threads.h"

#include <poll.h>
#include <sys/socket.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t never;
static int nobody[2];
static volatile int ready, cleaned, went_on;
static char order[64];

static void clean(void *by)
{
	size_t length = strlen(order);

	cleaned += (int)(long)by;
	order[length] = (char)('a' + (long)by);
	order[length + 1] = '\0';
}

static void unlock(void *held)
{
	cleaned++;
	pthread_mutex_unlock(held);
}

/* Each waits for what never comes. */
static void in_read(void)
{
	char byte;

	if (read(nobody[0], &byte, 1) == 1)
		went_on++;
}

static void in_sleep(void)
{
	sleep(100);
}

static void in_nanosleep(void)
{
	struct timespec time = { 100, 0 };

	nanosleep(&time, NULL);
}

static void in_pause(void)
{
	pause();
}

static void in_poll(void)
{
	struct pollfd fd = { nobody[0], POLLIN, 0 };

	poll(&fd, 1, -1);
}

static void in_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(nobody[0], &set);
	select(nobody[0] + 1, &set, NULL, NULL, NULL);
}

static void in_condition(void)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	for (;;)
		pthread_cond_wait(&condition, &mutex);
	pthread_cleanup_pop(1);
}

static void in_timed_condition(void)
{
	struct timespec moment = in_ms(CLOCK_REALTIME, 100000);

	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	for (;;)
		pthread_cond_timedwait(&condition, &mutex, &moment);
	pthread_cleanup_pop(1);
}

static void in_semaphore(void)
{
	while (sem_wait(&never) != 0)
		;
}

static void *sleeper(void *unused)
{
	sleep_ms(300);
	return unused;
}

static void in_join(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sleeper, NULL);
	pthread_join(thread, NULL);
}

static void in_waitpid(void)
{
	pid_t child = fork();

	if (child == 0) {
		sleep_ms(300);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void in_sigwait(void)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigwait(&set, &signal);
}

static void in_testcancel(void)
{
	for (;;) {
		sched_yield();
		pthread_testcancel();
	}
}

static void *wait_somewhere(void *where)
{
	void (*place)(void) = (void (*)(void))where;

	pthread_cleanup_push(clean, (void *)1l);
	pthread_cleanup_push(clean, (void *)2l);
	ready = 1;
	place();
	went_on++;
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel_in(const char *what, void (*place)(void))
{
	pthread_t thread;
	void *result = NULL;

	ready = cleaned = 0;
	order[0] = '\0';
	thread = start(wait_somewhere, (void *)place);
	await(&ready, 1);
	sleep_ms(10);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("%s: cancelled %d, cleaned %d %s\n", what, result == PTHREAD_CANCELED, cleaned,
	       order);
}

#define CANCEL_IN(place) cancel_in(#place, place)

/* A request that is already there strikes at the first point. */
static void *cancel_self(void *unused)
{
	(void)unused;
	pthread_cancel(pthread_self());
	went_on++;
	pthread_testcancel();
	went_on += 100;
	return NULL;
}

static void *disabled(void *unused)
{
	int old;

	(void)unused;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	ready = 1;
	sleep_ms(50);
	pthread_testcancel();
	went_on++;
	pthread_setcancelstate(old, NULL);
	ready = 2;
	pthread_testcancel();
	went_on += 100;
	return NULL;
}

__attribute__((unused)) static void *asynchronous(void *unused)
{
	int old;

	(void)unused;
	pthread_cleanup_push(clean, (void *)3l);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	printf("was deferred: %d\n", old == PTHREAD_CANCEL_DEFERRED);
	fflush(stdout);
	ready = 1;
	while (ready)
		__asm__ volatile("" : : : "memory");
	pthread_cleanup_pop(0);
	return NULL;
}

static void *deferred(void *unused)
{
	(void)unused;
	ready = 1;
	while (ready == 1)
		__asm__ volatile("" : : : "memory");
	went_on++;
	return (void *)5l;
}

static void *locks_again(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return (void *)6l;
}

static void states(void)
{
	pthread_t thread;
	void *result = NULL;

	went_on = 0;
	result = (void *)finish(start(cancel_self, NULL));
	printf("itself: cancelled %d, went on %d\n", result == PTHREAD_CANCELED, went_on);
	ready = went_on = 0;
	thread = start(disabled, NULL);
	await(&ready, 1);
	pthread_cancel(thread);
	result = (void *)finish(thread);
	printf("disabled: cancelled %d, went on %d, enabled again %d\n", result == PTHREAD_CANCELED,
	       went_on, ready == 2);
#ifdef __GLIBC__ /* musl 1.2.3 does not live through this, on Linux either */
	ready = cleaned = 0;
	order[0] = '\0';
	thread = start(asynchronous, NULL);
	await(&ready, 1);
	pthread_cancel(thread);
	result = (void *)finish(thread);
	printf("asynchronous: cancelled %d, cleaned %d %s\n", result == PTHREAD_CANCELED, cleaned,
	       order);
#endif
	ready = went_on = 0;
	thread = start(deferred, NULL);
	await(&ready, 1);
	pthread_cancel(thread);
	sleep_ms(20);
	ready = 2;
	printf("deferred, no point reached: %ld, went on %d\n", finish(thread), went_on);
	printf("the mutex is free: %ld\n", finish(start(locks_again, NULL)));
}

static void *exits(void *unused)
{
	(void)unused;
	pthread_cleanup_push(clean, (void *)4l);
	pthread_cleanup_push(clean, (void *)5l);
	pthread_cleanup_pop(1);
	pthread_exit((void *)8l);
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (pipe(nobody) || sem_init(&never, 0, 0))
		return 1;
	CANCEL_IN(in_read);
	CANCEL_IN(in_sleep);
	CANCEL_IN(in_nanosleep);
	CANCEL_IN(in_pause);
	CANCEL_IN(in_poll);
	CANCEL_IN(in_select);
	CANCEL_IN(in_condition);
	CANCEL_IN(in_timed_condition);
	CANCEL_IN(in_semaphore);
	CANCEL_IN(in_join);
	CANCEL_IN(in_waitpid);
	CANCEL_IN(in_sigwait);
	CANCEL_IN(in_testcancel);
	printf("went on %d\n", went_on);
	states();
	cleaned = 0;
	order[0] = '\0';
	printf("pthread_exit: %ld, ", finish(start(exits, NULL)));
	printf("cleaned %d %s\n", cleaned, order);
	return 0;
}
