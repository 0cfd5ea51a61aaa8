/*
 * Texts of files in /proc: buffers on the heap that double as they are printed to.
 */
#include "proc.h"

#include <format.h>
#include <kheap.h>
#include <string.h>

#define TEXT_ROOM_FIRST 1024u
#define TEXT_ROOM_MAX (4u * MB) /* the most that kalloc gives */

/* Room for size bytes more and an end. */
static bool text_reserve(struct proc_text *text, size_t size)
{
	size_t room = MAX(text->room, TEXT_ROOM_FIRST);
	char *bytes;

	if (text->failed)
		return false;
	while (room < text->used + size + 1 && room < TEXT_ROOM_MAX)
		room *= 2;
	if (room == text->room)
		return text->used + size + 1 <= room;
	bytes = text->used + size + 1 <= room ? kalloc(room) : NULL;
	if (!bytes) {
		text->failed = true;
		return false;
	}
	if (text->used)
		memcpy(bytes, text->bytes, text->used);
	kfree(text->bytes);
	text->bytes = bytes;
	text->room = room;
	return true;
}

void proc_append(struct proc_text *text, const char *bytes, size_t size)
{
	if (!text_reserve(text, size))
		return;
	memcpy(text->bytes + text->used, bytes, size);
	text->used += size;
}

void proc_print(struct proc_text *text, const char *pattern, ...)
{
	va_list args;
	int length;

	if (!text_reserve(text, 1))
		return;
	va_start(args, pattern);
	length = vformat(text->bytes + text->used, text->room - text->used, pattern, args);
	va_end(args);
	if ((size_t)length >= text->room - text->used) {
		if (!text_reserve(text, (size_t)length))
			return;
		va_start(args, pattern);
		vformat(text->bytes + text->used, text->room - text->used, pattern, args);
		va_end(args);
	}
	text->used += (size_t)length;
}

void proc_text_free(struct proc_text *text)
{
	if (text)
		kfree(text->bytes);
	kfree(text);
}
