/*
 * protect: each kind of page, each kind of access.
 *
 * For pages that are unmapped, without any right, read-only, read-write, executable, or the
 * kernel's, in each of the states that they can be in (never touched, touched before the right
 * was taken away, shared with a child since fork), reads, writes and calls. A wrong access must
 * end in SIGSEGV with the right si_code and with the address that was accessed in si_addr.
 *
 * Without PAE, i386 page tables have no bit that forbids execution: what can be read can be
 * executed. Where the processor does forbid it, that is as right.
 */
#include "libc/fault.h"

/* Not at the start of the page, so that the address reported must be exact. */
#define OFFSET 0x123u

enum outcome { ALLOWED, NOT_MAPPED, FORBIDDEN, EITHER };

static const char *const outcome_names[] = { "allowed", "SIGSEGV, nothing mapped",
					     "SIGSEGV, not permitted", "allowed or not permitted" };
static const char *const access_names[] = { "read", "write", "execute" };

static unsigned checks, wrong;

static enum outcome outcome_of(const struct fault *fault)
{
	if (!fault->happened)
		return ALLOWED;
	return fault->code == SEGV_MAPERR ? NOT_MAPPED : FORBIDDEN;
}

static void check(const char *page_name, enum access access, uint32_t address,
		  enum outcome expected)
{
	struct fault fault = fault_try(access, address);
	enum outcome seen = outcome_of(&fault);
	bool right = expected == EITHER ? seen != NOT_MAPPED : seen == expected;
	if (fault.happened && fault.address != address)
		right = false;
	print("%-34s %-7s expected: %-24s seen: %s", page_name, access_names[access],
	      outcome_names[expected], outcome_names[seen]);
	if (fault.happened)
		print(" at 0x%08x", fault.address);
	print("%s\n", right ? "" : "   <- WRONG");
	checks++;
	wrong += !right;
}

/* All three accesses to a user page that exists, with the rights that it has now. */
static void check_page(const char *name, char *page, int prot)
{
	uint32_t address = (uint32_t)page + OFFSET;
	enum outcome readable = prot ? ALLOWED : FORBIDDEN;
	enum outcome executable = !prot ? FORBIDDEN : prot & PROT_EXEC ? ALLOWED : EITHER;
	check(name, ACCESS_READ, address, readable);
	check(name, ACCESS_WRITE, address, prot & PROT_WRITE ? ALLOWED : FORBIDDEN);
	/* A page that was never written holds zeros, which are no `ret`. */
	if (!prot || page[OFFSET] == (char)0xc3)
		check(name, ACCESS_EXECUTE, address, executable);
}

static char *new_page(int prot)
{
	char *page = map_anonymous(NULL, PAGE, prot, 0);
	if (!page) {
		print("protect: out of memory\n");
		exit(2);
	}
	return page;
}

/* A page that holds a `ret`, and then gets its rights. */
static char *written_page(int prot)
{
	char *page = new_page(PROT_READ | PROT_WRITE);
	page[OFFSET] = (char)0xc3;
	if (mprotect(page, PAGE, prot) != 0) {
		print("protect: mprotect failed\n");
		exit(2);
	}
	return page;
}

static void check_rights(void)
{
	static const struct {
		int prot;
		const char *fresh, *written;
	} rights[] = {
		{ PROT_NONE, "no rights, never touched", "no rights, after a write" },
		{ PROT_READ, "read-only, never touched", "read-only, after a write" },
		{ PROT_READ | PROT_WRITE, "read-write, never touched", "read-write, written" },
		{ PROT_READ | PROT_EXEC, "read-execute, never touched",
		  "read-execute, after a write" },
		{ PROT_READ | PROT_WRITE | PROT_EXEC, "all rights, never touched",
		  "all rights, written" },
	};
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		check_page(rights[i].fresh, new_page(rights[i].prot), rights[i].prot);
		check_page(rights[i].written, written_page(rights[i].prot), rights[i].prot);
	}
}

/* Rights that come back: what was written must be there still. */
static void check_regained(void)
{
	char *page = written_page(PROT_NONE);
	check_page("read-write again after none", page, PROT_NONE);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	check_page("read-write again after none", page, PROT_READ | PROT_WRITE);
	mprotect(page, PAGE, PROT_READ);
	check_page("read-only after read-write", page, PROT_READ);
}

/* Shared with a child: the hardware's entry is read-only, the program's right is not. */
static void check_after_fork(void)
{
	char *writable = written_page(PROT_READ | PROT_WRITE);
	char *read_only = written_page(PROT_READ);
	int child = fork(), status = 0;
	if (child == 0) {
		unsigned wrong_before = wrong;
		check_page("child's copy, read-write", writable, PROT_READ | PROT_WRITE);
		check_page("child's copy, read-only", read_only, PROT_READ);
		exit(wrong != wrong_before);
	}
	waitpid(child, &status, 0);
	checks++;
	wrong += status != 0;
	check_page("parent's after fork, read-write", writable, PROT_READ | PROT_WRITE);
	check_page("parent's after fork, read-only", read_only, PROT_READ);
}

static void check_unmapped(void)
{
	char *page = written_page(PROT_READ | PROT_WRITE);
	munmap(page, PAGE);
	for (enum access access = ACCESS_READ; access <= ACCESS_EXECUTE; access++) {
		check("unmapped again", access, (uint32_t)page + OFFSET, NOT_MAPPED);
		check("page 0", access, OFFSET, NOT_MAPPED);
	}
}

/* Pages for PL0 alone look to a program as if nothing were there. */
static void check_kernel(uint32_t kernel_base)
{
	for (enum access access = ACCESS_READ; access <= ACCESS_EXECUTE; access++) {
		check("the kernel's first byte", access, kernel_base, NOT_MAPPED);
		check("the kernel's code", access, kernel_base + (1u << 20) + OFFSET, NOT_MAPPED);
		check("the last byte of all", access, 0xffffffff, NOT_MAPPED);
	}
}

int main(int argc, char **argv, char **envp)
{
	(void)envp;
	uint32_t kernel_base = argc > 1 ? number(argv[1]) : kernel_base_from_stack(argv);
	if (fault_catch() != 0)
		return 2;
	print("protect: the kernel begins at 0x%08x\n", kernel_base);
	check_rights();
	check_regained();
	check_after_fork();
	check_unmapped();
	check_kernel(kernel_base);
	print("protect: %u accesses, %u not as expected\n", checks, wrong);
	return wrong ? 1 : 0;
}
