/*
 * The runner of the kernel's self-tests (include/selftest.h): chooses by name, shuffles, runs, and
 * reports as KTAP (docs.kernel.org, dev-tools/ktap) on the log.
 */
#include <selftest.h>

#include <assert.h>
#include <cmdline.h>
#include <drivers.h>
#include <ledger.h>
#include <log.h>
#include <random.h>
#include <string.h>

#define TESTS_MAX 256
#define NAMES_ALL "all"
#define QEMU_EXIT_PASS 0x10 /* QEMU's exit status is then 33, */
#define QEMU_EXIT_FAIL 0x11 /* or 35 */

/* From linker.ld. */
extern const struct selftest selftests_start[], selftests_end[];

static const struct selftest *chosen[TESTS_MAX];
static unsigned nchosen;
static unsigned failures; /* in the current test */
static uint32_t seed;

void selftest_expect(bool condition, const char *text, const char *file, int line)
{
	if (condition)
		return;
	failures++;
	log_notice("# %s:%d: expected %s", file, line, text);
}

static void report_ledger(void *context, const char *text)
{
	(void)context;
	log_notice("# ledger: %s", text);
}

/*
 * A generator of its own, so that a seed always gives the same order (Marsaglia, "Xorshift
 * RNGs", 2003).
 */
static uint32_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

/* wanted is a list of prefixes with commas between them. */
static bool is_wanted(const char *name, const char *wanted)
{
	while (*wanted) {
		const char *comma = strchr(wanted, ',');
		size_t size = comma ? (size_t)(comma - wanted) : strlen(wanted);

		if (size > 0 && (strncmp(wanted, NAMES_ALL, MAX(size, strlen(NAMES_ALL))) == 0 ||
				 strncmp(wanted, name, size) == 0))
			return true;
		wanted += size + (comma != NULL);
	}
	return false;
}

static void choose(const char *wanted)
{
	for (const struct selftest *test = selftests_start; test < selftests_end; test++) {
		if (!is_wanted(test->name, wanted))
			continue;
		assert(nchosen < TESTS_MAX);
		chosen[nchosen++] = test;
	}
}

static void shuffle(void)
{
	const char *text = cmdline_get("selftest_seed");

	if (!text || parse_u32(text, 0, &seed) != 0 || seed == 0)
		random_bytes(&seed, sizeof(seed));
	seed |= seed == 0;
	log_notice("# seed %u: selftest_seed=%u gives this order again", seed, seed);
	for (unsigned i = nchosen; i > 1; i--) {
		unsigned other = next_random() % i;
		const struct selftest *test = chosen[other];

		chosen[other] = chosen[i - 1];
		chosen[i - 1] = test;
	}
}

static bool run_one(unsigned number, const struct selftest *test)
{
	failures = 0;
	test->run();
	failures += ledger_check(report_ledger, NULL);
	log_notice("%sok %u %s", failures ? "not " : "", number, test->name);
	return failures == 0;
}

void selftest_run_if_asked(void)
{
	const char *wanted = cmdline_get("selftest");
	unsigned failed = 0;

	if (!wanted)
		return;
	choose(*wanted ? wanted : NAMES_ALL);
	log_notice("KTAP version 1");
	log_notice("1..%u", nchosen);
	shuffle();
	for (unsigned i = 0; i < nchosen; i++)
		failed += !run_one(i + 1, chosen[i]);
	log_notice("# %u of %u passed", nchosen - failed, nchosen);
	qemu_exit(failed || nchosen == 0 ? QEMU_EXIT_FAIL : QEMU_EXIT_PASS);
	power_off();
}
