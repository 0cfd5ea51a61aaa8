/* POSIX timers: signals, overruns, threads, what is left, processor time, errors. */
#include "files.h"

#include <pthread.h>
#include <stdint.h>

#define MS 1000000L

struct event {
	int value, signal, notify, tid;
	int pad[12];
};

static int create(int clock, struct event *event)
{
	int id = -77;
	return syscall(SYS_timer_create, clock, event, &id) ? -1 : id;
}

static int arm(int id, int flags, long value, long interval)
{
	struct itimerspec spec = { { interval / 1000, interval % 1000 * MS },
				   { value / 1000, value % 1000 * MS } };
	return syscall(SYS_timer_settime, id, flags, &spec, NULL);
}

static void look(const char *what, int id)
{
	struct itimerspec now = { { 9, 9 }, { 9, 9 } };
	int error = syscall(SYS_timer_gettime, id, &now);
	printf("%s: %d left %s interval %ld.%09ld\n", what, error,
	       now.it_value.tv_sec || now.it_value.tv_nsec ? "some" : "none",
	       now.it_interval.tv_sec, now.it_interval.tv_nsec);
}

static volatile int count, overruns, last_value, last_code, last_id, last_tid;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	count++;
	overruns += info->si_overrun;
	last_value = info->si_value.sival_int;
	last_code = info->si_code;
	last_id = info->si_timerid;
	last_tid = syscall(SYS_gettid);
}

static void tell(const char *what)
{
	printf("%s: count %d code %d value %d id %d\n", what, count, last_code, last_value,
	       last_id);
	count = overruns = 0;
}

static void errors(void)
{
	struct event event = { 5, SIGUSR1, SIGEV_SIGNAL, 0, { 0 } };
	struct itimerspec good = { { 0, 0 }, { 1, 0 } }, bad = { { 0, -1 }, { 1, 0 } };
	int id;
	SHOW(create(CLOCK_MONOTONIC, NULL));
	SHOW(create(CLOCK_REALTIME, &event));
	SHOW(create(CLOCK_MONOTONIC_RAW, &event));
	SHOW(create(CLOCK_REALTIME_COARSE, &event));
	SHOW(create(77, &event));
	SHOW(create(-1, &event));
	SHOW(create(CLOCK_MONOTONIC, (void *)16));
	event.notify = 3;
	SHOW(create(CLOCK_MONOTONIC, &event));
	event.notify = 77;
	SHOW(create(CLOCK_MONOTONIC, &event));
	event.notify = SIGEV_SIGNAL;
	event.signal = 0;
	SHOW(create(CLOCK_MONOTONIC, &event));
	event.signal = 65;
	SHOW(create(CLOCK_MONOTONIC, &event));
	event.notify = SIGEV_NONE;
	SHOW(create(CLOCK_MONOTONIC, &event) > 0);
	event.notify = SIGEV_THREAD_ID;
	event.signal = SIGUSR1;
	event.tid = 1;
	SHOW(create(CLOCK_MONOTONIC, &event));
	SHOW(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 16));
	event.notify = SIGEV_THREAD;
	id = create(CLOCK_BOOTTIME, &event);
	SHOW(id > 0);
	SHOW(syscall(SYS_timer_settime, id, 0, NULL, NULL));
	SHOW(syscall(SYS_timer_settime, id, 0, 16, NULL));
	SHOW(syscall(SYS_timer_settime, id, 0, &bad, NULL));
	SHOW(syscall(SYS_timer_settime, 9999, 0, &bad, NULL));
	SHOW(syscall(SYS_timer_settime, 9999, 0, &good, NULL));
	SHOW(syscall(SYS_timer_settime, -1, 0, &good, NULL));
	SHOW(syscall(SYS_timer_settime, id, 0, &good, 16));
	look("set all the same", id);
	SHOW(syscall(SYS_timer_settime, id, 0xfffe, &good, NULL));
	SHOW(syscall(SYS_timer_gettime, 9999, &good));
	SHOW(syscall(SYS_timer_gettime, id, 16));
	SHOW(syscall(SYS_timer_getoverrun, 9999));
	SHOW(syscall(SYS_timer_getoverrun, id));
	SHOW(syscall(SYS_timer_delete, 9999));
	SHOW(syscall(SYS_timer_delete, id));
	SHOW(syscall(SYS_timer_delete, id));
}

