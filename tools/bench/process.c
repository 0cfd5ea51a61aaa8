/*
 * Rows about processes: making them, switching between them, pipes from one to another.
 */
#include "bench.h"

#define SIGKILL 9

static void null_getppid(void)
{
	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 64; j++)
			call0(CALL_GETPPID);
		end(64);
	}
}

/* ---- fork */

static void time_forks(size_t touched, unsigned times)
{
	char *mapping = touched ? map_checked(touched) : NULL;

	store_pages(mapping, touched);
	for (unsigned i = 0; i < times; i++) {
		begin();
		long child = fork_checked();
		if (child == 0)
			exit_now();
		wait_for(child);
		end(1);
	}
	if (touched)
		unmap(mapping, touched);
}

static void fork_exit_wait_0(void)
{
	time_forks(0, 15);
}

static void fork_exit_wait_16m(void)
{
	time_forks(16 * MB, 9);
}

static void fork_exit_wait_64m(void)
{
	time_forks(64 * MB, 5);
}

static void fork_exec_wait(void)
{
	const char *words[] = { "/bench-exit", NULL };

	for (unsigned i = 0; i < 15; i++) {
		begin();
		long child = fork_checked();
		if (child == 0) {
			long result = call3(CALL_EXECVE, (long)words[0], (long)words,
					    (long)(words + 1));
			check(result, "execve of /bench-exit");
		}
		wait_for(child);
		end(1);
	}
}

/* ---- pipes */

static void make_pipe(int ends[2])
{
	check(call1(CALL_PIPE, (long)ends), "pipe");
}

/* The child's part: each byte that comes is sent back, until there are no more. */
static void echo_bytes(int from, int to)
{
	char byte;

	while (call3(CALL_READ, from, (long)&byte, 1) == 1)
		call3(CALL_WRITE, to, (long)&byte, 1);
	exit_now();
}

static void pipe_pingpong(void)
{
	int there[2];
	int back[2];
	char byte = 1;

	make_pipe(there);
	make_pipe(back);
	long child = fork_checked();
	if (child == 0) {
		call1(CALL_CLOSE, there[1]);
		echo_bytes(there[0], back[1]);
	}
	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 64; j++) {
			call3(CALL_WRITE, there[1], (long)&byte, 1);
			call3(CALL_READ, back[0], (long)&byte, 1);
		}
		end(64);
	}
	call1(CALL_CLOSE, there[1]);
	wait_for(child);
	call1(CALL_CLOSE, there[0]);
	call1(CALL_CLOSE, back[0]);
	call1(CALL_CLOSE, back[1]);
}

#define CHUNK PAGE

/* The child writes until it is ended by the pipe's having no reader. */
static void bw_pipe(void)
{
	char *buffer = map_checked(CHUNK);
	int ends[2];

	store_pages(buffer, CHUNK);
	make_pipe(ends);
	long child = fork_checked();
	if (child == 0) {
		call1(CALL_CLOSE, ends[0]);
		store_pages(buffer, CHUNK);
		for (;;)
			call3(CALL_WRITE, ends[1], (long)buffer, CHUNK);
	}
	store_pages(buffer, CHUNK);
	call1(CALL_CLOSE, ends[1]);
	for (unsigned i = 0; i < 15; i++) {
		unsigned done = 0;

		begin();
		while (done < MB) {
			long got = call3(CALL_READ, ends[0], (long)buffer, CHUNK);
			check(got, "read of a pipe");
			done += (unsigned)got;
		}
		end_rate(done);
	}
	call1(CALL_CLOSE, ends[0]);
	wait_for(child);
	unmap(buffer, CHUNK);
}

/* ---- giving way */

static void yield_alone(void)
{
	for (unsigned i = 0; i < 15; i++) {
		begin();
		for (unsigned j = 0; j < 64; j++)
			call0(CALL_SCHED_YIELD);
		end(64);
	}
}

/* Waits until it is this side's turn, 0 or 1, and hands over to the other, so many times. */
static void take_turns(volatile unsigned *turn, unsigned side, unsigned times)
{
	while (times-- > 0) {
		while (*turn % 2 != side)
			call0(CALL_SCHED_YIELD);
		*turn += 1;
	}
}

static void yield_pingpong(void)
{
	char *page = map_raw(NULL, PAGE, PROT_BOTH, MAP_SHARED | MAP_ANONYMOUS, -1);
	volatile unsigned *turn = (volatile unsigned *)page;

	check((long)page, "mmap of shared memory");
	*turn = 0;
	long child = fork_checked();
	if (child == 0)
		take_turns(turn, 1, ~0u);
	take_turns(turn, 0, 8);
	for (unsigned i = 0; i < 15; i++) {
		begin();
		take_turns(turn, 0, 64);
		end(128); /* the child's too */
	}
	call2(CALL_KILL, child, SIGKILL);
	wait_for(child);
	unmap(page, PAGE);
}

const struct row process_rows[] = {
	{ "null_getppid", null_getppid },
	{ "fork_exit_wait_0", fork_exit_wait_0 },
	{ "fork_exit_wait_16m", fork_exit_wait_16m },
	{ "fork_exit_wait_64m", fork_exit_wait_64m },
	{ "fork_exec_wait", fork_exec_wait },
	{ "pipe_pingpong", pipe_pingpong },
	{ "bw_pipe", bw_pipe },
	{ "yield_alone", yield_alone },
	{ "yield_pingpong", yield_pingpong },
	{ NULL, NULL },
};
