/*
 * The #! line: "#!", blanks, the interpreter's path, and perhaps blanks and one argument, which
 * is the rest of the line without blanks at its end. The line ends with a newline, or the file
 * before EXEC_HEAD_SIZE; a path that may have been cut off there is refused.
 */
#include "exec_internal.h"

#include <err.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first character in [at, last] that is no blank, or NULL. */
static char *skip_blanks(char *at, char *last)
{
	for (; at <= last; at++)
		if (!is_blank(*at))
			return at;
	return NULL;
}

/* The first blank or NUL in [at, last], or NULL. */
static char *find_end_of_word(char *at, char *last)
{
	for (; at <= last; at++)
		if (is_blank(*at) || *at == '\0')
			return at;
	return NULL;
}

/*
 * The end of the line; NULL when there is nothing on it, or when its first word may go on
 * beyond what was read.
 */
static char *find_end_of_line(char *head)
{
	char *last = head + EXEC_HEAD_SIZE - 1;
	char *end = memchr(head, '\n', strnlen(head, EXEC_HEAD_SIZE));
	char *word;

	if (end)
		return end;
	word = skip_blanks(head + 2, last);
	return word && find_end_of_word(word, last) ? last : NULL;
}

int script_parse(char *head, char **interpreter, char **argument)
{
	char *end, *word_end;

	if (head[0] != '#' || head[1] != '!')
		return -ENOEXEC;
	end = find_end_of_line(head);
	if (!end)
		return -ENOEXEC;
	while (is_blank(end[-1]))
		end--;
	*interpreter = skip_blanks(head + 2, end);
	if (!*interpreter || *interpreter == end)
		return -ENOEXEC;
	*argument = NULL;
	word_end = find_end_of_word(*interpreter, end);
	if (word_end && *word_end != '\0') {
		*argument = skip_blanks(word_end, end);
		*word_end = '\0';
	}
	*end = '\0';
	return 0;
}
