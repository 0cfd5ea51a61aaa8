/* Threads of the C library: creation, joining, locks, signals, and how they end together. */
#include "task.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter, turn;
static __thread int own;
static char program[4096];

static void *count(void *argument)
{
	own = (int)(long)argument;
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(&mutex);
	}
	return (void *)(long)(own * 10);
}

static void *ping(void *argument)
{
	int me = (int)(long)argument;

	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 2 != me)
			pthread_cond_wait(&condition, &mutex);
		turn++;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *sleep_long(void *argument)
{
	(void)argument;
	sleep(100);
	return NULL;
}

static volatile pthread_t handled_by;

static void handler(int signal)
{
	(void)signal;
	handled_by = pthread_self();
}

static void *wait_for_signal(void *argument)
{
	(void)argument;
	while (!handled_by)
		usleep(1000);
	return (void *)(long)(handled_by == pthread_self());
}

static void *fork_here(void *argument)
{
	(void)argument;
	pid_t child = split();

	if (child == 0)
		_exit(getpid() == gettid() ? 21 : 22);
	reap("fork in a thread", child);
	return NULL;
}

static void in_child(const char *what, void *(*run)(void *), int how)
{
	pid_t child = split();
	pthread_t thread;

	if (child == 0) {
		for (int i = 0; i < 3; i++)
			pthread_create(&thread, NULL, sleep_long, NULL);
		if (run)
			pthread_create(&thread, NULL, run, NULL);
		usleep(80000);
		if (how == 1)
			exit(4);
		if (how == 2)
			kill(getpid(), SIGTERM);
		if (how == 3)
			execl("/no/such/program", "x", NULL), execl(program, "x", "after", NULL);
		if (how == 4)
			pthread_exit(NULL);
		pause();
		pause();
		_exit(99);
	}
	reap(what, child);
}

static void *exit_group(void *argument)
{
	(void)argument;
	usleep(160000);
	exit(5);
}

static void *exec_here(void *argument)
{
	(void)argument;
	usleep(160000);
	execl(program, "x", "after", NULL);
	return NULL;
}

static void *crash(void *argument)
{
	(void)argument;
	usleep(160000);
	*(volatile int *)16 = 1;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[8];
	void *result;
	long sum = 0;

	(void)argv;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		return 1;
	if (argc > 1)
		return getpid() == gettid() ? 6 : 7;
	for (long i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, count, (void *)i);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	printf("counted %d, results %ld, mine %d\n", counter, sum, own);
	for (long i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, ping, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("turns %d\n", turn);
	handle(SIGUSR1, handler, 0);
	pthread_create(&threads[0], NULL, wait_for_signal, NULL);
	pthread_kill(threads[0], SIGUSR1);
	pthread_join(threads[0], &result);
	printf("handled by the thread it was sent to: %ld\n", (long)result);
	handled_by = 0;
	pthread_create(&threads[0], NULL, wait_for_signal, NULL);
	mask(SIG_BLOCK, SIGUSR1);
	kill(getpid(), SIGUSR1);
	pthread_join(threads[0], &result);
	printf("to the process: by the one that does not block it: %ld\n", (long)result);
	pthread_create(&threads[0], NULL, fork_here, NULL);
	pthread_join(threads[0], NULL);
	in_child("exit", NULL, 1);
	in_child("a signal", NULL, 2);
	in_child("exec", NULL, 3);
	in_child("exit in a thread", exit_group, 0);
	in_child("exit in a thread, the first one gone", exit_group, 4);
	in_child("exec in a thread", exec_here, 0);
	in_child("exec in a thread, the first one gone", exec_here, 4);
	in_child("a fault in a thread", crash, 0);
	return 0;
}
