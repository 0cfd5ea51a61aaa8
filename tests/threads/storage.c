/* What each thread has of its own: __thread variables, keys with destructors, errno, a stack. */
#include "threads.h"

static __thread int zero, given = 42;
static __thread char large[5000] = "large";
static __thread __attribute__((aligned(64))) char aligned[64];
static pthread_key_t keys[4];
static int destroyed[4], rounds;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void destroy(void *value)
{
	int *slot = value;

	pthread_mutex_lock(&mutex);
	++*slot;
	pthread_mutex_unlock(&mutex);
}

static void set_again(void *value)
{
	pthread_mutex_lock(&mutex);
	rounds++;
	pthread_mutex_unlock(&mutex);
	if (rounds < 3)
		pthread_setspecific(keys[3], value);
}

static void *look(void *number)
{
	int wrong = zero != 0 || given != 42 || strcmp(large, "large") != 0;

	wrong += (uintptr_t)aligned % 64 != 0;
	zero = given = (int)(long)number;
	large[4999] = (char)zero;
	memset(aligned, zero, sizeof(aligned));
	errno = 1000 + zero;
	for (int i = 0; i < 20; i++) {
		sched_yield();
		wrong += zero != (int)(long)number || given != zero || large[4999] != (char)zero ||
			 aligned[63] != zero || errno != 1000 + zero;
	}
	for (int i = 0; i < 3; i++) {
		wrong += pthread_getspecific(keys[i]) != NULL;
		pthread_setspecific(keys[i], i < 2 ? &destroyed[i] : NULL);
	}
	return (void *)(long)wrong;
}

static void *with_rounds(void *unused)
{
	(void)unused;
	pthread_setspecific(keys[3], &rounds);
	pthread_exit((void *)7l);
}

static void thread_variables(void)
{
	pthread_t threads[10];
	long wrong = 0;

	for (int i = 0; i < 3; i++)
		TELL(pthread_key_create(&keys[i], destroy));
	TELL(pthread_key_create(&keys[3], set_again));
	for (long i = 0; i < 10; i++)
		threads[i] = start(look, (void *)i);
	for (int i = 0; i < 10; i++)
		wrong += finish(threads[i]);
	printf("wrong %ld, here %d %d %s, destroyed %d %d %d\n", wrong, zero, given, large,
	       destroyed[0], destroyed[1], destroyed[2]);
	wrong = finish(start(with_rounds, NULL));
	printf("ended with %ld, rounds %d\n", wrong, rounds);
	for (int i = 0; i < 3; i++)
		TELL(pthread_key_delete(keys[i]));
}

static void many_keys(void)
{
	static pthread_key_t many[PTHREAD_KEYS_MAX + 1];
	int made = 0, error = 0, wrong = 0;

	while (made <= PTHREAD_KEYS_MAX && !(error = pthread_key_create(&many[made], NULL)))
		made++;
	printf("then %s\n", name_of(error));
	for (int i = 0; i < made; i++)
		wrong += pthread_setspecific(many[i], &many[i]) != 0;
	for (int i = 0; i < made; i++)
		wrong += pthread_getspecific(many[i]) != &many[i];
	for (int i = 0; i < made; i++)
		wrong += pthread_key_delete(many[i]) != 0;
	printf("at least 100: %d, wrong %d\n", made >= 100, wrong);
}

static void *on_stack(void *unused)
{
	volatile char here = 1;
	pthread_attr_t attributes;
	size_t size, guard;
	void *at;

	(void)unused;
	if (pthread_getattr_np(pthread_self(), &attributes))
		return NULL;
	pthread_attr_getstack(&attributes, &at, &size);
	pthread_attr_getguardsize(&attributes, &guard);
	printf("inside %d, size %zu, guard %zu\n",
	       (char *)&here >= (char *)at && (char *)&here < (char *)at + size, size, guard);
	pthread_attr_destroy(&attributes);
	return (void *)(long)here;
}

static void *use_stack(void *depth)
{
	volatile char block[4096];

	memset((void *)block, (int)(long)depth, sizeof(block));
	if ((long)depth > 0)
		return (void *)((long)use_stack((void *)((long)depth - 1)) + (block[100] != 0));
	return NULL;
}

static void *overflow(void *unused)
{
	volatile char block[4096];

	for (size_t i = 0; i < sizeof(block); i += 1024)
		block[i] = 1;
	return unused ? (char *)overflow((void *)block) + block[0] : NULL;
}

static void stacks(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *own = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	pthread_attr_init(&attributes);
	TELL(pthread_attr_setstacksize(&attributes, 100));
	TELL(pthread_attr_setstacksize(&attributes, 256 * 1024));
	TELL(pthread_attr_setguardsize(&attributes, 8192));
	TELL(pthread_create(&thread, &attributes, use_stack, (void *)40l));
	printf("used %ld\n", finish(thread));
	TELL(pthread_attr_setstack(&attributes, own, 1 << 20));
	TELL(pthread_create(&thread, &attributes, on_stack, NULL));
	finish(thread);
	child = split();
	if (child == 0) {
		finish(start(overflow, own));
		leave(1);
	}
	reap("overflow", child);
	munmap(own, 1 << 20);
}

int main(void)
{
	thread_variables();
	many_keys();
	stacks();
	return 0;
}
