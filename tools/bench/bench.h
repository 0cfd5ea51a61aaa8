/*
 * What the rows of the benchmark share: raw system calls, the clock, memory of their own.
 *
 * The program is the same file on every kernel. It uses no C library, so that nothing stands
 * between the measured call and the kernel, and the oldest calls that do the work, by int 0x80,
 * so that every i386 kernel has them.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u
#define MB (1u << 20)
#define PAGES_PER_MB (MB / PAGE)

/* Numbers and words of the i386 ABI. */
enum call {
	CALL_EXIT = 1,
	CALL_FORK = 2,
	CALL_READ = 3,
	CALL_WRITE = 4,
	CALL_OPEN = 5,
	CALL_CLOSE = 6,
	CALL_WAITPID = 7,
	CALL_EXECVE = 11,
	CALL_LSEEK = 19,
	CALL_MOUNT = 21,
	CALL_NICE = 34,
	CALL_KILL = 37,
	CALL_MKDIR = 39,
	CALL_PIPE = 42,
	CALL_BRK = 45,
	CALL_FCNTL = 55,
	CALL_GETPPID = 64,
	CALL_GETTIMEOFDAY = 78,
	CALL_SWAPON = 87,
	CALL_REBOOT = 88,
	CALL_MUNMAP = 91,
	CALL_FSYNC = 118,
	CALL_MPROTECT = 125,
	CALL_SCHED_YIELD = 158,
	CALL_NANOSLEEP = 162,
	CALL_MMAP2 = 192,
	CALL_FADVISE64_64 = 272,
	CALL_FINIT_MODULE = 350,
};

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_BOTH (PROT_READ | PROT_WRITE)
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 16
#define MAP_ANONYMOUS 32

/* One system call; what it returns, a negative errno on failure. */
static inline long call3(enum call number, long one, long two, long three)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(one), "c"(two), "d"(three)
			 : "memory");
	return result;
}

static inline long call0(enum call number)
{
	return call3(number, 0, 0, 0);
}

static inline long call1(enum call number, long one)
{
	return call3(number, one, 0, 0);
}

static inline long call2(enum call number, long one, long two)
{
	return call3(number, one, two, 0);
}

/* mmap2 from offset 0, which is its sixth argument, in EBP. Not checked. */
static inline char *map_raw(void *where, size_t size, int rights, int flags, int fd)
{
	char *result;

	__asm__ volatile("push %%ebp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%ebp"
			 : "=a"(result)
			 : "a"(CALL_MMAP2), "b"(where), "c"(size), "d"(rights), "S"(flags), "D"(fd)
			 : "memory");
	return result;
}

static inline char *map_anonymous(size_t size)
{
	return map_raw(NULL, size, PROT_BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static inline void unmap(char *start, size_t size)
{
	call2(CALL_MUNMAP, (long)start, (long)size);
}

/* A store to, or a load from, each page of a range, in order. */
static inline void store_pages(char *start, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		*(volatile char *)(start + at) = 1;
}

static inline void load_pages(const char *start, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		(void)*(const volatile char *)(start + at);
}

/*
 * A row measures its operation several times: what is between begin() and end() is one sample,
 * and covers as many operations as end() says. The row's figure is the median of its samples,
 * in instructions per operation. end_rate() makes one of bytes per 1000 instructions instead.
 * A child may do the sampling: the samples lie in shared memory.
 */
void begin(void);
void end(unsigned operations);
void end_rate(unsigned bytes);
/* The sample is without so many instructions; and: the sample is this figure. */
void end_without(uint64_t instructions, unsigned operations);
void end_figure(uint32_t figure);
/* Instructions since begin(), which goes on. */
uint64_t elapsed(void);

/* Ends the program with a message when a call that the row needs has failed. */
void check(long result, const char *what);

/* fork(), checked; in the child 0. wait_for() waits until that child is gone. */
long fork_checked(void);
void wait_for(long child);
void exit_now(void) __attribute__((noreturn));

/* A mapping, checked. */
char *map_checked(size_t size);

struct row {
	const char *name;
	void (*measure)(void);
};

/* Each ends with a row without a name. */
extern const struct row memory_rows[], many_rows[], process_rows[], file_rows[];

/* Those of disk.c, for a machine of their own, which disk_prepare makes ready. */
extern const struct row disk_rows[];
void disk_prepare(bool by_clock);

#endif
