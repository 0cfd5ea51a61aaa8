/*
 * The arguments of fuzz's calls: mostly of the kind that a call wants, in memory of all kinds.
 */
#include "libc/libc.h"

#include "fuzz.h"

/* ---- random numbers */

static uint32_t state; /* never 0 */

/* Marsaglia's xorshift (2003), 32 bits. */
static uint32_t random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

void random_start(uint32_t seed)
{
	state = seed * 2654435761u | 1;
}

uint32_t below(uint32_t limit)
{
	return (uint32_t)((uint64_t)random() * limit >> 32);
}

#define ONE_OF(array) ((array)[below(COUNT_OF(array))])

/* ---- the memory that arguments point to */

#define ARENA ((char *)0x20000000) /* mapped in pieces of all kinds */
#define ARENA_PAGES 64u
#define PIECE_PAGES 8u
#define NUMBERS 64 /* that a refill writes */

static char *memory;	       /* two pages, with nothing mapped behind them */
static uint32_t short_time[4]; /* of structures timespec, timeval and itimerval */

/* clang-format off */
static const char *const paths[] = {
	"/", ".", "..", "", "f", "f", "g", "h", "d", "d/f", "d/g", "d/../g", "d/d/d", "f/g",
	"l", "p", "/d", "/f", "/d/g", "/dev", "/dev/null", "/dev/zero", "/dev/tty",
	"/dev/random", PROGRAM, "/script", "/broken", "/proc", "/proc/self", "/proc/self/maps",
	"/proc/self/mem", "/proc/self/fd", "/proc/self/fd/1", "/proc/self/cwd/f",
	"/proc/1/status", "/proc/self/stat", "/proc/meminfo", "/proc/mounts",
	"/proc/loft/ledger", "proc", "size=64k", "user.x",
};
/* clang-format on */

/* Pieces of all kinds, with holes. */
static void map_arena(int file)
{
	static const struct {
		uint8_t prot, flags, anonymous;
	} pieces[] = {
		{ 3, 0x32, true },  { 1, 0x32, true },	{ 0, 0x32, true }, { 3, 0x31, true },
		{ 3, 0x11, false }, { 3, 0x12, false }, { 7, 0x32, true }, { 1, 0x11, false },
	};
	for (uint32_t i = 0; i < COUNT_OF(pieces); i++)
		syscall6(SYS_mmap2, (uint32_t)ARENA + i * PIECE_PAGES * PAGE,
			 (PIECE_PAGES - (i & 1)) * PAGE, pieces[i].prot, pieces[i].flags,
			 pieces[i].anonymous ? -1 : file, i);
}

bool map_memory(int file)
{
	memory = map_anonymous(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, 0);
	if (!memory)
		return false;
	munmap(memory + 2 * PAGE, PAGE);
	map_arena(file);
	return true;
}

static uint32_t strange_pointer(void)
{
	static const uint32_t strange[] = {
		0,
		1,
		4095,
		4096,
		0x7fffffff,
		0x80000000,
		0xbfffffff,
		0xc0000000,
		0xc0100000,
		0xf8000000,
		0xfffffffe,
		0xffffffff,
		(uint32_t)shapes,
	};
	uint32_t end = (uint32_t)memory + 2 * PAGE;
	switch (below(4)) {
	case 0:
		return ONE_OF(strange);
	case 1:
		return end - below(64); /* reaches beyond the end */
	case 2:
		return (uint32_t)ARENA + below(ARENA_PAGES * PAGE);
	default:
		return (uint32_t)ARENA + (1 + below(ARENA_PAGES)) * PAGE - 4 * below(8);
	}
}

uint32_t anything(void)
{
	static const uint32_t sizes[] = {
		0,     1,	 7,	   8,	       64,	   4095,       4096,	   4097,
		65536, 1u << 20, 1u << 30, 0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff,
	};
	switch (below(8)) {
	case 0:
		return random();
	case 1:
		return below(16);
	case 2:
		return 1u << below(32);
	case 3:
		return ONE_OF(sizes);
	case 4:
		return -below(128);
	case 5:
		return (uint32_t)ONE_OF(paths);
	case 6:
		return strange_pointer();
	default:
		return (uint32_t)memory + (below(2 * PAGE) & -4u);
	}
}

/* Numbers of pages and bytes are mostly small, sometimes huge. */
static uint32_t random_size(void)
{
	switch (below(4)) {
	case 0:
		return below(64);
	case 1:
		return below(2 * PAGE);
	case 2:
		return below(16) * PAGE + below(3) - 1;
	default:
		return below(8) ? below(1u << below(21)) : random();
	}
}

/* An argument of the kind that a letter stands for. */
uint32_t argument_of(char kind)
{
	static const uint32_t users[] = { 0, 1, 1000, 1000, 65534, 65535, 0xffffffff };
	switch (kind) {
	case 'f':
		return below(16) ? below(20) : (uint32_t)-100;
	case 'n':
		return (uint32_t)ONE_OF(paths);
	case 'p':
		return below(6) ? (uint32_t)memory + (below(2 * PAGE) & -4u) : strange_pointer();
	case 't':
		short_time[1] = below(5000);
		short_time[3] = below(5000);
		return (uint32_t)short_time;
	case 's':
	case 'o':
		return random_size();
	case 'a':
		return (uint32_t)ARENA + below(ARENA_PAGES) * PAGE;
	case 'z':
		return (1 + below(below(8) ? 16 : 4096)) * PAGE;
	case 'l':
		return below(2) ? 1u << below(32) | below(4) : (random() & random());
	case 'i':
		return below(8) ? below(16) : below(512) - 256;
	case 'g':
		return below(66);
	case 'd':
		return below(2) ? 0 : below(1000) - 1;
	case 'u':
		return ONE_OF(users);
	case 'm':
		return below(4) ? below(010000) : below(0200000);
	default:
		return anything();
	}
}

/* Gives the memory new contents: numbers as they stand in structures. */
void refill(void)
{
	static const char kinds[] = "fnptsoazligdumx";
	for (uint32_t i = 0; i < NUMBERS; i++) {
		uint32_t place = below(2 * PAGE / 4);
		((uint32_t *)memory)[place] = below(3) ? argument_of(kinds[below(15)]) : 0;
	}
	short_time[0] = short_time[2] = 0;
}
