/* Signals and threads: who gets them, masks, alternate stacks, waiting for them, timers. */
#include "threads.h"

#include <sys/time.h>

static volatile int handled, wrong_thread, ready, wrong_stack;
static volatile pthread_t expected;
static char *low, *high;

static void handler(int signal)
{
	(void)signal;
	wrong_thread += !pthread_equal(pthread_self(), expected);
	handled++;
}

static void on(int signal, void (*what)(int), int flags)
{
	struct sigaction action = { .sa_handler = what, .sa_flags = flags };

	sigaction(signal, &action, NULL);
}

static sigset_t set_of(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return set;
}

static void block(int how, int signal)
{
	sigset_t set = set_of(signal);

	pthread_sigmask(how, &set, NULL);
}

static void *wait_handled(void *unused)
{
	ready = 1;
	while (!handled)
		sleep_ms(1);
	return unused;
}

static void *blocked_too(void *unused)
{
	sigset_t set;

	(void)unused;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	return (void *)(long)(sigismember(&set, SIGUSR1) * 2 + sigismember(&set, SIGUSR2));
}

static void directed(void)
{
	pthread_t thread;

	on(SIGUSR1, handler, 0);
	ready = handled = wrong_thread = 0;
	thread = start(wait_handled, NULL);
	expected = thread;
	await(&ready, 1);
	TELL(pthread_kill(thread, SIGUSR1));
	finish(thread);
	printf("to a thread: handled %d, by another %d\n", handled, wrong_thread);
	expected = pthread_self();
	handled = 0;
	TELL(pthread_kill(pthread_self(), 0));
	TELL(pthread_kill(pthread_self(), 65));
	TELL(raise(SIGUSR1));
	printf("raised: handled %d at once\n", handled);
	block(SIG_BLOCK, SIGUSR1);
	printf("a mask is inherited: %ld\n", finish(start(blocked_too, NULL)));
	block(SIG_UNBLOCK, SIGUSR1);
	ready = handled = wrong_thread = 0;
	thread = start(wait_handled, NULL);
	expected = thread;
	await(&ready, 1);
	block(SIG_BLOCK, SIGUSR1);
	kill(getpid(), SIGUSR1);
	finish(thread);
	block(SIG_UNBLOCK, SIGUSR1);
	printf("to the process: handled %d, by one that blocks it %d\n", handled, wrong_thread);
}

/* ---- waiting for them ---- */

static volatile int taken;

static void *wait_for(void *count)
{
	sigset_t set = set_of(SIGUSR2);
	long sum = 0;
	siginfo_t info;

	for (long i = 0; i < (long)count; i++)
		if (sigwaitinfo(&set, &info) == SIGUSR2) {
			sum += info.si_value.sival_int * (info.si_code == SI_QUEUE);
			taken++;
		}
	return (void *)sum;
}

static void waiting(void)
{
	struct timespec short_time = { 0, 20000000 };
	sigset_t set = set_of(SIGUSR2), pending;
	pthread_t thread;
	int signal = 0;

	block(SIG_BLOCK, SIGUSR2);
	thread = start(wait_for, (void *)3l);
	for (int i = 1; i <= 3; i++) {
		/* One after the other: they do not queue. */
		sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = i * 10 });
		await(&taken, i);
	}
	printf("waited for: %ld\n", finish(thread));
	TELL_ERRNO(sigtimedwait(&set, NULL, &short_time) < 0 ? -1 : 0);
	pthread_kill(pthread_self(), SIGUSR2);
	sigpending(&pending);
	printf("pending %d\n", sigismember(&pending, SIGUSR2));
	TELL(sigwait(&set, &signal));
	sigpending(&pending);
	printf("signal %d, pending %d\n", signal == SIGUSR2, sigismember(&pending, SIGUSR2));
}

/* ---- alternate stacks ---- */

static void on_other_stack(int signal)
{
	volatile char here;

	(void)signal;
	wrong_stack += (char *)&here < low || (char *)&here >= high;
	handled++;
}

static void *with_stack(void *unused)
{
	stack_t stack = { .ss_size = 65536 }, old;

	(void)unused;
	sigaltstack(NULL, &old);
	stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	low = stack.ss_sp;
	high = low + stack.ss_size;
	sigaltstack(&stack, NULL);
	raise(SIGUSR1);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	munmap(low, 65536);
	return (void *)(long)(old.ss_flags == SS_DISABLE);
}

static void alternate(void)
{
	static char here[65536];
	stack_t stack = { .ss_sp = here, .ss_size = sizeof(here) };

	on(SIGUSR1, on_other_stack, SA_ONSTACK);
	handled = 0;
	sigaltstack(&stack, NULL);
	printf("not inherited: %ld\n", finish(start(with_stack, NULL)));
	low = here;
	high = here + sizeof(here);
	raise(SIGUSR1);
	printf("alternate stacks: handled %d, elsewhere %d\n", handled, wrong_stack);
}

/* ---- faults and timers ---- */

static volatile pthread_t faulted;
static char *protected_page;

static void fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	faulted = pthread_self();
	handled += signal == SIGSEGV && info->si_addr == protected_page + 5;
	mprotect(protected_page, 4096, PROT_READ | PROT_WRITE);
}

static void *touch(void *unused)
{
	(void)unused;
	protected_page[5] = 1;
	return (void *)(long)pthread_equal(faulted, pthread_self());
}

static void faults(void)
{
	struct sigaction action = { .sa_sigaction = fault, .sa_flags = SA_SIGINFO };

	protected_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &action, NULL);
	handled = 0;
	printf("by the thread itself: %d", finish(start(touch, NULL)) != 0);
	printf(", handled %d\n", handled);
}

static volatile int ticks;

static void tick(int signal)
{
	(void)signal;
	__sync_fetch_and_add(&ticks, 1);
}

static void *compute(void *unused)
{
	while (ticks < 20)
		__asm__ volatile("" : : : "memory");
	return unused;
}

static void *condense(void *shared)
{
	pthread_mutex_t *mutex = shared;

	while (ticks < 20) {
		pthread_mutex_lock(mutex);
		sched_yield();
		pthread_mutex_unlock(mutex);
	}
	return NULL;
}

static void storm(void)
{
	struct itimerval timer = { { 0, 5000 }, { 0, 5000 } };
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[4];

	on(SIGALRM, tick, SA_RESTART);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		threads[i] = start(i % 2 ? compute : condense, &mutex);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		finish(threads[i]);
	memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
	printf("ticks came: %d\n", ticks >= 20);
}

int main(void)
{
	directed();
	waiting();
	alternate();
	faults();
	storm();
	return 0;
}
