/* si_signo, si_code and si_addr of every kind of access that is not allowed. */
#define _GNU_SOURCE
#include "regions.h"
#include <stdint.h>

static char *at; /* rw, r, none, a hole: a page each */
static siginfo_t seen;
static sigjmp_buf back;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	seen = *info;
	siglongjmp(back, 1);
}

/* Prints the last signal, with its address from the start of the four pages. */
static void tell(const char *what)
{
	printf("%s: signal %d code %d at %ld\n", what, seen.si_signo, seen.si_code,
	       (long)((char *)seen.si_addr - at));
}

#define RAISES(what, access) \
	do { \
		memset(&seen, 0, sizeof(seen)); \
		if (sigsetjmp(back, 1) == 0) { \
			access; \
			printf("%s: nothing\n", what); \
		} else { \
			tell(what); \
		} \
	} while (0)

#define BYTE(offset) (*(volatile uint8_t *)(at + (offset)))
#define HALF(offset) (*(volatile uint16_t *)(at + (offset)))
#define WORD(offset) (*(volatile uint32_t *)(at + (offset)))

static void bytes_and_words(void)
{
	RAISES("write what may be read", BYTE(PAGE) = 1);
	RAISES("write its last byte", BYTE(2 * PAGE - 1) = 1);
	RAISES("read what may not be", (void)BYTE(2 * PAGE + 5));
	RAISES("write what may not be", BYTE(2 * PAGE + 5) = 1);
	RAISES("read a hole", (void)BYTE(3 * PAGE + 77));
	RAISES("write a hole", BYTE(3 * PAGE + 77) = 1);
	RAISES("add to what may be read", WORD(PAGE + 8) += 1);
	RAISES("add to a hole", WORD(3 * PAGE + 8) += 1);
	RAISES("compare and exchange", __sync_val_compare_and_swap(&WORD(PAGE + 16), 1, 2));
	RAISES("write a word over the edge", WORD(PAGE - 2) = 0x01010101);
	RAISES("read a word over the edge", (void)WORD(2 * PAGE - 2));
	RAISES("read a word with its last byte there", (void)WORD(2 * PAGE - 3));
	RAISES("write a half over the edge", HALF(PAGE - 1) = 0x0101);
	RAISES("read a word over a hole's edge", (void)WORD(3 * PAGE - 1));
}

static void strings(void)
{
	RAISES("copy into what may be read", memmove(at + PAGE - 100, at, 200));
	RAISES("set a hole", memset(at + 3 * PAGE, 0, 10));
	RAISES("string instruction, to write",
	       __asm__ volatile("rep stosb" ::"D"(at + PAGE - 10), "c"(20), "a"(0)
				: "memory"));
	RAISES("string instruction, to read",
	       __asm__ volatile("rep lodsb" ::"S"(at + 2 * PAGE - 10), "c"(20), "a"(0)));
	RAISES("backwards",
	       __asm__ volatile("std; rep stosb; cld" ::"D"(at + 2 * PAGE + 5), "c"(20), "a"(0)
				: "memory"));
	__asm__ volatile("cld");
}

static void call_at(char *where)
{
	((void (*)(void))where)();
}

static void execute(void)
{
	RAISES("execute no rights", call_at(at + 2 * PAGE + 3));
	RAISES("execute a hole", call_at(at + 3 * PAGE + 3));
	RAISES("the stack in a hole",
	       __asm__ volatile("mov %%esp, %%esi; mov %0, %%esp; push $1; mov %%esi, %%esp" ::"r"(
					at + 3 * PAGE + 64)
				: "esi", "memory"));
}

/* Addresses that have no place in the window are printed as they are. */
static void far_away(const char *what, unsigned long address, int write)
{
	volatile char *byte = (char *)address;

	memset(&seen, 0, sizeof(seen));
	if (sigsetjmp(back, 1) == 0) {
		if (write)
			*byte = 1;
		else
			(void)*byte;
		printf("%s: nothing\n", what);
	} else {
		printf("%s: signal %d code %d at %p\n", what, seen.si_signo, seen.si_code,
		       seen.si_addr);
	}
}

static void at_the_edges(void)
{
	far_away("read nothing", 0, 0);
	far_away("write nothing", 0, 1);
	far_away("read page 0", 0xfff, 0);
	far_away("read page 1", 0x1000, 0);
	far_away("write page 15", 0xf123, 1);
	munmap(at, PAGE);
	RAISES("read what was unmapped", (void)BYTE(9));
	RAISES("write what was unmapped", BYTE(9) = 1);
	mprotect(at + PAGE, PAGE, PROT_NONE);
	RAISES("read what lost its rights", (void)BYTE(PAGE + 9));
	mprotect(at + PAGE, PAGE, PROT_READ);
	RAISES("read what has them again", (void)BYTE(PAGE + 9));
	mprotect(at + PAGE, PAGE, RW);
	RAISES("write what may be written now", BYTE(PAGE + 9) = 1);
}

int main(void)
{
	static char stack[64 * 1024];
	stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&other, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	at = window_make(4);
	map_private(at, 3, RW);
	mprotect(at + PAGE, PAGE, PROT_READ);
	mprotect(at + 2 * PAGE, PAGE, PROT_NONE);
	bytes_and_words();
	strings();
	execute();
	at_the_edges();
	return 0;
}
