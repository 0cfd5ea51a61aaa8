/*
 * The benchmark: process 1 of a machine whose time-stamp counter counts instructions (QEMU's
 * -icount). Measures the rows named by its arguments, +NAME, all without one, says "@row NAME
 * FIGURE" for each, "@done", and switches the machine off. See tools/bench.py, which runs it. The
 * plus tells its arguments from words of the command line that a kernel did not know either.
 *
 * With the argument +disk the rows are those of disk.c, and with +clock they tell the time.
 *
 * With the argument +profile it stops before a sample that is neither the first nor the second,
 * says "@ready", and goes on when it has read a byte, without ever sleeping, which would give the
 * kernel idle time that it otherwise has not. By then QEMU logs what it executes, and the sample is
 * what lies between two calls of counter().
 */
#include "bench.h"

#define SAMPLES_MAX 128
#define PROFILE "+profile"
#define DISK "+disk"
#define CLOCK "+clock"
#define PROFILED_SAMPLE 2 /* counted from 0 */

/* Shared by the process that runs a row and its children. */
static struct samples {
	unsigned count;
	uint32_t tenths[SAMPLES_MAX];
	uint64_t began;
	uint64_t overhead; /* of begin() and end() themselves */
	bool profile;
} * samples;

/* ---- saying */

static void say_bytes(const char *text, size_t size)
{
	call3(CALL_WRITE, 1, (long)text, (long)size);
}

static size_t length(const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return size;
}

static void say(const char *text)
{
	say_bytes(text, length(text));
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* A count of tenths as "12.3". */
static void say_tenths(uint32_t tenths)
{
	char text[16];
	size_t at = sizeof(text);

	text[--at] = (char)('0' + tenths % 10);
	text[--at] = '.';
	tenths /= 10;
	do {
		text[--at] = (char)('0' + tenths % 10);
		tenths /= 10;
	} while (tenths > 0);
	say_bytes(text + at, sizeof(text) - at);
}

static void power_off(void)
{
	call3(CALL_REBOOT, (long)0xfee1dead, 672274793, 0x4321fedc);
	for (;;)
		call0(CALL_GETPPID);
}

void check(long result, const char *what)
{
	if (result >= 0 || result < -4095)
		return;
	say("@failed ");
	say(what);
	say(" errno ");
	say_tenths((uint32_t)-result * 10);
	say("\n");
	power_off();
}

/* ---- measuring */

/* Not inlined: its address marks the profile's sample. */
static __attribute__((noinline)) uint64_t counter(void)
{
	uint64_t value;

	__asm__ volatile("rdtsc" : "=A"(value));
	return value;
}

/* Says that the profile may begin, and waits awake until it has. */
static void announce(void)
{
	char byte;

	call3(CALL_FCNTL, 0, 4, 04002); /* F_SETFL, O_RDWR | O_NONBLOCK */
	say("@ready\n");
	while (call3(CALL_READ, 0, (long)&byte, 1) != 1)
		;
}

void begin(void)
{
	if (samples->profile && samples->count == PROFILED_SAMPLE)
		announce();
	samples->began = counter();
}

/* Without those of begin() and end(). */
uint64_t elapsed(void)
{
	uint64_t now = counter();

	if (samples->profile && samples->count == PROFILED_SAMPLE)
		say("@profiled\n");
	return now - samples->began - samples->overhead;
}

static void add_sample(uint64_t tenths)
{
	if (samples->count < SAMPLES_MAX)
		samples->tenths[samples->count++] = (uint32_t)tenths;
}

/* For the profile, in tenths. */
static void say_operations(unsigned tenths)
{
	if (!samples->profile || samples->count != PROFILED_SAMPLE)
		return;
	say("@operations ");
	say_tenths(tenths);
	say("\n");
}

void end(unsigned operations)
{
	uint64_t tenths = elapsed() * 10;

	say_operations(operations * 10);
	add_sample((tenths + operations / 2) / operations);
}

void end_rate(unsigned bytes)
{
	uint64_t instructions = elapsed();

	say_operations(bytes / 100); /* one is a thousand bytes */
	add_sample((uint64_t)bytes * 10000 / instructions);
}

void end_without(uint64_t instructions, unsigned operations)
{
	uint64_t tenths = (elapsed() - instructions) * 10;

	say_operations(operations * 10);
	add_sample((tenths + operations / 2) / operations);
}

void end_figure(uint32_t figure)
{
	add_sample((uint64_t)figure * 10);
}

static uint32_t median(void)
{
	uint32_t *all = samples->tenths;

	for (unsigned i = 1; i < samples->count; i++) {
		uint32_t moved = all[i];
		unsigned at = i;

		for (; at > 0 && all[at - 1] > moved; at--)
			all[at] = all[at - 1];
		all[at] = moved;
	}
	return samples->count ? all[samples->count / 2] : 0;
}

/* What an empty sample counts is taken off each. */
static void calibrate(void)
{
	begin();
	samples->overhead = elapsed();
	begin();
	samples->overhead += elapsed();
	samples->count = 0;
}

/* ---- what rows ask for */

long fork_checked(void)
{
	long child = call0(CALL_FORK);

	check(child, "fork");
	return child;
}

void wait_for(long child)
{
	check(call3(CALL_WAITPID, child, 0, 0), "waitpid");
}

void exit_now(void)
{
	for (;;)
		call1(CALL_EXIT, 0);
}

char *map_checked(size_t size)
{
	char *mapping = map_anonymous(size);

	check((long)mapping, "mmap");
	return mapping;
}

/* ---- running */

static bool is_asked_for(const char *name, char **asked)
{
	bool any = false;

	for (; *asked; asked++) {
		if ((*asked)[0] != '+' || same(*asked, PROFILE) || same(*asked, DISK) ||
		    same(*asked, CLOCK))
			continue;
		if (same(*asked + 1, name))
			return true;
		any = true;
	}
	return !any;
}

static void run_rows(const struct row *rows, char **asked)
{
	for (; rows->name; rows++) {
		if (!is_asked_for(rows->name, asked))
			continue;
		samples->count = 0;
		rows->measure();
		say("@row ");
		say(rows->name);
		say(" ");
		say_tenths(median());
		say("\n");
	}
}

static bool has(char **words, const char *wanted)
{
	while (*words && !same(*words, wanted))
		words++;
	return *words;
}

static void run_all(char **asked)
{
	run_rows(file_rows, asked);
	run_rows(process_rows, asked);
	run_rows(memory_rows, asked);
	run_rows(many_rows, asked);
}

/* The start, from _start below: words are the program's name, its arguments and a NULL. */
void run(char **words);

void run(char **words)
{
	char **asked = words + 1;

	samples = (struct samples *)map_raw(NULL, sizeof(*samples), PROT_BOTH,
					    MAP_SHARED | MAP_ANONYMOUS, -1);
	check((long)samples, "mmap of shared memory");
	calibrate();
	samples->profile = has(asked, PROFILE);
	if (has(asked, DISK)) {
		disk_prepare(has(asked, CLOCK));
		run_rows(disk_rows, asked);
	} else {
		run_all(asked);
	}
	say("@done\n");
	power_off();
}

__asm__(".globl _start\n"
	"_start:\n"
	"	lea 4(%esp), %eax\n"
	"	and $-16, %esp\n"
	"	sub $12, %esp\n"
	"	push %eax\n"
	"	call run\n");
