/*
 * Self-tests of what kernel/ does with the processor and the clock: timers, time, interrupt-off
 * sections, exceptions of kernel code, backtraces, the log's ring, random numbers.
 */
#include <selftest.h>

#include <abi/errno.h>
#include <abi/signal.h>
#include <assert.h>
#include <clock.h>
#include <cpu.h>
#include <drivers.h>
#include <format.h>
#include <ksyms.h>
#include <layout.h>
#include <log.h>
#include <panic.h>
#include <random.h>
#include <string.h>
#include <trap.h>
#include <uaccess.h>
#include <wait.h>

#define MS 1000000ull

static void sleep_ms(unsigned ms)
{
	uint64_t end = clock_monotonic_ns() + ms * MS;

	while (clock_monotonic_ns() < end) {
		wait_prepare(false);
		EXPECT(wait_sleep(end) == -ETIMEDOUT || clock_monotonic_ns() < end);
	}
}

/* ---- timers */

#define TIMERS 16

static struct timer timers[TIMERS];
static volatile unsigned fired[TIMERS], nfired;

static void note_fired(void *context)
{
	struct timer *timer = context;

	fired[nfired++ % TIMERS] = timer - timers;
	EXPECT(!irq_enabled() && !timer->pending);
}

static void prepare_timers(void)
{
	nfired = 0;
	for (unsigned i = 0; i < TIMERS; i++)
		timer_init(&timers[i], note_fired, &timers[i]);
}

SELFTEST(timer_fires_in_order)
{
	uint64_t now = clock_monotonic_ns();

	prepare_timers();
	/* 7 is coprime to the number: all come, in a jumbled order. */
	for (unsigned i = 0; i < TIMERS; i++) {
		unsigned which = i * 7 % TIMERS;

		timer_start(&timers[which], now + 30 * MS + which * MS);
	}
	sleep_ms(70);
	EXPECT(nfired == TIMERS);
	for (unsigned i = 0; i < TIMERS; i++)
		EXPECT(fired[i] == i && timer_left(&timers[i]) == 0);
}

SELFTEST(timer_equal_deadlines_in_start_order)
{
	uint64_t deadline = clock_monotonic_ns() + 20 * MS;

	prepare_timers();
	for (unsigned i = 0; i < TIMERS; i++)
		timer_start(&timers[TIMERS - 1 - i], deadline);
	sleep_ms(50);
	EXPECT(nfired == TIMERS);
	for (unsigned i = 0; i < TIMERS; i++)
		EXPECT(fired[i] == TIMERS - 1 - i);
}

SELFTEST(timer_stop_and_rearm)
{
	uint64_t now = clock_monotonic_ns();

	prepare_timers();
	timer_start(&timers[0], now + 20 * MS);
	timer_start(&timers[1], now + 20 * MS);
	timer_start(&timers[2], now + 100000 * MS);
	EXPECT(timer_left(&timers[0]) > 0 && timer_left(&timers[0]) <= 20 * MS);
	EXPECT(timer_stop(&timers[0]) && !timer_stop(&timers[0]));
	EXPECT(timer_left(&timers[0]) == 0);
	timer_start(&timers[2], now + 10 * MS);
	sleep_ms(50);
	EXPECT(nfired == 2 && fired[0] == 2 && fired[1] == 1);
}

static void start_again(void *context)
{
	timer_start(context, 0);
	nfired++;
}

SELFTEST(timer_that_restarts_itself_fires_once_a_tick)
{
	struct timer eager;
	uint32_t ticks;

	nfired = 0;
	timer_init(&eager, start_again, &eager);
	ticks = clock_ticks();
	timer_start(&eager, 0);
	sleep_ms(60);
	timer_stop(&eager);
	EXPECT(nfired > 1 && nfired <= clock_ticks() - ticks + 1);
}

/* ---- time */

SELFTEST(clock_never_goes_back)
{
	uint64_t before = clock_monotonic_ns(), end = before + 35 * MS;

	while (before < end) {
		uint64_t now = clock_monotonic_ns();

		EXPECT(now >= before && now - before < 10000 * MS);
		before = now;
	}
}

SELFTEST(clock_goes_on_with_interrupts_off)
{
	uint32_t flags = irq_save();
	uint64_t before = clock_monotonic_ns(), after;

	pit_wait_ms(4);
	after = clock_monotonic_ns();
	irq_restore(flags);
	EXPECT(after - before >= 3 * MS);
}