static void wait_for(int wanted)
{
	while (count < wanted)
		pause();
}

static void kinds(void)
{
	struct event event = { 1234, SIGRTMIN, SIGEV_SIGNAL, 0, { 0 } };
	int id = create(CLOCK_MONOTONIC, &event), other;
	SHOW(arm(id, 0, 30, 0));
	look("armed", id);
	wait_for(1);
	last_id -= id;
	tell("once");
	look("fired", id);
	SHOW(arm(id, 0, 20, 30));
	wait_for(3);
	last_id -= id;
	count = count >= 3 ? 3 : 0;
	tell("several");
	look("periodic", id);
	SHOW(arm(id, 0, 0, 5));
	look("stopped", id);
	usleep(60000);
	count = 0;
	other = create(CLOCK_REALTIME, NULL);
	SHOW(arm(other, 0, 20, 0));
	wait_for(1);
	SHOW(last_value == other && last_id == other);
	struct timespec now;
	struct itimerspec spec = { { 0, 0 }, { 0, 0 } };
	clock_gettime(CLOCK_REALTIME, &now);
	spec.it_value.tv_sec = now.tv_sec - 5;
	count = 0;
	SHOW(syscall(SYS_timer_settime, other, TIMER_ABSTIME, &spec, NULL));
	wait_for(1);
	SHOW(count);
	syscall(SYS_timer_delete, id);
	syscall(SYS_timer_delete, other);
}

static void overrun(void)
{
	struct event event = { 7, SIGRTMIN, SIGEV_SIGNAL, 0, { 0 } };
	int id = create(CLOCK_MONOTONIC, &event), told;
	sigset_t set, pending;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	SHOW(arm(id, 0, 20, 50));
	usleep(400000);
	look("pending", id);
	sigpending(&pending);
	SHOW(sigismember(&pending, SIGRTMIN));
	siginfo_t info;
	SHOW(sigwaitinfo(&set, &info));
	told = syscall(SYS_timer_getoverrun, id);
	printf("%d %s %s\n", info.si_code,
	       info.si_overrun >= 6 && info.si_overrun <= 10 ? "many" : "wrong",
	       told == info.si_overrun ? "same" : "different");
	SHOW(sigwaitinfo(&set, &info));
	SHOW(syscall(SYS_timer_getoverrun, id));
	/* Ignored for a while. */
	signal(SIGRTMIN, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	usleep(150000);
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGRTMIN, &action, NULL);
	count = 0;
	wait_for(2);
	puts("goes on");
	syscall(SYS_timer_delete, id);

	event.notify = SIGEV_NONE;
	id = create(CLOCK_MONOTONIC, &event);
	look("new", id);
	SHOW(arm(id, 0, 100, 0));
	look("silent", id);
	usleep(150000);
	look("silent, over", id);
	SHOW(arm(id, 0, 50, 1000));
	usleep(100000);
	look("silent, periodic", id);
	syscall(SYS_timer_delete, id);
}

static volatile int thread_tid, stop;

static void *waiter(void *unused)
{
	thread_tid = syscall(SYS_gettid);
	while (!stop)
		usleep(5000);
	return unused;
}

