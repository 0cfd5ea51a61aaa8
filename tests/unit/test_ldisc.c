/*
 * The line discipline: cases by hand, and random typing with random settings against the host's
 * own terminals (a pty).
 * SOURCES: drivers/ldisc.c drivers/ldisc_echo.c
 */
#include "unit.h"

#include "../../drivers/ldisc.h"

#include <abi/ioctls.h>
#include <abi/signal.h>
#include <string.h>

struct terminal {
	struct ldisc ldisc;
	char input[LDISC_INPUT_SIZE];
	char echo[65536];
	size_t echoed;
	int signal;
	unsigned nsignals;
	bool flushed, stopped;
};

static struct terminal *terminal_of(struct ldisc *ldisc)
{
	return container_of(ldisc, struct terminal, ldisc);
}

static void on_echo(struct ldisc *ldisc, const char *bytes, size_t size)
{
	struct terminal *terminal = terminal_of(ldisc);

	assert_true(terminal->echoed + size <= sizeof(terminal->echo));
	memcpy(terminal->echo + terminal->echoed, bytes, size);
	terminal->echoed += size;
}

static void on_signal(struct ldisc *ldisc, int signal, bool flush)
{
	struct terminal *terminal = terminal_of(ldisc);

	terminal->signal = signal;
	terminal->nsignals++;
	terminal->flushed = flush;
}

static void on_flow(struct ldisc *ldisc, bool stop)
{
	terminal_of(ldisc)->stopped = stop;
}

static const struct ldisc_ops ops = { .echo = on_echo, .signal = on_signal, .flow = on_flow };

static int setup(void **state)
{
	struct terminal *terminal = calloc(1, sizeof(*terminal));

	ldisc_init(&terminal->ldisc, &ops, terminal->input);
	*state = terminal;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void type(struct terminal *terminal, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ldisc_input(&terminal->ldisc, (uint8_t)text[i]);
}

#define TYPE(terminal, text) type(terminal, text, sizeof(text) - 1)

/* Holds what was echoed since last time against text. */
static void expect_echo_bytes(struct terminal *terminal, const char *text, size_t size)
{
	assert_int_equal(terminal->echoed, size);
	assert_memory_equal(terminal->echo, text, size);
	terminal->echoed = 0;
}

#define EXPECT_ECHO(terminal, text) expect_echo_bytes(terminal, text, sizeof(text) - 1)

static void expect_read_bytes(struct terminal *terminal, const char *text, size_t size, bool end)
{
	char bytes[LDISC_INPUT_SIZE];
	bool ended;

	assert_int_equal(ldisc_read(&terminal->ldisc, bytes, sizeof(bytes), &ended), size);
	assert_memory_equal(bytes, text, size);
	assert_int_equal(ended, end);
}

#define EXPECT_LINE(terminal, text) expect_read_bytes(terminal, text, sizeof(text) - 1, true)
#define EXPECT_RAW(terminal, text) expect_read_bytes(terminal, text, sizeof(text) - 1, false)

static void set_flags(struct terminal *terminal, uint32_t set, uint32_t clear)
{
	struct termios2 settings = terminal->ldisc.settings;

	settings.lflag = (settings.lflag | set) & ~clear;
	ldisc_set(&terminal->ldisc, &settings);
}

/* ---- by hand ---- */

static void test_line(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "hello");
	assert_false(ldisc_readable(&terminal->ldisc, 1));
	assert_int_equal(ldisc_count(&terminal->ldisc), 0);
	TYPE(terminal, "\r");
	assert_true(ldisc_readable(&terminal->ldisc, 1));
	assert_int_equal(ldisc_count(&terminal->ldisc), 6);
	EXPECT_ECHO(terminal, "hello\r\n");
	EXPECT_LINE(terminal, "hello\n");
	assert_false(ldisc_readable(&terminal->ldisc, 1));
}