SELFTEST(clock_realtime_can_be_set)
{
	uint64_t real = clock_realtime_ns();

	EXPECT(clock_set_realtime_ns(1000 * NSEC_PER_SEC) == 0);
	EXPECT(clock_realtime_ns() - 1000 * NSEC_PER_SEC < NSEC_PER_SEC);
	EXPECT(clock_set_realtime_ns(clock_monotonic_ns() / 2) == -EINVAL);
	EXPECT(clock_set_realtime_ns(real) == 0);
	EXPECT(clock_realtime_ns() >= real);
}

/* ---- the processor */

SELFTEST(irq_sections_nest)
{
	EXPECT(irq_enabled());
	uint32_t outer = irq_save();

	EXPECT(!irq_enabled());
	uint32_t inner = irq_save();

	irq_restore(inner);
	EXPECT(!irq_enabled());
	irq_restore(outer);
	EXPECT(irq_enabled());
	EXPECT(irq_register(0, note_fired, NULL) == -EBUSY);
}

#define FREE_IRQ 5 /* where nothing is since sound cards went */
#define FREE_IRQ_VECTOR 37

/* One of those that share the line: claims what is for it. */
static struct sharer_seen {
	unsigned calls;
	bool claims;
} sharers[3];

static bool note_call(void *context)
{
	struct sharer_seen *sharer = context;

	sharer->calls++;
	return sharer->claims;
}

static void interrupt_now(void)
{
	__asm__ volatile("int %0" : : "i"(FREE_IRQ_VECTOR) : "memory");
}

/* Asked again and again, once in a tick; of ticks that a busy machine lets come together, in one. */
static void expect_polled(const struct sharer_seen *sharer)
{
	uint32_t calls = sharer->calls, ticks = clock_ticks();
	uint64_t end = clock_monotonic_ns() + 60 * NSEC_PER_SEC;

	while (sharer->calls - calls < 4 && clock_monotonic_ns() < end)
		__asm__ volatile("hlt" : : : "memory");
	EXPECT(sharer->calls - calls >= 4);
	EXPECT(sharer->calls - calls <= clock_ticks() - ticks + 1);
}

SELFTEST(irq_shared_line)
{
	EXPECT(FREE_IRQ + TRAP_IRQ_FIRST == FREE_IRQ_VECTOR);
	EXPECT(irq_share(0, note_call, &sharers[0]) == -EBUSY);
	EXPECT(irq_share(FREE_IRQ, note_call, &sharers[0]) == 0);
	EXPECT(irq_share(FREE_IRQ, note_call, &sharers[1]) == 0);
	EXPECT(irq_register(FREE_IRQ, note_fired, NULL) == -EBUSY);
	sharers[0].claims = true;
	interrupt_now();
	EXPECT(sharers[0].calls == 1 && sharers[1].calls == 1);
	/* Nobody claims any more: it is masked after a while, and they are asked at each tick. */
	sharers[0].claims = false;
	for (unsigned i = 0; i < 20000; i++)
		interrupt_now();
	EXPECT(sharers[0].calls > 5000 && sharers[0].calls < 15000);
	expect_polled(&sharers[1]);
}

SELFTEST(irq_without_a_line)
{
	EXPECT(irq_share(IRQ_POLLED, note_call, &sharers[2]) == 0);
	expect_polled(&sharers[2]);
}

/* A kernel task has no user half: every user address faults and ends at its fix-up. */
SELFTEST(trap_fix_up_of_user_copies)
{
	uint32_t word = 7;
	char text[8];

	EXPECT(get_user(&word, (const uint32_t *)0) == -EFAULT);
	EXPECT(get_user(&word, (const uint32_t *)(USER_TOP - 4)) == -EFAULT);
	EXPECT(get_user(&word, (const uint32_t *)USER_TOP) == -EFAULT);
	EXPECT(put_user((uint32_t *)0x1000, 1) == -EFAULT);
	EXPECT(copy_to_user((void *)0x2000, text, sizeof(text)) == -EFAULT);
	EXPECT(copy_from_user_partial(text, (const void *)0x2001, 5) == 5);
	EXPECT(strncpy_from_user(text, (const char *)0x3000, sizeof(text)) == -EFAULT);
	EXPECT(exception_fixup((vaddr_t)selftest_run_if_asked) == 0);
}

SELFTEST(trap_fix_up_keeps_interrupts_as_they_were)
{
	uint32_t word, flags = irq_save();

	EXPECT(get_user(&word, (const uint32_t *)0x1000) == -EFAULT);
	EXPECT(!irq_enabled());
	irq_restore(flags);
	EXPECT(get_user(&word, (const uint32_t *)0x1000) == -EFAULT);
	EXPECT(irq_enabled());
}

/* ---- panic */

static unsigned levels, named;

static void count_level(vaddr_t address, unsigned times)
{
	uint32_t offset;

	levels += times;
	if (ksyms_lookup(address, &offset))
		named += times;
}

