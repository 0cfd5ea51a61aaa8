/*
 * Memory and string routines.
 *
 * The block routines are the string instructions, a word at a time with the odd bytes at the
 * end: short, and the fewest instructions on any processor that we know of. The direction flag
 * is clear whenever kernel code runs.
 */
#include <string.h>

#include <abi/errno.h>
#include <assert.h>

void *memcpy(void *to, const void *from, size_t size)
{
	void *at = to;
	size_t words = size / 4;

	__asm__ volatile("rep movsl" : "+D"(at), "+S"(from), "+c"(words) : : "memory");
	size &= 3;
	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
	return to;
}

/* Copies from the last byte to the first: for a target that overlaps the end of its source. */
static void copy_backwards(void *to, const void *from, size_t size)
{
	char *last_to = (char *)to + size - 1;
	const char *last_from = (const char *)from + size - 1;

	__asm__ volatile("std\n\trep movsb\n\tcld"
			 : "+D"(last_to), "+S"(last_from), "+c"(size)
			 :
			 : "memory", "cc");
}

void *memmove(void *to, const void *from, size_t size)
{
	/*
	 * Unsigned: a target below its source gives a huge distance, and forwards is right for
	 * it.
	 */
	if ((uintptr_t)to - (uintptr_t)from >= size)
		return memcpy(to, from, size);
	if (to != from)
		copy_backwards(to, from, size);
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	void *at = to;
	uint32_t word = (uint8_t)byte * 0x01010101u;
	size_t words = size / 4;

	__asm__ volatile("rep stosl" : "+D"(at), "+c"(words) : "a"(word) : "memory");
	size &= 3;
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(word) : "memory");
	return to;
}

/* From any address: i386 does not ask for alignment. */
static uint32_t word_at(const uint8_t *at)
{
	uint32_t word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	/* Words while they are equal; which byte of a word differs, the bytes then tell. */
	while (size >= 4 && word_at(x) == word_at(y)) {
		x += 4;
		y += 4;
		size -= 4;
	}
	for (; size > 0; size--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *from, int byte, size_t size)
{
	for (const uint8_t *at = from; size > 0; size--, at++) {
		if (*at == (uint8_t)byte)
			return (void *)at;
	}
	return NULL;
}

size_t strlen(const char *string)
{
	const char *end = string;

	while (*end)
		end++;
	return (size_t)(end - string);
}

size_t strnlen(const char *string, size_t limit)
{
	size_t length = 0;

	while (length < limit && string[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t limit)
{
	for (; limit > 0; limit--, a++, b++) {
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	}
	return 0;
}

char *strchr(const char *string, int byte)
{
	for (;; string++) {
		if (*string == (char)byte)
			return (char *)string;
		if (!*string)
			return NULL;
	}
}

char *strrchr(const char *string, int byte)
{
	const char *found = NULL;

	for (;; string++) {
		if (*string == (char)byte)
			found = string;
		if (!*string)
			return (char *)found;
	}
}

char *strstr(const char *string, const char *part)
{
	size_t length = strlen(part);

	for (;; string++) {
		if (strncmp(string, part, length) == 0)
			return (char *)string;
		if (!*string)
			return NULL;
	}
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);

	if (size > 0) {
		size_t copied = MIN(length, size - 1);

		memcpy(to, from, copied);
		to[copied] = '\0';
	}
	return length;
}

static bool is_hex_prefix(const char *string)
{
	return string[0] == '0' && (string[1] | 0x20) == 'x';
}

/* The value of a digit in any base up to 16; 16 for what is no digit. */
static unsigned digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned)(digit - '0');
	digit |= 0x20;
	if (digit >= 'a' && digit <= 'f')
		return (unsigned)(digit - 'a' + 10);
	return 16;
}

int parse_u32(const char *string, int base, uint32_t *value)
{
	uint64_t number = 0;

	assert(base == 0 || base == 8 || base == 10 || base == 16);
	if (base == 0)
		base = is_hex_prefix(string) ? 16 : string[0] == '0' ? 8 : 10;
	if (base == 16 && is_hex_prefix(string))
		string += 2;
	if (!*string)
		return -EINVAL;
	for (; *string; string++) {
		unsigned digit = digit_value(*string);

		if (digit >= (unsigned)base)
			return -EINVAL;
		/* Once too large it stays too large, but the rest must be digits all the same. */
		if (number <= UINT32_MAX)
			number = number * (unsigned)base + digit;
	}
	if (number > UINT32_MAX)
		return -ERANGE;
	*value = (uint32_t)number;
	return 0;
}
