/*
 * Injected failures of allocations and of requests to block devices (include/fail.h).
 *
 * Each failure leaves a line in the log that says which it was, by its callers: a panic that follows
 * from it shows that line among the last.
 */
#include <fail.h>

#include <assert.h>
#include <cmdline.h>
#include <format.h>
#include <ksyms.h>
#include <log.h>
#include <panic.h>
#include <string.h>
#include <task.h>

#define CALLERS_MAX 6u

uint32_t fail_armed;
int32_t fail_system_nth;
int32_t fail_io_nth, fail_io_interval;

static char callers[200];
static unsigned ncallers;

static void add_caller(vaddr_t address, unsigned times)
{
	const char *name = ksyms_lookup(address, NULL);
	size_t used = strlen(callers);

	(void)times;
	if (ncallers++ < CALLERS_MAX)
		format(callers + used, sizeof(callers) - used, " < %s", name ? name : "?");
}

static void tell(enum log_level level, const char *what)
{
	callers[0] = '\0';
	ncallers = 0;
	panic_backtrace((vaddr_t)__builtin_frame_address(0), add_caller);
	log_print(level, "fail: task %d (%s): %s fails as asked%s", current->tid,
		  current->process->name, what, callers);
}

/* Counts for the current task. */
static bool fail_task(const char *what)
{
	if (current->fail_nth == 0 || --current->fail_nth > 0)
		return false;
	fail_armed--;
	tell(LOG_DEBUG, what);
	return true;
}

static bool fail_system(void)
{
	if (fail_system_nth == 0 || --fail_system_nth > 0)
		return false;
	fail_armed--;
	tell(LOG_NOTICE, "an allocation");
	return true;
}

bool fail_now(void)
{
	bool fails;

	assert(fail_armed > 0);
	fails = fail_system() || fail_task("an allocation");
	current->fail_met |= fails;
	return fails;
}

bool fail_request(void)
{
	if (fail_io_nth > 0 && --fail_io_nth == 0) {
		fail_io_nth = fail_io_interval;
		tell(LOG_NOTICE, "a request");
		return true;
	}
	return fail_task("a request");
}

/* One who had `before` allocations to go has `after`. */
static void count_armed(uint32_t before, uint32_t after)
{
	fail_armed += (after > 0) - (before > 0);
}

void fail_set_task(struct task *task, uint32_t nth)
{
	count_armed(task->fail_nth, nth);
	task->fail_nth = nth;
}

void fail_set_system(uint32_t nth)
{
	count_armed((uint32_t)fail_system_nth, nth);
	fail_system_nth = (int32_t)nth;
}

/* The number of a word of the command line; 0: it is not there, or is none. */
static uint32_t number_of(const char *word)
{
	const char *text = cmdline_get(word);
	uint32_t nth;

	if (!text)
		return 0;
	if (parse_u32(text, 10, &nth) == 0 && nth <= INT32_MAX)
		return nth;
	log_warning("fail: %s=%s is no number", word, text);
	return 0;
}

void fail_init(void)
{
	fail_set_system(number_of("fail_nth"));
	fail_io_nth = (int32_t)number_of("fail_io");
}