static void threads(void)
{
	struct event event = { 3, SIGUSR2, SIGEV_THREAD_ID, 0, { 0 } };
	pthread_t thread;
	int id;
	pthread_create(&thread, NULL, waiter, NULL);
	while (!thread_tid)
		usleep(1000);
	event.tid = thread_tid;
	id = create(CLOCK_MONOTONIC, &event);
	count = 0;
	SHOW(arm(id, 0, 20, 0));
	while (!count)
		usleep(1000);
	SHOW(last_tid == thread_tid);
	SHOW(arm(id, 0, 100, 100));
	stop = 1;
	pthread_join(thread, NULL);
	count = 0;
	usleep(200000);
	SHOW(count);
	SHOW(syscall(SYS_timer_delete, id));
}

static void burn(int clock, long ms)
{
	struct timespec start, now;
	clock_gettime(clock, &start);
	do
		clock_gettime(clock, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / MS < ms);
}

static void *burner(void *unused)
{
	burn(CLOCK_THREAD_CPUTIME_ID, 60);
	return unused;
}

static void processor_time(void)
{
	struct event event = { 8, SIGUSR1, SIGEV_SIGNAL, 0, { 0 } };
	int id = create(CLOCK_PROCESS_CPUTIME_ID, &event), own, clock;
	count = 0;
	SHOW(arm(id, 0, 50, 0));
	usleep(100000);
	SHOW(count);
	look("sleeping", id);
	burn(CLOCK_PROCESS_CPUTIME_ID, 80);
	SHOW(count);
	SHOW(last_value);
	count = 0;
	own = create(CLOCK_THREAD_CPUTIME_ID, &event);
	SHOW(arm(own, 0, 20, 20));
	burn(CLOCK_THREAD_CPUTIME_ID, 120);
	SHOW(count >= 2);
	syscall(SYS_timer_delete, own);

	/* Another thread's time is no time of this one's. */
	struct timespec before, after;
	pthread_t thread;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	pthread_create(&thread, NULL, burner, NULL);
	struct timespec span = { 0, 50 * MS };
	SHOW(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &span, NULL));
	pthread_join(thread, NULL);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	SHOW((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / MS < 40);
	SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &span, NULL));
	SHOW(clock_nanosleep(-2, 0, &span, NULL));
	SHOW(clock_nanosleep(-1, 0, &span, NULL) == EINVAL);

	/* A child's clock. */
	pid_t child = fork();
	if (child == 0) {
		burn(CLOCK_PROCESS_CPUTIME_ID, 60);
		pause();
	}
	clock = ~child << 3 | 2;
	while (syscall(SYS_clock_gettime, clock, &after) == 0 && after.tv_nsec < 40 * MS)
		usleep(2000);
	puts("child's clock runs");
	SHOW(syscall(SYS_clock_settime, clock, &after));
	id = create(clock, &event);
	SHOW(id >= 0);
	SHOW(arm(id, TIMER_ABSTIME, 50, 0));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	SHOW(syscall(SYS_clock_gettime, clock, &after));
	SHOW(create(clock, &event));
	SHOW(syscall(SYS_clock_settime, clock, &after));
	syscall(SYS_timer_delete, id);
	count = 0;
}

static void inheritance(void)
{
	struct event event = { 8, SIGUSR1, SIGEV_SIGNAL, 0, { 0 } };
	int id = create(CLOCK_MONOTONIC, &event);
	arm(id, 0, 1000000, 0);
	if (fork() == 0) {
		SHOW(syscall(SYS_timer_gettime, id, &event));
		SHOW(syscall(SYS_timer_delete, id));
		SHOW(create(CLOCK_MONOTONIC, NULL));
		exit(0);
	}
	wait(NULL);
	int64_t spec[4] = { 0, 0, 1LL << 40, 0 }, now[4];
	SHOW(syscall(SYS_timer_settime64, id, 0, spec, now));
	SHOW(syscall(SYS_timer_gettime64, id, now));
	SHOW(now[2] > 1LL << 33);
	syscall(SYS_timer_delete, id);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGRTMIN, &action, NULL);
	errors();
	kinds();
	overrun();
	threads();
	processor_time();
	inheritance();
	return 0;
}
