/* Condition variables, barriers, read-write locks, spin locks, semaphores, once. */
#include "threads.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn, waiting, released;

/* ---- conditions ---- */

static void *take_turns(void *me)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 3 != (int)(long)me)
			pthread_cond_wait(&condition, &mutex);
		turn++;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *wait_release(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&mutex);
	waiting++;
	while (released == 0)
		pthread_cond_wait(&condition, &mutex);
	released--;
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void conditions(void)
{
	pthread_t threads[8];

	for (long i = 0; i < 3; i++)
		threads[i] = start(take_turns, (void *)i);
	for (int i = 0; i < 3; i++)
		finish(threads[i]);
	printf("turns %d\n", turn);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		threads[i] = start(wait_release, NULL);
	for (;;) {
		pthread_mutex_lock(&mutex);
		int all = waiting == COUNT_OF(threads);
		pthread_mutex_unlock(&mutex);
		if (all)
			break;
		sleep_ms(1);
	}
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		pthread_mutex_lock(&mutex);
		released++;
		pthread_cond_signal(&condition);
		pthread_mutex_unlock(&mutex);
	}
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		finish(threads[i]);
	printf("one by one: %d left\n", released);
}

static void condition_times(void)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC };
	pthread_condattr_t attributes;
	pthread_cond_t timed;

	for (size_t i = 0; i < COUNT_OF(clocks); i++) {
		struct timespec moment;

		pthread_condattr_init(&attributes);
		TELL(pthread_condattr_setclock(&attributes, clocks[i]));
		pthread_cond_init(&timed, &attributes);
		pthread_mutex_lock(&mutex);
		moment = in_ms(clocks[i], 30);
		TELL(pthread_cond_timedwait(&timed, &mutex, &moment));
		printf("not early: %d\n", is_past(clocks[i], &moment));
		TELL(pthread_cond_timedwait(&timed, &mutex, &moment));
		moment.tv_nsec = -1;
		TELL(pthread_cond_timedwait(&timed, &mutex, &moment));
		pthread_mutex_unlock(&mutex);
		TELL(pthread_cond_destroy(&timed));
	}
	TELL(pthread_condattr_setclock(&attributes, CLOCK_PROCESS_CPUTIME_ID));
}

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	pthread_barrier_t barrier;
	pthread_rwlock_t rwlock;
	sem_t semaphore;
	volatile int value, count;
};

static void between_processes(void)
{
	struct shared *shared = shared_memory(sizeof(*shared));
	pthread_mutexattr_t mutex_attributes;
	pthread_condattr_t condition_attributes;
	pthread_barrierattr_t barrier_attributes;
	pthread_rwlockattr_t rwlock_attributes;
	pid_t child;

	pthread_mutexattr_init(&mutex_attributes);
	pthread_mutexattr_setpshared(&mutex_attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &mutex_attributes);
	pthread_condattr_init(&condition_attributes);
	pthread_condattr_setpshared(&condition_attributes, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->condition, &condition_attributes);
	pthread_barrierattr_init(&barrier_attributes);
	pthread_barrierattr_setpshared(&barrier_attributes, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &barrier_attributes, 2);
	pthread_rwlockattr_init(&rwlock_attributes);
	pthread_rwlockattr_setpshared(&rwlock_attributes, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&shared->rwlock, &rwlock_attributes);
	TELL_ERRNO(sem_init(&shared->semaphore, 1, 0));
	child = split();
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&shared->mutex);
		while (shared->value % 2 != (child == 0))
			pthread_cond_wait(&shared->condition, &shared->mutex);
		shared->value++;
		pthread_cond_signal(&shared->condition);
		pthread_mutex_unlock(&shared->mutex);
		pthread_barrier_wait(&shared->barrier);
		pthread_rwlock_wrlock(&shared->rwlock);
		shared->count++;
		pthread_rwlock_unlock(&shared->rwlock);
		if (child == 0)
			sem_post(&shared->semaphore);
		else
			sem_wait(&shared->semaphore);
	}
	if (child == 0)
		leave(0);
	reap("child", child);
	printf("between processes: turns %d, count %d\n", shared->value, shared->count);
	munmap(shared, sizeof(*shared));
}

/* ---- barriers ---- */

static pthread_barrier_t barrier;
static int serial, arrived, before_all;
static pthread_spinlock_t spin;

static void *meet(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++) {
		pthread_spin_lock(&spin);
		arrived++;
		pthread_spin_unlock(&spin);
		int result = pthread_barrier_wait(&barrier);

		pthread_spin_lock(&spin);
		serial += result == PTHREAD_BARRIER_SERIAL_THREAD;
		before_all += arrived < 5 * (i + 1);
		pthread_spin_unlock(&spin);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void barriers(void)
{
	pthread_t threads[5];

	TELL(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE));
	TELL(pthread_barrier_init(&barrier, NULL, 0));
	TELL(pthread_barrier_init(&barrier, NULL, COUNT_OF(threads)));
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		threads[i] = start(meet, NULL);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		finish(threads[i]);
	printf("met %d, serial %d, early %d\n", arrived, serial, before_all);
	TELL(pthread_barrier_destroy(&barrier));
	TELL(pthread_spin_lock(&spin));
	TELL(pthread_spin_trylock(&spin));
	TELL(pthread_spin_unlock(&spin));
	TELL(pthread_spin_trylock(&spin));
	TELL(pthread_spin_unlock(&spin));
	TELL(pthread_spin_destroy(&spin));
}