static void test_one_line_a_read(void **state)
{
	struct terminal *terminal = *state;
	char bytes[3];
	bool end;

	TYPE(terminal, "one\ntwo\n");
	EXPECT_LINE(terminal, "one\n");
	assert_int_equal(ldisc_read(&terminal->ldisc, bytes, 3, &end), 3);
	assert_false(end);
	EXPECT_LINE(terminal, "\n");
}

static void test_erase(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "ab\177\177\177c\n");
	EXPECT_ECHO(terminal, "ab\b \b\b \bc\r\n");
	EXPECT_LINE(terminal, "c\n");
}

static void test_erase_control_and_tab(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "a\x01\177");
	EXPECT_ECHO(terminal, "a^A\b \b\b \b");
	TYPE(terminal, "b\t\177\n");
	EXPECT_ECHO(terminal, "b\t\b\b\b\b\b\b\r\n");
	EXPECT_LINE(terminal, "ab\n");
}

static void test_erase_utf8(void **state)
{
	struct terminal *terminal = *state;

	terminal->ldisc.settings.iflag |= IUTF8;
	TYPE(terminal, "x\xc3\xa9\177y\n");
	EXPECT_ECHO(terminal, "x\xc3\xa9\b \by\r\n");
	EXPECT_LINE(terminal, "xy\n");
}

static void test_kill_and_word(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "ab\x15"
		       "cd ef \x17"
		       "g\n");
	EXPECT_ECHO(terminal, "ab\b \b\b \bcd ef \b \b\b \b\b \bg\r\n");
	EXPECT_LINE(terminal, "cd g\n");
}

static void test_end_of_file(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "ab\x04");
	EXPECT_ECHO(terminal, "ab");
	EXPECT_LINE(terminal, "ab");
	TYPE(terminal, "\x04");
	assert_true(ldisc_readable(&terminal->ldisc, 1));
	assert_int_equal(ldisc_count(&terminal->ldisc), 0);
	EXPECT_LINE(terminal, "");
	assert_false(ldisc_readable(&terminal->ldisc, 1));
}

static void test_literal(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "a\x16\x03\x16\x16\n");
	EXPECT_ECHO(terminal, "a^\b^C^\b^V\r\n");
	EXPECT_LINE(terminal, "a\x03\x16\n");
	assert_int_equal(terminal->nsignals, 0);
}

static void test_reprint(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "ab\x12");
	EXPECT_ECHO(terminal, "ab^R\r\nab");
}

static void test_signals(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "ab\x03");
	EXPECT_ECHO(terminal, "ab^C");
	assert_int_equal(terminal->signal, SIGINT);
	assert_true(terminal->flushed);
	TYPE(terminal, "\x1c");
	assert_int_equal(terminal->signal, SIGQUIT);
	set_flags(terminal, NOFLSH, 0);
	TYPE(terminal, "c\x1a"
		       "d\n");
	assert_int_equal(terminal->signal, SIGTSTP);
	assert_false(terminal->flushed);
	EXPECT_LINE(terminal, "cd\n");
	set_flags(terminal, 0, ISIG);
	TYPE(terminal, "\x03\n");
	assert_int_equal(terminal->nsignals, 3);
	EXPECT_LINE(terminal, "\x03\n");
}

static void test_flow(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "\x13"
		       "a");
	assert_true(terminal->stopped);
	TYPE(terminal, "\x11");
	assert_false(terminal->stopped);
	TYPE(terminal, "\x13\x03");
	assert_false(terminal->stopped);
}

static void test_raw(void **state)
{
	struct terminal *terminal = *state;
	struct termios2 settings = terminal->ldisc.settings;

	settings.iflag = 0;
	settings.lflag = 0;
	ldisc_set(&terminal->ldisc, &settings);
	TYPE(terminal, "\x03\r\n\x04");
	assert_true(ldisc_readable(&terminal->ldisc, 4));
	assert_false(ldisc_readable(&terminal->ldisc, 5));
	EXPECT_ECHO(terminal, "");
	EXPECT_RAW(terminal, "\x03\r\n\x04");
}

