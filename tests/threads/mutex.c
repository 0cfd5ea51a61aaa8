/* Mutexes of every type: who may lock and unlock, what a thread or process that dies leaves. */
#include "threads.h"

static pthread_mutex_t mutex;
static int counter;

static void make(pthread_mutex_t *made, int type, int shared, int robust, int protocol)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	TELL(pthread_mutexattr_settype(&attributes, type));
	TELL(pthread_mutexattr_setpshared(&attributes, shared));
	TELL(pthread_mutexattr_setrobust(&attributes, robust));
	TELL(pthread_mutexattr_setprotocol(&attributes, protocol));
	TELL(pthread_mutex_init(made, &attributes));
	pthread_mutexattr_destroy(&attributes);
}

static void *try_lock(void *unused)
{
	int error = pthread_mutex_trylock(&mutex);

	(void)unused;
	if (!error)
		pthread_mutex_unlock(&mutex);
	return (void *)(long)error;
}

static void *unlock_foreign(void *unused)
{
	(void)unused;
	return (void *)(long)pthread_mutex_unlock(&mutex);
}

static void *lock_and_go(void *unused)
{
	(void)unused;
	return (void *)(long)pthread_mutex_lock(&mutex);
}

static void *count(void *times)
{
	for (long i = 0; i < (long)times; i++) {
		pthread_mutex_lock(&mutex);
		int seen = counter;
		if (i % 64 == 0)
			sched_yield();
		counter = seen + 1;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void contend(const char *what)
{
	pthread_t threads[6];

	counter = 0;
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		threads[i] = start(count, (void *)1000l);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		finish(threads[i]);
	printf("%s: counted %d\n", what, counter);
}

static void types(void)
{
	printf("-- normal\n");
	make(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED,
	     PTHREAD_PRIO_NONE);
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_trylock(&mutex));
	printf("another's try: %s\n", name_of((int)finish(start(try_lock, NULL))));
	TELL(pthread_mutex_unlock(&mutex));
	printf("another's try: %s\n", name_of((int)finish(start(try_lock, NULL))));
	contend("normal");
	TELL(pthread_mutex_destroy(&mutex));
	printf("-- recursive\n");
	make(&mutex, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED,
	     PTHREAD_PRIO_NONE);
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_trylock(&mutex));
	TELL(pthread_mutex_unlock(&mutex));
	TELL(pthread_mutex_unlock(&mutex));
	printf("another's try: %s\n", name_of((int)finish(start(try_lock, NULL))));
	printf("another's unlock: %s\n", name_of((int)finish(start(unlock_foreign, NULL))));
	TELL(pthread_mutex_unlock(&mutex));
	TELL(pthread_mutex_unlock(&mutex));
	contend("recursive");
	printf("-- errorcheck\n");
	make(&mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED,
	     PTHREAD_PRIO_NONE);
	TELL(pthread_mutex_unlock(&mutex));
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_lock(&mutex));
	printf("another's unlock: %s\n", name_of((int)finish(start(unlock_foreign, NULL))));
	TELL(pthread_mutex_unlock(&mutex));
	contend("errorcheck");
}

static void *timed(void *ms)
{
	struct timespec moment = in_ms(CLOCK_REALTIME, (int)(long)ms);
	int error = pthread_mutex_timedlock(&mutex, &moment);

	if (error == ETIMEDOUT && !is_past(CLOCK_REALTIME, &moment))
		printf("too early\n");
	if (!error)
		pthread_mutex_unlock(&mutex);
	return (void *)(long)error;
}

static void with_time(void)
{
	struct timespec wrong = in_ms(CLOCK_REALTIME, 0);
	pthread_t thread;

	printf("-- with time\n");
	make(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED,
	     PTHREAD_PRIO_NONE);
	pthread_mutex_lock(&mutex);
	printf("30 ms: %s\n", name_of((int)finish(start(timed, (void *)30l))));
	printf("no time: %s\n", name_of((int)finish(start(timed, (void *)0l))));
	wrong.tv_nsec = 1000000000;
	TELL(pthread_mutex_timedlock(&mutex, &wrong));
	thread = start(timed, (void *)5000l);
	sleep_ms(20);
	pthread_mutex_unlock(&mutex);
	printf("in time: %s\n", name_of((int)finish(thread)));
}

static void robust(void)
{
	printf("-- robust\n");
	make(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_ROBUST,
	     PTHREAD_PRIO_NONE);
	finish(start(lock_and_go, NULL));
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_consistent(&mutex));
	TELL(pthread_mutex_unlock(&mutex));
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_unlock(&mutex));
	finish(start(lock_and_go, NULL));
	TELL(pthread_mutex_trylock(&mutex));
	TELL(pthread_mutex_unlock(&mutex)); /* not made consistent */
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_trylock(&mutex));
	TELL(pthread_mutex_destroy(&mutex));
}

static void *robust_waiter(void *shared)
{
	return (void *)(long)pthread_mutex_lock(shared);
}

static void between_processes(int protocol)
{
	struct {
		pthread_mutex_t mutex;
		volatile int counter, locked;
	} *shared = shared_memory(sizeof(*shared));
	pid_t children[3];
	pthread_t thread;

	printf("-- between processes\n");
	make(&shared->mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST,
	     protocol);
	for (size_t i = 0; i < COUNT_OF(children); i++) {
		children[i] = split();
		if (children[i])
			continue;
		for (int j = 0; j < 500; j++) {
			pthread_mutex_lock(&shared->mutex);
			int seen = shared->counter;
			if (j % 50 == 0)
				sched_yield();
			shared->counter = seen + 1;
			pthread_mutex_unlock(&shared->mutex);
		}
		leave(0);
	}
	for (size_t i = 0; i < COUNT_OF(children); i++)
		reap("child", children[i]);
	printf("counted %d\n", shared->counter);
	children[0] = split();
	if (children[0] == 0) {
		pthread_mutex_lock(&shared->mutex);
		shared->locked = 1;
		pause();
		leave(1);
	}
	await(&shared->locked, 1);
	thread = start(robust_waiter, &shared->mutex);
	sleep_ms(30);
	kill(children[0], SIGKILL);
	reap("the owner", children[0]);
	printf("who waited: %s\n", name_of((int)finish(thread)));
	/* That thread has ended with it, too. */
	TELL(pthread_mutex_lock(&shared->mutex));
	TELL(pthread_mutex_consistent(&shared->mutex));
	TELL(pthread_mutex_unlock(&shared->mutex));
	munmap(shared, sizeof(*shared));
}

static void priority_inheritance(void)
{
	printf("-- priority inheritance\n");
	make(&mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED,
	     PTHREAD_PRIO_INHERIT);
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_lock(&mutex));
	printf("another's try: %s\n", name_of((int)finish(start(try_lock, NULL))));
	printf("30 ms: %s\n", name_of((int)finish(start(timed, (void *)30l))));
	TELL(pthread_mutex_unlock(&mutex));
	contend("priority inheritance");
	TELL(pthread_mutex_destroy(&mutex));
	make(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_ROBUST,
	     PTHREAD_PRIO_INHERIT);
	finish(start(lock_and_go, NULL));
	TELL(pthread_mutex_lock(&mutex));
	TELL(pthread_mutex_consistent(&mutex));
	TELL(pthread_mutex_unlock(&mutex));
	contend("robust too");
}

int main(void)
{
	types();
	with_time();
	robust();
	between_processes(PTHREAD_PRIO_NONE);
	priority_inheritance();
	between_processes(PTHREAD_PRIO_INHERIT);
	return 0;
}
