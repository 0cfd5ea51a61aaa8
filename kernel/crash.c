/*
 * Crashes on purpose, once, when everything is up: `crash=WAY` on the command line. What the kernel
 * then says of itself can be looked at, and is tested.
 */
#include <selftest.h>

#include <assert.h>
#include <cmdline.h>
#include <layout.h>
#include <log.h>
#include <panic.h>
#include <string.h>

/* What no optimiser can see through. */
static volatile vaddr_t nowhere = 16;
static volatile unsigned depth_wanted = 1u << 20;

static __attribute__((noinline)) unsigned recurse(unsigned depth)
{
	volatile unsigned here = depth;

	return depth == depth_wanted ? 0 : recurse(depth + 1) + here;
}

static void run_over_stack(void)
{
	log_info("crash: %u", recurse(0));
}

static void read_nowhere(void)
{
	log_info("crash: %u", *(const volatile uint32_t *)nowhere);
}

static void write_text(void)
{
	*(volatile uint8_t *)text_start = 0;
}

static void call_nowhere(void)
{
	void (*function)(void) = (void (*)(void))nowhere;

	function();
}

static void run_bad_instruction(void)
{
	__asm__ volatile("ud2");
}

static void fail_assertion(void)
{
	assert(nowhere == 0);
}

void crash_if_asked(void)
{
	static const struct {
		const char *name;
		void (*crash)(void);
	} ways[] = {
		{ "stack", run_over_stack },
		{ "read", read_nowhere },
		{ "text", write_text },
		{ "call", call_nowhere },
		{ "opcode", run_bad_instruction },
		{ "assert", fail_assertion },
	};
	const char *way = cmdline_get("crash");

	if (!way)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(way, ways[i].name) == 0)
			ways[i].crash();
	}
	log_warning("crash: %s is no way to crash", way);
}
