/* Threads come and go: results, detached ones, a thousand, fork, exec, the first one leaving. */
#include "threads.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int running, gone, go;
static char program[4096];

static void *give(void *value)
{
	return value;
}

static void *wait_go(void *unused)
{
	__sync_fetch_and_add(&running, 1);
	while (!go)
		sleep_ms(5);
	__sync_fetch_and_add(&gone, 1);
	return unused;
}

static void joining(void)
{
	pthread_attr_t attributes;
	pthread_t thread = start(give, (void *)123l);
	int state;

	printf("result %ld\n", finish(thread));
	go = 0;
	thread = start(wait_go, NULL);
	TELL(pthread_tryjoin_np(thread, NULL));
	struct timespec moment = in_ms(CLOCK_REALTIME, 20);

	TELL(pthread_timedjoin_np(thread, NULL, &moment));
	go = 1;
	TELL(pthread_join(thread, NULL));
	printf("equal %d\n", !!pthread_equal(pthread_self(), pthread_self()));
	pthread_attr_init(&attributes);
	TELL(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED));
	TELL(pthread_attr_getdetachstate(&attributes, &state));
	gone = 0;
	TELL(pthread_create(&thread, &attributes, wait_go, NULL));
	await(&gone, 1);
	go = gone = 0;
	thread = start(wait_go, NULL);
	TELL(pthread_detach(thread));
	go = 1;
	await(&gone, 1);
}

static void *join_first(void *first)
{
	return (void *)finish(*(pthread_t *)first);
}

static void many(void)
{
	static pthread_t threads[1000];
	pthread_attr_t attributes;
	int made = 0;
	long sum = 0;

	go = running = gone = 0;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	while (made < 1000 &&
	       !pthread_create(&threads[made], &attributes, wait_go, (void *)(long)made))
		made++;
	await(&running, made);
	go = 1;
	for (int i = 0; i < made; i++)
		sum += finish(threads[i]);
	printf("%d threads at once, sum %ld, gone %d\n", made, sum, gone);
	sum = 0;
	for (int i = 0; i < 2000; i++)
		sum += finish(start(give, (void *)1l));
	printf("one after the other: %ld\n", sum);
}

/* ---- names and numbers ---- */

static void *named(void *unused)
{
	char name[32] = "", file[64], line[32] = "";
	FILE *comm;

	(void)unused;
	TELL(pthread_setname_np(pthread_self(), "a name too long for it"));
	TELL(pthread_setname_np(pthread_self(), "worker"));
	prctl(PR_GET_NAME, name);
	snprintf(file, sizeof(file), "/proc/self/task/%d/comm", (int)syscall(SYS_gettid));
	comm = fopen(file, "r");
	if (comm && fgets(line, sizeof(line), comm))
		line[strcspn(line, "\n")] = '\0';
	if (comm)
		fclose(comm);
	printf("named %s, %s\n", name, line);
	return (void *)(long)(syscall(SYS_gettid) != getpid());
}

static void numbers(void)
{
	char name[32] = "";
	struct rusage usage;
	struct sched_param parameter = { .sched_priority = 7 };
	cpu_set_t set;
	clockid_t clock;
	struct timespec time;
	int policy;

	prctl(PR_SET_NAME, "first");
	printf("a number of its own: %ld\n", finish(start(named, NULL)));
	prctl(PR_GET_NAME, name);
	printf("the first is still %s\n", name);
	printf("first: %d\n", syscall(SYS_gettid) == getpid());
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	TELL(pthread_setaffinity_np(pthread_self(), sizeof(set), &set));
	printf("processor %d\n", sched_getcpu());
	TELL(pthread_getschedparam(pthread_self(), &policy, &parameter));
	printf("policy %d, priority %d\n", policy, parameter.sched_priority);
	TELL(pthread_getcpuclockid(pthread_self(), &clock));
	TELL_ERRNO(clock_gettime(clock, &time));
	TELL_ERRNO(getrusage(RUSAGE_THREAD, &usage));
}

/* ---- fork and exec ---- */

static char trail[32];

static void note(char what)
{
	size_t length = strlen(trail);

	trail[length] = what;
	trail[length + 1] = '\0';
}

static void before_one(void)
{
	note('1');
}
static void before_two(void)
{
	note('2');
}
static void in_parent(void)
{
	note('p');
}
static void in_child(void)
{
	note('c');
}

static void *fork_here(void *unused)
{
	pid_t child;

	(void)unused;
	pthread_mutex_lock(&mutex);
	child = split();
	if (child == 0) {
		/* The only thread, with the lock that its maker held. */
		printf("child: %s, alone %d, unlock %s\n", trail, syscall(SYS_gettid) == getpid(),
		       name_of(pthread_mutex_unlock(&mutex)));
		printf("a thread in it: %ld\n", finish(start(give, (void *)11l)));
		leave(21);
	}
	pthread_mutex_unlock(&mutex);
	reap("fork in a thread", child);
	printf("parent: %s\n", trail);
	return NULL;
}

static void *exec_here(void *unused)
{
	(void)unused;
	sleep_ms(20);
	execl(program, "life", "after", NULL);
	_exit(98);
}

static void *exit_here(void *code)
{
	sleep_ms(20);
	exit((int)(long)code);
}

static void *outlive(void *unused)
{
	(void)unused;
	sleep_ms(50);
	printf("the last one\n");
	return NULL;
}

static void *crash(void *unused)
{
	(void)unused;
	sleep_ms(20);
	*(volatile int *)16 = 1;
	return NULL;
}

static void *sleep_on(void *unused)
{
	sleep(100);
	return unused;
}

static void end_with(const char *what, void *(*run)(void *), void *argument, int first_leaves)
{
	pid_t child = split();

	if (child == 0) {
		for (int i = 0; i < 3 && run != outlive; i++)
			start(sleep_on, NULL);
		start(run, argument);
		if (first_leaves)
			pthread_exit(NULL);
		pause();
		_exit(97);
	}
	reap(what, child);
}

int main(int argc, char **argv)
{
	pthread_t self = pthread_self();
	pid_t child;

	(void)argv;
	(void)self;
	(void)child;
	(void)join_first;
	(void)outlive;
	if (argc > 1)
		return getpid() == syscall(SYS_gettid) ? 6 : 7;
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		return 1;
	joining();
	many();
	numbers();
	pthread_atfork(before_one, in_parent, in_child);
	pthread_atfork(before_two, NULL, NULL);
	finish(start(fork_here, NULL));
	end_with("exec in a thread", exec_here, NULL, 0);
	end_with("exec in a thread, the first gone", exec_here, NULL, 1);
	end_with("exit in a thread", exit_here, (void *)5l, 0);
	end_with("exit in a thread, the first gone", exit_here, (void *)6l, 1);
	end_with("a fault in a thread", crash, NULL, 0);
#ifdef __GLIBC__ /* musl 1.2.3 does not come to the end of these, on Linux either */
	end_with("all end", outlive, NULL, 1);
	child = split();
	if (child == 0) {
		start(join_first, &self);
		pthread_exit((void *)9l);
	}
	reap("a thread joins the first", child);
#endif
	return 0;
}
