/*
 * The vDSO and its data in other places, as checkpointing tools put them: mremap takes both, calls
 * and handlers come back to where they are now, and a child finds them there. Also what may be
 * done to their pages, and life without them.
 */
#include "task.h"

#include <elf.h>
#include <sys/auxv.h>

/* The C library's own calls go by the vDSO's first place: these do not. */
static long call(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}

static long call_through(uintptr_t entry, long number, long a, long b)
{
	long result;

	__asm__ volatile("call *%1"
			 : "=a"(result)
			 : "D"(entry), "0"(number), "b"(a), "c"(b)
			 : "memory");
	return result;
}

static void say(const char *text, long value)
{
	char line[100];
	int length = snprintf(line, sizeof(line), "%s: %ld\n", text, value);

	call(SYS_write, 1, (long)line, length, 0, 0);
}

struct range {
	uintptr_t start, end;
};

/* The ranges that /proc/self/maps calls so: how many. */
static int ranges_of(const char *name, struct range *ranges, int max)
{
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	int count = 0;

	while (maps && count < max && fgets(line, sizeof(line), maps))
		if (strstr(line, name) && sscanf(line, "%lx-%lx", &start, &end) == 2)
			ranges[count++] = (struct range){ start, end };
	if (maps)
		fclose(maps);
	return count;
}

#define PIECES 4
static struct range pieces[PIECES], data, code;
static int npieces;
static uintptr_t entry;
static volatile int handled;

static void handler(int signal)
{
	(void)signal;
	handled++;
}

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

/* A handler without a restorer, for a signal sent by the plain call. */
static void raise_one(void)
{
	struct kernel_action action = { handler, 0, NULL, 0 };

	call(SYS_rt_sigaction, SIGUSR1, (long)&action, 0, 8, 0);
	call(SYS_kill, call(SYS_getpid, 0, 0, 0, 0, 0), SIGUSR1, 0, 0, 0);
}

static void rights(void)
{
	uint8_t *byte = (uint8_t *)code.start;
	size_t size = code.end - code.start;
	pid_t child = split();

	if (child == 0) {
		TELL(mprotect((void *)data.start, 4096, PROT_READ | PROT_WRITE));
		TELL(mprotect((void *)code.start, size, PROT_READ | PROT_WRITE | PROT_EXEC));
		byte[EI_PAD + 1] = 77;
		printf("written: %d\n", byte[EI_PAD + 1]);
		leave(0);
	}
	reap("a child with a copy of its own", child);
	printf("here still: %d\n", byte[EI_PAD + 1]);
	handle(SIGSEGV, SIG_DFL, 0);
	child = split();
	if (child == 0) {
		byte[EI_PAD + 1] = 1;
		leave(1);
	}
	reap("a child that just writes", child);
}

static void moved(void)
{
	size_t data_size = data.end - data.start, code_size = code.end - code.start;
	uintptr_t to = (uintptr_t)mmap(NULL, data_size + code_size + 65536, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t there = to + 32768 + data_size + (entry - code.start);
	long pid = getpid();

	fflush(stdout);
	/* Each mapping as a whole: Linux does not cut them. */
	for (int i = 0; i < npieces; i++) {
		size_t size = pieces[i].end - pieces[i].start;
		long place = (long)(to + 32768 + (pieces[i].start - data.start));

		if (call(SYS_mremap, pieces[i].start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
			 place) != place)
			say("data not moved", i);
	}
	say("code moved",
	    call(SYS_mremap, code.start, code_size, code_size, MREMAP_MAYMOVE | MREMAP_FIXED,
		 to + 32768 + data_size) == (long)(to + 32768 + data_size));
	say("getpid from there", call_through(there, SYS_getpid, 0, 0) == pid);
	raise_one();
	say("handled", handled);
	pid = call(SYS_fork, 0, 0, 0, 0, 0);
	if (pid == 0) {
		raise_one();
		say("handled in a child", handled);
		call(SYS_exit_group, call_through(there, SYS_getppid, 0, 0) > 0 ? 3 : 4, 0, 0, 0,
		     0);
	}
	int status = 0;
	call(SYS_waitpid, pid, (long)&status, 0, 0, 0);
	say("the child's end", status);
	call(SYS_munmap, to + 32768, data_size + code_size, 0, 0, 0);
	say("without it", call(SYS_getppid, 0, 0, 0, 0, 0) > 0);
	say("the first place is free", call(SYS_munmap, code.start, code_size, 0, 0, 0));
	raise_one(); /* nowhere to return to */
	say("not reached", 0);
}

int main(void)
{
	pid_t child;

	setvbuf(stdout, NULL, _IOFBF, 8192);
	npieces = ranges_of("[vvar", pieces, PIECES);
	if (npieces == 0 || ranges_of("[vdso]", &code, 1) != 1)
		return 1;
	data = (struct range){ pieces[0].start, pieces[npieces - 1].end };
	entry = getauxval(AT_SYSINFO);
	printf("data right below code %d, entry inside %d, header %d\n", data.end == code.start,
	       entry >= code.start && entry < code.end, getauxval(AT_SYSINFO_EHDR) == code.start);
	rights();
	child = split();
	if (child == 0)
		moved();
	reap("a child that moves it", child);
	return 0;
}
