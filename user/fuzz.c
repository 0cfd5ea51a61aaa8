/*
 * fuzz: random system calls with random arguments; the kernel must outlive them.
 *
 *   fuzz [COUNT [SEED]]
 *
 * Children make the calls, a batch each, since one call in a few ends or cripples the process
 * that makes it. A child tells through a pipe how far it is, so that calls are counted and not
 * guessed; one that makes none for a while is killed. The same seed makes the same calls.
 */
#include "libc/libc.h"

#define BATCH 500u		/* calls that one child makes at most */
#define REPORT_EVERY 8u		/* calls that each byte in the pipe stands for */
#define REPORT_FD 900		/* far from the descriptors that random arguments name */
#define REPORT_BYTE 0xa5
#define LAST_CALL 460u

/* What is special about a call. All others are made as they come. */
enum { LEAVE_OUT = 1, MAKES_CHILD = 2 };

static const struct {
	uint16_t number;
	uint8_t what;
	const char *why;
} special[] = {
	{ 88, LEAVE_OUT, "reboot ends the machine" },
	{ 37, LEAVE_OUT, "kill reaches every process" },
	{ 238, LEAVE_OUT, "tkill reaches every process" },
	{ 270, LEAVE_OUT, "tgkill reaches every process" },
	{ 178, LEAVE_OUT, "rt_sigqueueinfo reaches every process" },
	{ 335, LEAVE_OUT, "rt_tgsigqueueinfo reaches every process" },
	{ 424, LEAVE_OUT, "pidfd_send_signal reaches every process" },
	{ 26, LEAVE_OUT, "ptrace stops every process" },
	{ 347, LEAVE_OUT, "process_vm_readv and its kin write to every process" },
	{ 348, LEAVE_OUT, "process_vm_readv and its kin write to every process" },
	{ 2, MAKES_CHILD, "fork" },
	{ 120, MAKES_CHILD, "clone" },
	{ 190, MAKES_CHILD, "vfork" },
	{ 435, MAKES_CHILD, "clone3" },
};

static uint32_t state;		/* of the random numbers; never 0 */

/* Marsaglia's xorshift (2003), 32 bits. */
static uint32_t random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static uint32_t one_of(const uint32_t *values, size_t count)
{
	return values[random() % count];
}

static int what_of(uint32_t call)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].number == call)
			return special[i].what;
	return 0;
}

/* Memory that arguments point to: two pages, with nothing mapped behind them. */
static char *memory;

static const char *const paths[] = {
	"/", ".", "..", "/tmp", "/tmp/f", "f", "f/g", "", "/dev/null", "/dev/zero", "/dev/tty",
	"/proc/self/maps", "/proc/self/mem", "/proc/self/fd/0", "/proc/1/status", "/bin/fuzz",
};

static uint32_t random_pointer(void)
{
	const uint32_t strange[] = { 0, 1, 4095, 4096, 0x7fffffff, 0x80000000, 0xbfffffff,
				     0xc0000000, 0xc0100000, 0xf8000000, 0xfffffffe, 0xffffffff };
	uint32_t base = (uint32_t)memory;
	switch (random() % 8) {
	case 0: return one_of(strange, sizeof(strange) / sizeof(strange[0]));
	case 1: return base + 2 * PAGE - random() % 64;	/* reaches beyond the end */
	case 2: return (uint32_t)paths[random() % (sizeof(paths) / sizeof(paths[0]))];
	case 3: return (uint32_t)&random_pointer;	/* read-only */
	default: return base + (random() % (2 * PAGE) & -4u);
	}
}

static uint32_t random_argument(void)
{
	const uint32_t sizes[] = { 0, 1, 7, 8, 64, 4095, 4096, 4097, 65536, 1u << 20, 1u << 30,
				   0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff };
	switch (random() % 8) {
	case 0: return random();
	case 1: return random() % 16;			/* a descriptor, a signal, a flag */
	case 2: return 1u << random() % 32;
	case 3: return one_of(sizes, sizeof(sizes) / sizeof(sizes[0]));
	case 4: return -(random() % 128);
	default: return random_pointer();
	}
}