static void test_mode_change_keeps_input(void **state)
{
	struct terminal *terminal = *state;

	TYPE(terminal, "half");
	set_flags(terminal, 0, ICANON);
	assert_int_equal(ldisc_count(&terminal->ldisc), 4);
	set_flags(terminal, ICANON, 0);
	assert_true(ldisc_readable(&terminal->ldisc, 1));
	EXPECT_LINE(terminal, "half");
}

static void test_longest_line(void **state)
{
	struct terminal *terminal = *state;
	static char expected[LDISC_INPUT_SIZE];

	for (unsigned i = 0; i < 5000; i++)
		TYPE(terminal, "x");
	assert_true(ldisc_room(&terminal->ldisc) > 0);
	TYPE(terminal, "\n");
	assert_int_equal(ldisc_room(&terminal->ldisc), 0);
	memset(expected, 'x', sizeof(expected) - 1);
	expected[sizeof(expected) - 1] = '\n';
	expect_read_bytes(terminal, expected, sizeof(expected), true);
}

static void test_break_and_errors(void **state)
{
	struct terminal *terminal = *state;
	struct termios2 settings = terminal->ldisc.settings;

	settings.lflag &= ~ICANON;
	settings.iflag = PARMRK | INPCK;
	ldisc_set(&terminal->ldisc, &settings);
	ldisc_input_break(&terminal->ldisc);
	ldisc_input_error(&terminal->ldisc, 'e');
	ldisc_input(&terminal->ldisc, 0xff);
	EXPECT_RAW(terminal, "\377\0\0\377\0e\377\377");
	terminal->ldisc.settings.iflag = BRKINT;
	ldisc_input_break(&terminal->ldisc);
	assert_int_equal(terminal->signal, SIGINT);
	EXPECT_RAW(terminal, "");
}

static void test_output(void **state)
{
	struct terminal *terminal = *state;
	char bytes[LDISC_EXPANSION];

	terminal->ldisc.settings.oflag |= XTABS;
	assert_int_equal(ldisc_output(&terminal->ldisc, 'a', bytes), 1);
	assert_int_equal(ldisc_output(&terminal->ldisc, '\t', bytes), 7);
	assert_int_equal(ldisc_output(&terminal->ldisc, '\t', bytes), 8);
	assert_int_equal(ldisc_output(&terminal->ldisc, '\n', bytes), 2);
	assert_memory_equal(bytes, "\r\n", 2);
	terminal->ldisc.settings.oflag = OPOST | OCRNL | ONOCR | OLCUC;
	assert_int_equal(ldisc_output(&terminal->ldisc, '\r', bytes), 0);
	assert_int_equal(ldisc_output(&terminal->ldisc, 'a', bytes), 1);
	assert_int_equal(bytes[0], 'A');
	assert_int_equal(ldisc_output(&terminal->ldisc, '\r', bytes), 1);
	assert_int_equal(bytes[0], '\n');
}

/* ---- against the host's terminals ---- */

int posix_openpt(int flags);
int unlockpt(int fd);
char *ptsname(int fd);
int open(const char *path, int flags, ...);
int close(int fd);
ssize_t read(int fd, void *to, size_t size);
ssize_t write(int fd, const void *from, size_t size);
int ioctl(int fd, unsigned long request, ...);
int usleep(unsigned microseconds);

#define HOST_RDWR 2
#define HOST_NOCTTY 0400
#define HOST_NONBLOCK 04000

struct host {
	int master, slave;
};

static bool host_open(struct host *host)
{
	host->master = posix_openpt(HOST_RDWR | HOST_NOCTTY | HOST_NONBLOCK);
	if (host->master < 0)
		return false;
	host->slave = unlockpt(host->master) ? -1
					     : open(ptsname(host->master),
						    HOST_RDWR | HOST_NOCTTY | HOST_NONBLOCK);
	return host->slave >= 0;
}

/* Reads until there are `wanted` bytes and a moment has passed, or a second: the host's
 * input takes its time. */
