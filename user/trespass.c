/*
 * trespass: nothing of the kernel can be read, written or named by a program.
 *
 * Reads and writes a byte in every page from the kernel's base to the top of the address
 * space, and is refused each time with SIGSEGV at that very address. Then hands pointers into
 * the kernel to system calls, which must answer EFAULT, also when a structure begins in the
 * program's own memory and only ends in the kernel's.
 *
 * An argument gives the kernel's base, where the end of the stack does not tell it.
 */
#include "libc/fault.h"

static unsigned refused, wrong;

static void expect_refusal(enum access access, uint32_t address)
{
	struct fault fault = fault_try(access, address);
	if (fault.happened && fault.address == address && fault.code == SEGV_MAPERR) {
		refused++;
		return;
	}
	if (wrong++ < 10)
		print("  %s at 0x%08x: %s, si_code %d, si_addr 0x%08x   <- WRONG\n",
		      access == ACCESS_READ ? "read" : "write", address,
		      fault.happened ? "SIGSEGV" : "allowed", fault.code, fault.address);
}

static void try_every_page(uint32_t kernel_base)
{
	uint32_t pages = -kernel_base / PAGE;
	print("trespass: reading and writing each of %u pages from 0x%08x on\n", pages,
	      kernel_base);
	for (uint32_t page = 0; page < pages; page++) {
		expect_refusal(ACCESS_READ, kernel_base + page * PAGE);
		expect_refusal(ACCESS_WRITE, kernel_base + page * PAGE);
	}
	print("  expected %u refusals, seen %u\n", 2 * pages, refused);
}

/* Calls with one pointer among their arguments, where POINTER stands in the table. */
#define POINTER 0x80000000u

static int32_t pipe_ends[2];

static const struct {
	const char *name;
	int32_t number;
	uint32_t arguments[5];
} calls[] = {
	{ "open", SYS_open, { POINTER, O_RDONLY } },
	{ "chdir", SYS_chdir, { POINTER } },
	{ "execve", SYS_execve, { POINTER, 0, 0 } },
	{ "pipe", SYS_pipe, { POINTER } },
	{ "uname", SYS_uname, { POINTER } },
	{ "getcwd", SYS_getcwd, { POINTER, 64 } },
	{ "rt_sigaction", SYS_rt_sigaction, { SIGUSR1, POINTER, 0, 8 } },
	{ "rt_sigprocmask", SYS_rt_sigprocmask, { 0, POINTER, 0, 8 } },
};

static void expect_efault(const char *name, uint32_t pointer, int32_t answer)
{
	if (answer == -EFAULT)
		return;
	wrong++;
	print("  %s with pointer 0x%08x: answer %d   <- WRONG\n", name, pointer, answer);
}

static void try_calls(uint32_t pointer)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint32_t arguments[5];
		for (unsigned k = 0; k < 5; k++)
			arguments[k] = calls[i].arguments[k] == POINTER ? pointer
									: calls[i].arguments[k];
		expect_efault(calls[i].name, pointer,
			      syscall6(calls[i].number, arguments[0], arguments[1], arguments[2],
				       arguments[3], arguments[4], 0));
	}
	expect_efault("write", pointer, write(pipe_ends[1], (void *)pointer, 64));
	write(pipe_ends[1], "x", 1);
	expect_efault("read", pointer, read(pipe_ends[0], (void *)pointer, 64));
	char left[8];
	read(pipe_ends[0], left, sizeof(left));
}

int main(int argc, char **argv, char **envp)
{
	(void)envp;
	uint32_t base = argc > 1 ? number(argv[1]) : kernel_base_from_stack(argv);
	if (fault_catch() != 0 || syscall3(SYS_pipe, pipe_ends, 0, 0) != 0)
		return 2;
	try_every_page(base);
	const uint32_t pointers[] = {
		base,	    base + 1,	base + (1u << 20), base + (1u << 24) + 7,
		0xf8000000, 0xffc00000, 0xfffff000,	   0xffffffff
	};
	print("trespass: system calls with pointers into the kernel; expected: EFAULT\n");
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		if (pointers[i] >= base)
			try_calls(pointers[i]);
	print("trespass: %u not as expected\n", wrong);
	return wrong ? 1 : 0;
}
