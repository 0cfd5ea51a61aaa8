/*
 * kernel/script.c: #! lines in every shape, and random ones: what comes out lies in what went in.
 * SOURCES: kernel/script.c lib/string.c
 */
#include "unit.h"

#include "../../kernel/exec_internal.h"
#include <abi/errno.h>
#include <string.h>

static char *head; /* its own allocation: a step outside is seen */

static int parse(const char *text, size_t size, char **interpreter, char **argument)
{
	memset(head, 0, EXEC_HEAD_SIZE);
	memcpy(head, text, size < EXEC_HEAD_SIZE ? size : EXEC_HEAD_SIZE);
	return script_parse(head, interpreter, argument);
}

static void check(const char *text, const char *interpreter, const char *argument)
{
	char *seen_interpreter, *seen_argument;

	assert_int_equal(parse(text, strlen(text), &seen_interpreter, &seen_argument), 0);
	assert_string_equal(seen_interpreter, interpreter);
	if (argument)
		assert_string_equal(seen_argument, argument);
	else
		assert_null(seen_argument);
}

static void check_refused(const char *text)
{
	char *interpreter, *argument;

	assert_int_equal(parse(text, strlen(text), &interpreter, &argument), -ENOEXEC);
}

static int make_head(void **state)
{
	(void)state;
	head = malloc(EXEC_HEAD_SIZE);
	return head ? 0 : -1;
}

static int free_head(void **state)
{
	(void)state;
	free(head);
	return 0;
}

static void lines(void **state)
{
	(void)state;
	check("#!/bin/sh\n", "/bin/sh", NULL);
	check("#!/bin/sh\necho", "/bin/sh", NULL);
	check("#!/bin/sh", "/bin/sh", NULL);
	check("#! \t/bin/sh \t \n", "/bin/sh", NULL);
	check("#!/bin/sh -x\n", "/bin/sh", "-x");
	check("#!/bin/sh  -x  y \t\n", "/bin/sh", "-x  y");
	check("#!/bin/sh\r\n", "/bin/sh\r", NULL);
	check("#!a", "a", NULL);
	check("#!", "", NULL); /* then the path is refused */
	check_refused("#!\n");
	check_refused("#! \t \n");
	check_refused("#");
	check_refused("!#/bin/sh\n");
	check_refused(" #!/bin/sh\n");
}

static void long_lines(void **state)
{
	char text[EXEC_HEAD_SIZE + 1];
	char *interpreter, *argument;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "#!", 2);
	assert_int_equal(parse(text, EXEC_HEAD_SIZE, &interpreter, &argument), -ENOEXEC);
	text[EXEC_HEAD_SIZE - 1] = '\n';
	assert_int_equal(parse(text, EXEC_HEAD_SIZE, &interpreter, &argument), 0);
	assert_int_equal(strlen(interpreter), EXEC_HEAD_SIZE - 3);
	text[EXEC_HEAD_SIZE - 1] = 'x';
	text[100] = ' '; /* the path is whole, its argument is cut */
	assert_int_equal(parse(text, EXEC_HEAD_SIZE, &interpreter, &argument), 0);
	assert_int_equal(strlen(interpreter), 98);
	assert_int_equal(strlen(argument), EXEC_HEAD_SIZE - 101 - 1);
	memset(text + 2, ' ', EXEC_HEAD_SIZE - 2);
	assert_int_equal(parse(text, EXEC_HEAD_SIZE, &interpreter, &argument), -ENOEXEC);
}

static void random_lines(void **state)
{
	static const char alphabet[] = "#!/ab \t\n\0";
	char text[EXEC_HEAD_SIZE];

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		char *interpreter, *argument;
		unsigned special = unit_random() % 20 + 1;

		for (unsigned i = 0; i < EXEC_HEAD_SIZE; i++)
			text[i] = unit_random() % special ? 'a' : alphabet[unit_random() % 9];
		memcpy(text, "#!", 2);
		if (parse(text, sizeof(text), &interpreter, &argument))
			continue;
		assert_true(interpreter >= head + 2 && interpreter < head + EXEC_HEAD_SIZE);
		assert_true(interpreter + strlen(interpreter) < head + EXEC_HEAD_SIZE);
		assert_null(strchr(interpreter, ' '));
		assert_null(strchr(interpreter, '\n'));
		if (argument) {
			assert_true(argument > interpreter && argument < head + EXEC_HEAD_SIZE);
			assert_true(argument + strlen(argument) < head + EXEC_HEAD_SIZE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(random_lines),
	};

	return cmocka_run_group_tests(tests, make_head, free_head);
}
