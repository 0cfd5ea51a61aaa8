/*
 * Rows about disks: a file on ext2, and swap. For tools/bench-disk.py alone, whose machine has two
 * disks, one with ext2 and one that is swap; with the argument +disk they are all that is measured.
 *
 * While a disk works the processor is idle, and what the time-stamp counter then counts under QEMU's
 * -icount is nobody's instructions. So a process that does nothing but spin and yield is always there
 * to run, and what it has executed is taken off. With +clock, on a machine without -icount, there is
 * no such process, and a row's figure is how many KB it moves in a second of the host's time.
 */
#include "bench.h"

#define NAME "/disk/bench-file"
#define SIZE (8 * MB)
#define BLOCK (64 * 1024u)
#define SAMPLES 5

/* Of the swap rows: what fills the machine's memory, and what is measured behind it. */
#define FILLED (128 * MB)
#define MEASURED (32 * MB)

#define O_RDONLY 0
#define O_RDWR 2
#define O_CREAT 0100
#define O_TRUNC 01000

static char block[BLOCK];

/* ---- the clock of these rows */

#define SPIN 2000 /* of the spinner, from one yield to the next */

static volatile uint32_t *turns; /* of the spinner; NULL: there is none */
static uint64_t per_turn;	 /* instructions, in 1024ths */
static uint32_t turns_before;
static uint64_t us_before;

static uint64_t microseconds(void)
{
	uint32_t now[2];

	check(call2(CALL_GETTIMEOFDAY, (long)now, 0), "gettimeofday");
	return now[0] * 1000000ull + now[1];
}

static void rest(uint32_t milliseconds)
{
	const uint32_t time[2] = { 0, milliseconds * 1000000 };

	check(call2(CALL_NANOSLEEP, (long)time, 0), "nanosleep");
}

/* With nobody else there, all instructions are the spinner's. */
static void measure_turn(void)
{
	uint32_t before;
	uint64_t instructions;

	rest(20);
	before = *turns;
	begin();
	rest(200);
	instructions = elapsed();
	per_turn = instructions * 1024 / (*turns - before);
}

static void start_spinner(void)
{
	turns = (uint32_t *)map_raw(NULL, PAGE, PROT_BOTH, MAP_SHARED | MAP_ANONYMOUS, -1);
	check((long)turns, "mmap of shared memory");
	if (fork_checked()) {
		measure_turn();
		return;
	}
	call1(CALL_NICE, 19);
	for (;;) {
		uint32_t left = SPIN;

		__asm__ volatile("1:	decl %0\n\tjnz 1b" : "+r"(left));
		call0(CALL_SCHED_YIELD);
		++*turns;
	}
}

static void begin_disk(void)
{
	us_before = microseconds();
	turns_before = turns ? *turns : 0;
	begin();
}

static void end_disk(size_t bytes)
{
	if (turns)
		end_without((*turns - turns_before) * per_turn / 1024, bytes / PAGE);
	else
		end_figure((uint32_t)(bytes / 1024 * 1000000ull / (microseconds() - us_before)));
}

/* ---- a file */

static int open_file(int flags)
{
	long fd = call3(CALL_OPEN, (long)NAME, flags, 0644);

	check(fd, "open of " NAME);
	return (int)fd;
}

static void write_all(int fd)
{
	for (size_t at = 0; at < SIZE; at += BLOCK)
		check(call3(CALL_WRITE, fd, (long)block, BLOCK), "write");
	check(call1(CALL_FSYNC, fd), "fsync");
}

/* Drops what is cached of the file, which is on the disk. fadvise64_64 has six arguments. */
static void drop(int fd)
{
	long result;

	__asm__ volatile("push %%ebp\n\tmov %2, %%ebp\n\tint $0x80\n\tpop %%ebp"
			 : "=a"(result)
			 : "a"(CALL_FADVISE64_64), "r"(4), "b"(fd), "c"(0), "d"(0), "S"(0), "D"(0)
			 : "memory");
	check(result, "fadvise");
}

static void ext2_write(void)
{
	for (unsigned i = 0; i < SAMPLES; i++) {
		int fd = open_file(O_RDWR | O_CREAT | O_TRUNC);

		begin_disk();
		write_all(fd);
		end_disk(SIZE);
		call1(CALL_CLOSE, fd);
	}
}

static void ext2_rewrite(void)
{
	int fd = open_file(O_RDWR | O_CREAT);

	write_all(fd);
	for (unsigned i = 0; i < SAMPLES; i++) {
		check(call3(CALL_LSEEK, fd, 0, 0), "lseek");
		begin_disk();
		write_all(fd);
		end_disk(SIZE);
	}
	call1(CALL_CLOSE, fd);
}

