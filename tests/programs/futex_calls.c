/* Futexes between processes: waiting, waking, moving, times, and what is refused. */
#include "task.h"

#include <linux/futex.h>
#include <time.h>

static unsigned int *word;

static long futex(unsigned int *at, int operation, unsigned int value, const void *timeout,
		  unsigned int *second, unsigned int value3)
{
	return syscall(SYS_futex, at, operation, value, timeout, second, value3);
}

static void tell(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %ld\n", what, result);
}

static long long now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec after(clockid_t clock, long long ns)
{
	long long then = now(clock) + ns;

	return (struct timespec){ then / 1000000000, then % 1000000000 };
}

static pid_t sleeper(unsigned int *at, int operation, unsigned int bitset)
{
	pid_t child = split();

	if (child == 0) {
		struct timespec limit = after(CLOCK_MONOTONIC, 5000000000ll);

		_exit(futex(at, FUTEX_WAIT_BITSET | operation, 0, &limit, NULL, bitset) == 0
			      ? 0
			      : errno);
	}
	return child;
}

static void times(void)
{
	struct timespec little = { 0, 20000000 }, zero = { 0, 0 }, bad = { 0, 1000000000 }, until;
	long long start = now(CLOCK_MONOTONIC);

	tell("another value", futex(word, FUTEX_WAIT, 1, NULL, NULL, 0));
	tell("20 ms", futex(word, FUTEX_WAIT, 0, &little, NULL, 0));
	printf("took them: %d\n", now(CLOCK_MONOTONIC) - start >= 20000000);
	tell("no time", futex(word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, &zero, NULL, 0));
	tell("bad time", futex(word, FUTEX_WAIT, 0, &bad, NULL, 0));
	tell("time nowhere", futex(word, FUTEX_WAIT, 0, (void *)16, NULL, 0));
	until = after(CLOCK_MONOTONIC, 20000000);
	tell("until", futex(word, FUTEX_WAIT_BITSET, 0, &until, NULL, ~0u));
	printf("not before: %d\n",
	       now(CLOCK_MONOTONIC) >= until.tv_sec * 1000000000ll + until.tv_nsec);
	until = after(CLOCK_REALTIME, 20000000);
	tell("until, wall clock",
	     futex(word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &until, NULL, ~0u));
	tell("long ago", futex(word, FUTEX_WAIT_BITSET, 0, &zero, NULL, ~0u));
	tell("no bits", futex(word, FUTEX_WAIT_BITSET, 0, &zero, NULL, 0));
}

static void errors(void)
{
	tell("not aligned",
	     futex((unsigned int *)((char *)word + 2), FUTEX_WAKE, 1, NULL, NULL, 0));
	tell("nowhere", futex((unsigned int *)16, FUTEX_WAKE, 1, NULL, NULL, 0));
	tell("wait nowhere", futex((unsigned int *)16, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
	tell("the kernel", futex((unsigned int *)0xfffff000, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
	tell("unknown", futex(word, 77, 0, NULL, NULL, 0));
	tell("nobody", futex(word, FUTEX_WAKE, 1, NULL, NULL, 0));
	tell("requeue, another value", futex(word, FUTEX_CMP_REQUEUE, 1, (void *)1, word + 1, 5));
}

static void waking(void)
{
	pid_t child[4];
	int status, woken = 0;

	/* One sleeps before the next does, on two processors too. */
	for (int i = 0; i < 4; i++) {
		child[i] = sleeper(word, 0, 1u << i);
		usleep(100000);
	}
	tell("those of bit 1", futex(word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 2));
	reap("the second", child[1]);
	tell("one", futex(word, FUTEX_WAKE, 1, NULL, NULL, 0));
	woken = waitpid(-1, &status, 0) == child[0];
	printf("the first came first: %d, %s\n", woken, status_text(status));
	tell("move the rest", futex(word, FUTEX_CMP_REQUEUE, 0, (void *)10, word + 1, 0));
	tell("nobody is left", futex(word, FUTEX_WAKE, 10, NULL, NULL, 0));
	tell("they are there", futex(word + 1, FUTEX_WAKE, 10, NULL, NULL, 0));
	reap("the third", child[2]);
	reap("the fourth", child[3]);
}

static void wake_op(void)
{
	pid_t first = sleeper(word, 0, ~0u), second = sleeper(word + 1, 0, ~0u);

	usleep(200000);
	tell("add 3, wake if it was 1", futex(word, FUTEX_WAKE_OP, 1, (void *)1, word + 1,
					      FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 1)));
	reap("the first", first);
	printf("added: %u\n", word[1]);
	tell("set 7, wake if it was above 2", futex(word, FUTEX_WAKE_OP, 1, (void *)1, word + 1,
						    FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_GT, 2)));
	reap("the second", second);
	printf("set: %u\n", word[1]);
	futex(word, FUTEX_WAKE_OP, 1, (void *)1, word + 1,
	      FUTEX_OP((FUTEX_OP_ANDN | FUTEX_OP_OPARG_SHIFT), 1, FUTEX_OP_CMP_EQ, 0));
	printf("bit taken: %u\n", word[1]);
	tell("unknown operation", futex(word, FUTEX_WAKE_OP, 1, (void *)1, word + 1,
					FUTEX_OP(6, 3, FUTEX_OP_CMP_EQ, 1)));
	word[1] = 0;
}

/* A private wake does not reach who waits on shared memory, nor another process. */
static void kinds(void)
{
	pid_t child = sleeper(word, FUTEX_PRIVATE_FLAG, ~0u);

	usleep(200000);
	tell("shared wake of a private sleeper", futex(word, FUTEX_WAKE, 1, NULL, NULL, 0));
	tell("private wake of another's", futex(word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	kill(child, SIGKILL);
	reap("child", child);
}

int main(void)
{
	word = shared_page();
	times();
	errors();
	waking();
	wake_op();
	kinds();
	return 0;
}
