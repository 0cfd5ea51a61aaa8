/*
 * The #! line: "#!", blanks, the interpreter's path, and perhaps blanks and one argument, which is the rest of the line
 * without blanks at its end. The line ends with a newline, or the file before EXEC_HEAD_SIZE; a path that may have been
 * cut off there is refused.
 */
#include "exec_internal.h"

#include <err.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static char *find_blank(char *at, const char *end)
{
	while (at < end && *at != '\0' && !is_blank(*at))
		at++;
	return at;
}

int script_parse(char *head, char **interpreter, char **argument)
{
	char *last = head + EXEC_HEAD_SIZE - 1;
	char *end, *at;

	if (head[0] != '#' || head[1] != '!')
		return -ENOEXEC;
	end = memchr(head, '\n', EXEC_HEAD_SIZE);
	if (!end) {
		at = skip_blanks(head + 2, last);
		if (at == last || find_blank(at, last) == last)
			return -ENOEXEC;
		end = last;
	}
	while (end > head + 2 && is_blank(end[-1]))
		end--;
	*end = '\0';
	*interpreter = skip_blanks(head + 2, end);
	if (**interpreter == '\0')
		return -ENOEXEC;
	at = find_blank(*interpreter, end);
	*argument = NULL;
	if (*at != '\0') {
		*at = '\0';
		at = skip_blanks(at + 1, end);
		if (*at != '\0')
			*argument = at;
	}
	return 0;
}