static void ext2_read(void)
{
	int fd = open_file(O_RDWR | O_CREAT);

	write_all(fd);
	for (unsigned i = 0; i < SAMPLES; i++) {
		drop(fd);
		check(call3(CALL_LSEEK, fd, 0, 0), "lseek");
		begin_disk();
		for (size_t at = 0; at < SIZE; at += BLOCK)
			check(call3(CALL_READ, fd, (long)block, BLOCK), "read");
		end_disk(SIZE);
	}
	call1(CALL_CLOSE, fd);
}

static void ext2_map(void)
{
	int fd = open_file(O_RDWR | O_CREAT);

	write_all(fd);
	for (unsigned i = 0; i < SAMPLES; i++) {
		char *mapping;

		drop(fd);
		mapping = map_raw(NULL, SIZE, PROT_READ, MAP_SHARED, fd);
		check((long)mapping, "mmap of " NAME);
		begin_disk();
		load_pages(mapping, SIZE);
		end_disk(SIZE);
		unmap(mapping, SIZE);
	}
	call1(CALL_CLOSE, fd);
}

/* ---- swap: memory that is full of what was written to once, and not looked at since */

static void fill(char *start, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		*(volatile uint32_t *)(start + at) = (uint32_t)at + 1;
}

static void verify(const char *start, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		if (*(const volatile uint32_t *)(start + at) != at + 1)
			check(-5, "what was in swap");
}

/* Each page stored to takes another's place, which has to be written. */
static void swap_out(void)
{
	char *start = map_checked(FILLED + SAMPLES * MEASURED);

	fill(start, FILLED);
	for (unsigned i = 0; i < SAMPLES; i++) {
		begin_disk();
		fill(start + FILLED + i * MEASURED, MEASURED);
		end_disk(MEASURED);
	}
	unmap(start, FILLED + SAMPLES * MEASURED);
}

/* Each page loaded from is read, and takes the place of another. */
static void swap_in(void)
{
	char *start = map_checked(FILLED + SAMPLES * MEASURED);

	for (unsigned i = 0; i < SAMPLES; i++)
		fill(start + i * MEASURED, MEASURED);
	fill(start + SAMPLES * MEASURED, FILLED);
	for (unsigned i = 0; i < SAMPLES; i++) {
		begin_disk();
		verify(start + i * MEASURED, MEASURED);
		end_disk(MEASURED);
	}
	unmap(start, FILLED + SAMPLES * MEASURED);
}

/* ---- the machine */

/* Debian's kernel wants its drivers: /modules/a, b, c... in this order. */
static void load_modules(void)
{
	char name[] = "/modules/a";

	for (;; name[sizeof(name) - 2]++) {
		long fd = call3(CALL_OPEN, (long)name, O_RDONLY, 0);

		if (fd < 0)
			return;
		check(call3(CALL_FINIT_MODULE, fd, (long)"", 0), name);
		call1(CALL_CLOSE, fd);
	}
}

/* mount has five arguments. */
static long mount(const char *device, const char *folder, const char *type)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(CALL_MOUNT), "b"(device), "c"(folder), "d"(type), "S"(0), "D"(0)
			 : "memory");
	return result;
}

/* A disk may still be on its way. */
static void await(const char *device)
{
	long fd = -1;

	for (unsigned i = 0; i < 500 && fd < 0; i++) {
		rest(10);
		fd = call3(CALL_OPEN, (long)device, O_RDONLY, 0);
	}
	check(fd, device);
	call1(CALL_CLOSE, fd);
}

void disk_prepare(bool by_clock)
{
	call2(CALL_MKDIR, (long)"/dev", 0755);
	call2(CALL_MKDIR, (long)"/disk", 0755);
	load_modules();
	mount("devtmpfs", "/dev", "devtmpfs"); /* where it is not there already */
	await("/dev/vda");
	await("/dev/vdb");
	check(mount("/dev/vda", "/disk", "ext2"), "mount of /dev/vda");
	check(call2(CALL_SWAPON, (long)"/dev/vdb", 0), "swapon of /dev/vdb");
	if (!by_clock)
		start_spinner();
}

const struct row disk_rows[] = {
	{ "ext2_write", ext2_write },
	{ "ext2_rewrite", ext2_rewrite },
	{ "ext2_read", ext2_read },
	{ "ext2_map", ext2_map },
	{ "swap_out", swap_out },
	{ "swap_in", swap_in },
	{ NULL, NULL },
};
