/*
 * Arguments and environment on their way from the old program to the new one.
 *
 * They are counted first and copied then; another thread may change them in between, so the
 * copy takes no more than was counted. Limits are Linux's: a string 128 KB, all together with
 * their pointers a quarter of the stack's limit, at least 128 KB and at most 6 MB.
 */
#include "exec_internal.h"

#include <assert.h>
#include <err.h>
#include <kvrange.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

#define TOTAL_MIN (128u * KB)
#define TOTAL_MAX (6u * MB)
#define SCRIPT_ROOM 512u /* for a #! line, so that most need no second buffer */

/* ---- the buffer ---- */

void exec_strings_free(struct exec_strings *strings)
{
	kvfree(strings->buffer);
	strings->buffer = NULL;
}

static size_t total_limit(void)
{
	uint32_t quarter = current->process->rlimits[RLIMIT_STACK].current / 4;

	return MAX(MIN(quarter, TOTAL_MAX), TOTAL_MIN);
}

/* Do strings of that size, and the word above them, fit into the new program's stack? */
static bool fits_stack(const struct exec_source *source, size_t size)
{
	size_t needed = ROUND_UP(size + sizeof(uint32_t), PAGE_SIZE);

	/* As on Linux the first page is not asked for. */
	return source->kernel || needed <= PAGE_SIZE ||
	       needed <= current->process->rlimits[RLIMIT_STACK].current;
}

/* ---- the source ---- */

/* The i-th string of a vector: its address, 0 at the end. */
static int get_pointer(const struct exec_source *source, const void *vector, uint32_t i,
		       uint32_t *pointer)
{
	*pointer = 0;
	if (!vector)
		return 0;
	if (!source->kernel)
		return get_user(pointer, (const uint32_t __user *)vector + i);
	*pointer = (uint32_t)((const char *const *)vector)[i];
	return 0;
}

static ssize_t string_size(const struct exec_source *source, uint32_t pointer)
{
	ssize_t length;

	if (source->kernel)
		return (ssize_t)strlen((const char *)pointer) + 1;
	length = strnlen_user((const char __user *)pointer, EXEC_STRING_MAX);
	if (length < 0)
		return length;
	return (size_t)length >= EXEC_STRING_MAX ? -E2BIG : length + 1;
}

/* Adds up the strings of a vector. */
static int count_vector(const struct exec_source *source, const void *vector, size_t limit,
			uint32_t *count, size_t *size)
{
	for (uint32_t i = 0;; i++) {
		uint32_t pointer;
		ssize_t more;
		int error = get_pointer(source, vector, i, &pointer);

		*count = i;
		if (error || !pointer)
			return error;
		more = string_size(source, pointer);
		if (more < 0)
			return (int)more;
		*size += (size_t)more;
		if (*size + (i + 1) * sizeof(uint32_t) > limit)
			return -E2BIG;
		if (!source->kernel && signal_fatal_pending())
			return -ERESTARTNOHAND;
	}
}

/* Copies count strings to *at and moves it on; end bounds what a program changed meanwhile. */
static int copy_vector(const struct exec_source *source, const void *vector, uint32_t count,
		       char **at, const char *end)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t room = (size_t)(end - *at);
		uint32_t pointer;
		int length = get_pointer(source, vector, i, &pointer);

		if (length)
			return length;
		if (source->kernel)
			length = (int)strlcpy(*at, (const char *)pointer, room);
		else
			length = room == 0 ? -E2BIG
					   : strncpy_from_user(*at, (const char __user *)pointer,
							       room);
		if (length < 0)
			return length == -ENAMETOOLONG ? -E2BIG : length;
		*at += length + 1;
	}
	return 0;
}

/* ---- all together ---- */

static int allocate(struct exec_strings *strings, size_t size)
{
	strings->capacity = size + SCRIPT_ROOM;
	strings->buffer = kvalloc(strings->capacity);
	strings->used = size;
	return strings->buffer ? 0 : -ENOMEM;
}

/* Copies what was counted to its place in the buffer. */
static int fill(struct exec_strings *strings, const char *path, const struct exec_source *source,
		bool unnamed)
{
	char *path_at = strings->buffer + strings->capacity - strings->path_size;
	char *start = exec_strings_start(strings), *at = start;
	size_t gap;
	int error;

	assert(strings->used <= strings->capacity && strings->path_size <= strings->used);
	if (unnamed)
		*at++ = '\0';
	error = copy_vector(source, source->argv, strings->argc, &at, path_at);
	if (!error)
		error = copy_vector(source, source->envp, strings->envc, &at, path_at);
	if (error)
		return error;
	/* What has become shorter meanwhile leaves a gap: the strings move up to the path. */
	gap = (size_t)(path_at - at);
	if (gap > 0)
		memmove(start + gap, start, (size_t)(at - start));
	strings->used -= gap;
	memcpy(path_at, path, strings->path_size);
	strings->argc += unnamed;
	return 0;
}

int exec_strings_collect(struct exec_strings *strings, const char *path,
			 const struct exec_source *source)
{
	size_t limit = total_limit();
	size_t size = strlen(path) + 1;
	bool unnamed;
	int error;

	*strings = (struct exec_strings){ .path_size = size };
	error = count_vector(source, source->argv, limit, &strings->argc, &size);
	if (!error)
		error = count_vector(source, source->envp, limit, &strings->envc, &size);
	if (!error && !fits_stack(source, size))
		error = -E2BIG;
	unnamed = strings->argc == 0; /* a program always has a name, if only an empty one */
	if (!error)
		error = allocate(strings, size + unnamed);
	if (error)
		return error;
	error = fill(strings, path, source, unnamed);
	if (error)
		exec_strings_free(strings);
	return error;
}

void exec_strings_drop_first(struct exec_strings *strings)
{
	assert(strings->argc > 0);
	strings->used -= strlen(exec_strings_start(strings)) + 1;
	strings->argc--;
}

int exec_strings_prepend(struct exec_strings *strings, const char *text)
{
	size_t size = strlen(text) + 1;

	if (strings->used + size > total_limit() + EXEC_STRING_MAX)
		return -E2BIG;
	if (strings->used + size > strings->capacity) {
		size_t capacity = strings->used + size + SCRIPT_ROOM;
		char *buffer = kvalloc(capacity);

		if (!buffer)
			return -ENOMEM;
		memcpy(buffer + capacity - strings->used, exec_strings_start(strings),
		       strings->used);
		kvfree(strings->buffer);
		strings->buffer = buffer;
		strings->capacity = capacity;
	}
	strings->used += size;
	memcpy(exec_strings_start(strings), text, size);
	strings->argc++;
	return 0;
}