static __attribute__((noinline)) void backtrace_here(void)
{
	panic_backtrace((vaddr_t)__builtin_frame_address(0), count_level);
}

SELFTEST(panic_backtrace_ends)
{
	levels = named = 0;
	backtrace_here();
	EXPECT(levels >= 3 && named == levels);
}

SELFTEST(panic_backtrace_follows_no_bad_pointer)
{
	uint32_t loop[2];

	levels = 0;
	panic_backtrace(0, count_level);
	panic_backtrace(1, count_level);
	panic_backtrace(USER_TOP - 4, count_level);
	panic_backtrace(KVRANGE_BASE, count_level);
	panic_backtrace(0xfffffffc, count_level);
	EXPECT(levels == 0);
	loop[0] = (vaddr_t)loop;
	loop[1] = 0x1234;
	panic_backtrace((vaddr_t)loop, count_level);
	EXPECT(levels == 1);
}

/* ---- the log */

/* More than the ring holds, quietly: what is left is whole, in order, and ends with the last. */
SELFTEST(log_ring_wraps)
{
	char text[128], expected[128];
	struct log_record record;
	uint32_t first_ours = log_next();
	unsigned lines = LOG_RING_SIZE / 16;

	for (unsigned i = 0; i < lines; i++)
		log_debug("wrap %u %.*s", i, (int)(i % 50),
			  "----------------------------------------------");
	EXPECT(log_next() - first_ours == lines);
	EXPECT((int32_t)(log_first() - first_ours) > 0);
	EXPECT(!log_read(log_first() - 1, &record, text, sizeof(text)));
	EXPECT(!log_read(log_next(), &record, text, sizeof(text)));
	for (uint32_t number = log_first(); number != log_next(); number++) {
		unsigned i = number - first_ours;

		EXPECT(log_read(number, &record, text, sizeof(text)));
		format(expected, sizeof(expected), "wrap %u %.*s", i, (int)(i % 50),
		       "----------------------------------------------");
		EXPECT(strcmp(text, expected) == 0 && record.level == LOG_DEBUG);
	}
	EXPECT(log_read(log_next() - 1, &record, text, 6) && strcmp(text, "wrap ") == 0);
	EXPECT(record.size > 5);
}

static char sunk[256];

static void sink_write(struct log_sink *sink, const char *text, size_t size)
{
	size_t used = strlen(sunk);

	(void)sink;
	if (size < sizeof(sunk) - used)
		strlcpy(sunk + used, text, size + 1);
}

SELFTEST(log_sink_gets_what_the_level_lets_through)
{
	static struct log_sink sink = { .write = sink_write };
	int level = log_console_level();

	log_set_console_level(0);
	log_add_sink(&sink);
	sunk[0] = '\0';
	log_warning("not this");
	log_set_console_level(LOG_ERR + 1);
	log_error("but this");
	log_remove_sink(&sink);
	log_error("and not this");
	log_set_console_level(level);
	EXPECT(strstr(sunk, "] but this\n") && !strstr(sunk, "not this"));
	EXPECT(sunk[0] == '[' && strlen(sunk) == strlen("[    0.000000] but this\n"));
}

/* ---- random numbers */

SELFTEST(random_chacha20_known_answer)
{
	/* RFC 8439, appendix A.1, test vectors 1 and 2: key and nonce of zeros, blocks 0 and 1. */
	static const uint32_t zero[8],
		block0[4] = { 0xade0b876, 0x903df1a0, 0xe56a5d40, 0x28bd8653 };
	static const uint32_t block1[4] = { 0xbee7079f, 0x7a385155, 0x7c97ba98, 0x0d082d73 };
	uint32_t block[16];

	chacha20_block(zero, 0, block);
	EXPECT(memcmp(block, block0, sizeof(block0)) == 0);
	chacha20_block(zero, 1, block);
	EXPECT(memcmp(block, block1, sizeof(block1)) == 0);
}

SELFTEST(random_bytes_of_any_size)
{
	char bytes[600];
	unsigned ones = 0;

	memset(bytes, 0, sizeof(bytes));
	random_bytes(bytes + 1, sizeof(bytes) - 2);
	EXPECT(bytes[0] == 0 && bytes[sizeof(bytes) - 1] == 0);
	for (unsigned i = 1; i < sizeof(bytes) - 1; i++)
		ones += __builtin_popcount((uint8_t)bytes[i]);
	/* 4784 fair bits: 2392 ones, give or take ten standard deviations of 35. */
	EXPECT(ones > 2392 - 350 && ones < 2392 + 350);
	random_bytes(bytes, 0);
}
