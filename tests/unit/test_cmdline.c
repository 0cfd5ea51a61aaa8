/*
 * The command line, split and sorted as Linux does. SOURCES: kernel/cmdline.c lib/string.c
 */
#include "unit.h"

#include <cmdline.h>
#include <log.h>
#include <string.h>

static unsigned complaints;

void log_print(enum log_level level, const char *text, ...)
{
	(void)level, (void)text;
	complaints++;
}

/* What init gets, in one line: arguments, a bar, environment. */
static const char *init_gets(void)
{
	static char text[4096];
	const char *const *at;

	text[0] = '\0';
	for (at = cmdline_init_arguments(); *at; at++) {
		strlcpy(text + strlen(text), *at, 512);
		strlcpy(text + strlen(text), ";", 2);
	}
	strlcpy(text + strlen(text), "|", 2);
	for (at = cmdline_init_environment(); *at; at++) {
		strlcpy(text + strlen(text), *at, 512);
		strlcpy(text + strlen(text), ";", 2);
	}
	return text;
}

#define ALWAYS "HOME=/;TERM=linux;"

static void test_our_words(void **state)
{
	(void)state;
	cmdline_parse("console=tty0  quiet console=ttyS0\tmem=32M ro");
	assert_string_equal(cmdline_get("console"), "ttyS0");
	assert_string_equal(cmdline_get_nth("console", 0), "tty0");
	assert_string_equal(cmdline_get_nth("console", 1), "ttyS0");
	assert_null(cmdline_get_nth("console", 2));
	assert_string_equal(cmdline_get("quiet"), "");
	assert_string_equal(cmdline_get("mem"), "32M");
	assert_null(cmdline_get("root"));
	assert_string_equal(init_gets(), "|" ALWAYS);
}

static void test_what_init_gets(void **state)
{
	(void)state;
	cmdline_parse("single foo=bar quiet TERM=vt100 -x =y foo=two nosuch.option=1 nosuch.flag");
	assert_string_equal(init_gets(), "single;-x;=y;|HOME=/;TERM=vt100;foo=two;");
	cmdline_parse("early init=/bin/sh late -- quiet a=b -- c");
	assert_string_equal(cmdline_get("init"), "/bin/sh");
	assert_null(cmdline_get("quiet"));
	assert_string_equal(init_gets(), "late;quiet;a=b;--;c;|" ALWAYS);
}

static void test_quotes(void **state)
{
	(void)state;
	cmdline_parse("\"a b\" v=\"c d\" \"e=f g\" h=\"i j root=\"x y\" k");
	/* The quote that h= opens ends where root='s would start. */
	assert_string_equal(init_gets(), "a b;y\" k;|" ALWAYS "v=c d;e=f g;h=i j root=\"x;");
	cmdline_parse("root=\"x y\" init=\"/bin/my init\" \"\" z=");
	assert_string_equal(cmdline_get("root"), "x y");
	assert_string_equal(cmdline_get("init"), "/bin/my init");
	assert_string_equal(init_gets(), ";|" ALWAYS "z=;");
}

static void test_dash_and_underscore_are_one(void **state)
{
	(void)state;
	cmdline_parse("selftest-seed=5 panic-exit");
	assert_string_equal(cmdline_get("selftest_seed"), "5");
	assert_non_null(cmdline_get("panic_exit"));
}

static void test_too_much(void **state)
{
	char line[4000];

	(void)state;
	complaints = 0;
	line[0] = '\0';
	for (unsigned i = 0; i < CMDLINE_WORDS_MAX + 5; i++)
		strlcpy(line + strlen(line), "word ", 6);
	cmdline_parse(line);
	assert_int_equal(complaints, 5);
	assert_null(cmdline_init_arguments()[CMDLINE_WORDS_MAX]);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	complaints = 0;
	cmdline_parse(line);
	assert_int_equal(complaints, 1);
	cmdline_parse("");
	assert_string_equal(init_gets(), "|" ALWAYS);
}

static void test_kernel_name_in_front(void **state)
{
	(void)state;
	assert_string_equal(cmdline_skip_kernel("build/loft.elf quiet"), "quiet");
	assert_string_equal(cmdline_skip_kernel(" loft.elf  quiet"), "quiet");
	assert_string_equal(cmdline_skip_kernel("/boot/loft"), "");
	assert_string_equal(cmdline_skip_kernel("init=/bin/sh quiet"), "init=/bin/sh quiet");
	assert_string_equal(cmdline_skip_kernel("  quiet x"), "quiet x");
	assert_string_equal(cmdline_skip_kernel(".elf"), ".elf");
	assert_string_equal(cmdline_skip_kernel(""), "");
}

/* Any bytes at all: no more is asked than that nothing breaks. */
static void test_random_lines(void **state)
{
	static const char letters[] = "a=\" -._\tmemquiet";
	char line[200];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t size = unit_random() % (sizeof(line) - 1);

		for (size_t i = 0; i < size; i++)
			line[i] = letters[unit_random() % (sizeof(letters) - 1)];
		line[size] = '\0';
		cmdline_parse(line);
		init_gets();
		cmdline_get("mem");
		cmdline_skip_kernel(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_words),
		cmocka_unit_test(test_what_init_gets),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_dash_and_underscore_are_one),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_kernel_name_in_front),
		cmocka_unit_test(test_random_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
