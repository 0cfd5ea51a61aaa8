/*
 * Self-tests inside the kernel. `selftest=all` or `selftest=frame,pagedir` (prefixes of names)
 * on the command line runs them after boot instead of init, reports as KTAP over the log,
 * checks the ledger after each, and leaves QEMU through isa-debug-exit with 0x10 when all
 * passed, 0x11 otherwise. They run in a seeded random order (selftest_seed=N), the seed
 * printed.
 */
#ifndef LOFT_SELFTEST_H
#define LOFT_SELFTEST_H

#include <types.h>

struct selftest {
	const char *name;
	void (*run)(void);
};

/*
 * Defines and registers a test: SELFTEST(frame_alloc_all) { ... }. Runs in a kernel task: it
 * may sleep.
 */
#define SELFTEST(test_name) \
	static void selftest_##test_name(void); \
	static const struct selftest selftest_entry_##test_name __attribute__(( \
		used, section(".selftests"), aligned(4))) = { #test_name, selftest_##test_name }; \
	static void selftest_##test_name(void)

/* Notes a failure with its place; the test goes on. */
void selftest_expect(bool condition, const char *text, const char *file, int line);
#define EXPECT(condition) selftest_expect(!!(condition), #condition, __FILE__, __LINE__)

/* Runs what the command line asks for, if anything; then does not return. */
void selftest_run_if_asked(void);

/*
 * `crash=` stack (overflow), read, call (of no mapped address), text (write to read-only),
 * opcode, assert: panics that way. kernel/crash.c.
 */
void crash_if_asked(void);

#endif