static size_t host_read(int fd, char *to, size_t size, size_t wanted)
{
	size_t done = 0;

	for (unsigned tries = 0; tries < 1000; tries++) {
		ssize_t got = read(fd, to + done, size - done);

		if (got > 0)
			done += (size_t)got;
		else if (done >= wanted)
			break;
		else
			usleep(1000);
	}
	return done;
}

/* Settings without signals and flow control, whose moment on the host is not ours to choose. */
static void random_settings(struct termios2 *settings)
{
	ldisc_default_settings(settings);
	settings->iflag = unit_random() & (ISTRIP | INLCR | IGNCR | ICRNL | IUCLC | IUTF8 | PARMRK);
	settings->oflag = unit_random() & (OPOST | OLCUC | ONLCR | OCRNL | ONOCR | ONLRET | XTABS);
	if (unit_random() % 2)
		settings->iflag = ICRNL | (settings->iflag & IUTF8);
	if (unit_random() % 2)
		settings->oflag = OPOST | ONLCR;
	settings->lflag = ICANON | (unit_random() & (ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL |
						     ECHOPRT | ECHOKE | IEXTEN));
	if (unit_random() % 2)
		settings->lflag |= ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	settings->lflag &= ~(unit_random() % 4 ? ECHOPRT : 0);
	settings->cc[VEOL] = unit_random() % 2 ? ';' : 0;
	settings->cc[VEOL2] = unit_random() % 2 ? '.' : 0;
}

static char random_key(void)
{
	static const char keys[] =
		"abcXY_ \t\t\t\r\n\177\177\177\025\027\027\026\022\001\033;.\303\251\377";

	return unit_random() % 8 ? keys[unit_random() % (sizeof(keys) - 1)]
				 : (char)(unit_random() % 255 + 1);
}

/* What the readers of both get must be the same; so must be the echo. */
static void compare(struct terminal *terminal, const struct host *host, const char *typed,
		    size_t size)
{
	char ours[LDISC_INPUT_SIZE], theirs[LDISC_INPUT_SIZE], echo[8192];
	size_t nours = 0, ntheirs, nechoed;
	bool end;

	assert_int_equal(write(host->master, typed, size), size);
	type(terminal, typed, size);
	nechoed = host_read(host->master, echo, sizeof(echo), terminal->echoed);
	assert_int_equal(nechoed, terminal->echoed);
	assert_memory_equal(echo, terminal->echo, nechoed);
	terminal->echoed = 0;
	while (ldisc_readable(&terminal->ldisc, 1))
		nours += ldisc_read(&terminal->ldisc, ours + nours, sizeof(ours) - nours, &end);
	ntheirs = host_read(host->slave, theirs, sizeof(theirs), nours);
	assert_int_equal(ntheirs, nours);
	assert_memory_equal(theirs, ours, nours);
}

static void test_against_host(void **state)
{
	struct terminal *terminal = *state;

	for (unsigned round = 0; round < 150; round++) {
		struct termios2 settings;
		struct host host;
		char typed[40];

		if (!host_open(&host))
			skip();
		ldisc_init(&terminal->ldisc, &ops, terminal->input);
		random_settings(&settings);
		assert_int_equal(ioctl(host.slave, TCSETS2, &settings), 0);
		ldisc_set(&terminal->ldisc, &settings);
		for (unsigned part = 0; part < 6; part++) {
			size_t size = unit_random() % sizeof(typed);

			for (size_t i = 0; i < size; i++) {
				typed[i] = random_key();
				/* An end of file alone reads as 0 bytes, which cannot be
				 * told from nothing. */
				if (typed[i] == settings.cc[VEOF])
					typed[i] = 'e';
			}
			compare(terminal, &host, typed, size);
		}
		close(host.slave);
		close(host.master);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_line_a_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erase, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erase_control_and_tab, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erase_utf8, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill_and_word, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_of_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_literal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reprint, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mode_change_keeps_input, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_break_and_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_against_host, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