/* ---- read-write locks ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int pair[2], torn;

static void *read_pairs(void *unused)
{
	(void)unused;
	for (int i = 0; i < 300; i++) {
		pthread_rwlock_rdlock(&rwlock);
		int first = pair[0];

		if (i % 32 == 0)
			sched_yield();
		if (first != pair[1])
			torn++;
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}

static void *write_pairs(void *unused)
{
	(void)unused;
	for (int i = 0; i < 300; i++) {
		pthread_rwlock_wrlock(&rwlock);
		pair[0]++;
		if (i % 32 == 0)
			sched_yield();
		pair[1]++;
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}

static void *try_read(void *unused)
{
	int error = pthread_rwlock_tryrdlock(&rwlock);

	(void)unused;
	if (!error)
		pthread_rwlock_unlock(&rwlock);
	return (void *)(long)error;
}

static void *try_write(void *unused)
{
	int error = pthread_rwlock_trywrlock(&rwlock);

	(void)unused;
	if (!error)
		pthread_rwlock_unlock(&rwlock);
	return (void *)(long)error;
}

static void *timed_write(void *unused)
{
	struct timespec moment = in_ms(CLOCK_REALTIME, 30);

	(void)unused;
	return (void *)(long)pthread_rwlock_timedwrlock(&rwlock, &moment);
}

static void readers_and_writers(void)
{
	pthread_t threads[6];

	for (size_t i = 0; i < COUNT_OF(threads); i++)
		threads[i] = start(i % 3 ? read_pairs : write_pairs, NULL);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		finish(threads[i]);
	printf("pairs %d %d, torn %d\n", pair[0], pair[1], torn);
	pthread_rwlock_rdlock(&rwlock);
	printf("held for reading: read %s,", name_of((int)finish(start(try_read, NULL))));
	printf(" write %s,", name_of((int)finish(start(try_write, NULL))));
	printf(" 30 ms %s\n", name_of((int)finish(start(timed_write, NULL))));
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_wrlock(&rwlock);
	printf("held for writing: read %s,", name_of((int)finish(start(try_read, NULL))));
	printf(" write %s,", name_of((int)finish(start(try_write, NULL))));
	printf(" 30 ms %s\n", name_of((int)finish(start(timed_write, NULL))));
	TELL(pthread_rwlock_unlock(&rwlock));
	TELL(pthread_rwlock_destroy(&rwlock));
}

/* ---- semaphores ---- */

static sem_t items, room;
static int ring[4], sum;

static void *produce(void *unused)
{
	(void)unused;
	for (int i = 0; i < 500; i++) {
		sem_wait(&room);
		ring[i % 4] = i;
		sem_post(&items);
	}
	return NULL;
}

static void *consume(void *unused)
{
	(void)unused;
	for (int i = 0; i < 500; i++) {
		sem_wait(&items);
		sum += ring[i % 4];
		sem_post(&room);
	}
	return NULL;
}

static void semaphores(void)
{
	struct timespec moment;
	pthread_t threads[2];
	int value;

	TELL_ERRNO(sem_init(&items, 0, 0));
	TELL_ERRNO(sem_init(&room, 0, 4));
	threads[0] = start(produce, NULL);
	threads[1] = start(consume, NULL);
	finish(threads[0]);
	finish(threads[1]);
	sem_getvalue(&room, &value);
	printf("sum %d, room %d\n", sum, value);
	TELL_ERRNO(sem_trywait(&items));
	moment = in_ms(CLOCK_REALTIME, 30);
	TELL_ERRNO(sem_timedwait(&items, &moment));
	printf("not early: %d\n", is_past(CLOCK_REALTIME, &moment));
	moment.tv_nsec = 1000000000;
	TELL_ERRNO(sem_timedwait(&items, &moment));
	TELL_ERRNO(sem_init(&room, 0, (unsigned)INT_MAX + 1));
	TELL_ERRNO(sem_init(&room, 0, INT_MAX));
	TELL_ERRNO(sem_post(&room));
	TELL_ERRNO(sem_destroy(&items));
}

static int once_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void only_once(void)
{
	sleep_ms(20);
	once_count++;
}

static void *call_once(void *unused)
{
	(void)unused;
	pthread_once(&once, only_once);
	return (void *)(long)once_count;
}

static void one_time(void)
{
	pthread_t threads[6];
	long seen = 0;

	for (size_t i = 0; i < COUNT_OF(threads); i++)
		threads[i] = start(call_once, NULL);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		seen += finish(threads[i]);
	printf("once: %d, seen %ld\n", once_count, seen);
}

int main(void)
{
	conditions();
	condition_times();
	barriers();
	readers_and_writers();
	semaphores();
	one_time();
	between_processes();
	return 0;
}