/* Gives the memory new contents: numbers as they stand in structures. */
static void refill(void)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t place = random() % (2 * PAGE / 4);
		((uint32_t *)memory)[place] = random() % 4 ? random_argument() : 0;
	}
}

/* Waking from calls that wait for ever, as long as random calls have not undone it. */
static void ignore_alarm(int sig, struct siginfo *info, struct ucontext *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

static void start_alarms(void)
{
	const uint32_t interval[4] = { 0, 10000, 0, 10000 };
	const uint32_t nothing[2] = { 0, 0 };
	const int sig_setmask = 2;
	syscall4(SYS_rt_sigprocmask, sig_setmask, nothing, 0, sizeof(nothing));
	on_signal(SIGALRM, ignore_alarm, SA_NODEFER);
	syscall3(SYS_setitimer, 0, interval, 0);
}

static void one_call(int self)
{
	uint32_t call = random() % (LAST_CALL + 1);
	int what = what_of(call);
	if (what == LEAVE_OUT)
		return;
	syscall6(call, random_argument(), random_argument(), random_argument(),
		 random_argument(), random_argument(), random_argument());
	if (what == MAKES_CHILD && syscall3(SYS_getpid, 0, 0, 0) != self)
		exit(0);
}

static void batch(uint32_t seed, uint32_t count)
{
	const uint8_t byte = REPORT_BYTE;
	int self = syscall3(SYS_getpid, 0, 0, 0);
	state = seed * 2654435761u | 1;
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (uint32_t i = 0; i < count; i += REPORT_EVERY) {
		start_alarms();
		refill();
		for (uint32_t k = 0; k < REPORT_EVERY; k++)
			one_call(self);
		if (write(REPORT_FD, &byte, 1) != 1)
			exit(1);
	}
	exit(0);
}

/* Takes what children have reported out of the pipe; returns the calls it stands for. */
static uint32_t collect(int fd)
{
	uint8_t bytes[64];
	uint32_t calls = 0;
	int got;
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		for (int i = 0; i < got; i++)
			calls += bytes[i] == REPORT_BYTE ? REPORT_EVERY : 0;
	return calls;
}

/* Waits for a child; kills it when twenty alarms in a row have seen it make no call. */
static uint32_t wait_for(int child, int report_fd)
{
	uint32_t calls = 0;
	int status, silent = 0;
	while (waitpid(child, &status, 0) != child) {
		uint32_t more = collect(report_fd);
		calls += more;
		silent = more ? 0 : silent + 1;
		if (silent == 20)
			kill(child, SIGKILL);
	}
	return calls + collect(report_fd);
}

int main(int argc, char **argv, char **envp)
{
	uint32_t count = argc > 1 ? number(argv[1]) : 1000000;
	uint32_t seed = argc > 2 ? number(argv[2]) : (uint32_t)syscall3(SYS_time, 0, 0, 0);
	int ends[2];
	const int o_nonblock = 04000;
	(void)envp;
	memory = map_anonymous(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, 0);
	if (!memory || syscall3(SYS_pipe2, ends, o_nonblock, 0) != 0 ||
	    syscall3(SYS_dup2, ends[1], REPORT_FD, 0) < 0)
		return 2;
	close(ends[1]);
	munmap(memory + 2 * PAGE, PAGE);
	print("fuzz: %u random system calls, seed %u\n", count, seed);
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].what == LEAVE_OUT)
			print("  left out: %3u, %s\n", special[i].number, special[i].why);
	start_alarms();

	uint32_t done = 0, children = 0, next = 0;
	while (done < count) {
		int child = fork();
		if (child == 0)
			batch(seed + children, BATCH);
		children++;
		if (child > 0)
			done += wait_for(child, ends[0]);
		if (done >= next) {
			print("fuzz: %u calls by %u children\n", done, children);
			next = done + count / 10;
		}
	}
	print("fuzz: done, %u calls by %u children\n", done, children);
	return 0;
}
