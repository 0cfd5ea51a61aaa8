/*
 * Formatted print into memory.
 *
 * The text is read once; each directive is decoded into a struct field, its argument turned
 * into a number or a string, and put out with its padding. Output goes through struct out,
 * which counts what would have been written and stores what fits. As in ISO C: precision
 * switches '0' off for numbers, '-' wins over '0', '+' over ' '.
 */
#include <format.h>

#include <assert.h>
#include <string.h>

struct out {
	char *to;
	size_t size;
	size_t length; /* of the whole text so far, stored or not */
};

enum argument_size { SIZE_CHAR, SIZE_SHORT, SIZE_INT, SIZE_LONG_LONG };

struct field {
	bool left, zeros, plus, space, prefix; /* the flags - 0 + (space) # */
	int width;			       /* 0: none */
	int precision;			       /* -1: none */
	enum argument_size size;
};

static void put(struct out *out, char byte)
{
	if (out->length < out->size)
		out->to[out->length] = byte;
	out->length++;
}

static void put_many(struct out *out, char byte, int count)
{
	for (; count > 0; count--)
		put(out, byte);
}

static void put_bytes(struct out *out, const char *bytes, size_t size)
{
	for (; size > 0; size--)
		put(out, *bytes++);
}

/* A string in its width; never padded with zeros. */
static void put_string(struct out *out, const struct field *field, const char *bytes, size_t size)
{
	int padding = field->width - (int)size;

	if (!field->left)
		put_many(out, ' ', padding);
	put_bytes(out, bytes, size);
	if (field->left)
		put_many(out, ' ', padding);
}

/*
 * Writes the digits of number so that they end right before `end`; returns where they start (""
 * for 0).
 */
static char *digits_before(char *end, uint64_t number, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	while (number >> 32) {
		*--end = digits[number % base];
		number /= base;
	}
	/* What is left has 32 bits: no call for a 64-bit division. */
	for (uint32_t rest = (uint32_t)number; rest > 0; rest /= base)
		*--end = digits[rest % base];
	return end;
}

/* A number's digits with what comes in front: sign or base prefix, then zeros. */
static void put_number(struct out *out, const struct field *field, uint64_t number, unsigned base,
		       bool upper, const char *front)
{
	char buffer[24];
	char *end = buffer + sizeof(buffer);
	char *start = digits_before(end, number, base, upper);
	int ndigits = (int)(end - start);
	int front_size = (int)strlen(front);
	int zeros = (field->precision < 0 ? 1 : field->precision) - ndigits;
	int padding;

	if (base == 8 && field->prefix && zeros <= 0 && (ndigits > 0 || field->precision == 0))
		zeros = 1;
	zeros = MAX(zeros, 0);
	padding = MAX(field->width - front_size - zeros - ndigits, 0);
	if (field->zeros && !field->left && field->precision < 0) {
		zeros += padding;
		padding = 0;
	}
	put_many(out, ' ', field->left ? 0 : padding);
	put_bytes(out, front, (size_t)front_size);
	put_many(out, '0', zeros);
	put_bytes(out, start, (size_t)ndigits);
	put_many(out, ' ', field->left ? padding : 0);
}

static void put_signed(struct out *out, const struct field *field, int64_t number)
{
	const char *sign = number < 0 ? "-" : field->plus ? "+" : field->space ? " " : "";
	uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;

	put_number(out, field, magnitude, 10, false, sign);
}

static void put_unsigned(struct out *out, const struct field *field, uint64_t number,
			 char conversion)
{
	unsigned base = conversion == 'u' ? 10 : conversion == 'o' ? 8 : 16;
	const char *front = "";

	if (base == 16 && field->prefix && number != 0)
		front = conversion == 'X' ? "0X" : "0x";
	put_number(out, field, number, base, conversion == 'X', front);
}

static int64_t signed_argument(enum argument_size size, va_list *args)
{
	switch (size) {
	case SIZE_CHAR:
		return (signed char)va_arg(*args, int);
	case SIZE_SHORT:
		return (short)va_arg(*args, int);
	case SIZE_INT:
		return va_arg(*args, int);
	default:
		return va_arg(*args, long long);
	}
}

static uint64_t unsigned_argument(enum argument_size size, va_list *args)
{
	switch (size) {
	case SIZE_CHAR:
		return (unsigned char)va_arg(*args, unsigned);
	case SIZE_SHORT:
		return (unsigned short)va_arg(*args, unsigned);
	case SIZE_INT:
		return va_arg(*args, unsigned);
	default:
		return va_arg(*args, unsigned long long);
	}
}

static const char *read_flags(const char *at, struct field *field)
{
	for (;; at++) {
		switch (*at) {
		case '-':
			field->left = true;
			break;
		case '0':
			field->zeros = true;
			break;
		case '+':
			field->plus = true;
			break;
		case ' ':
			field->space = true;
			break;
		case '#':
			field->prefix = true;
			break;
		default:
			return at;
		}
	}
}

/* A decimal number or '*', which takes an int argument. */
static const char *read_count(const char *at, int *count, va_list *args)
{
	if (*at == '*') {
		*count = va_arg(*args, int);
		return at + 1;
	}
	*count = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		*count = *count * 10 + (*at - '0');
	return at;
}

static const char *read_width_and_precision(const char *at, struct field *field, va_list *args)
{
	at = read_count(at, &field->width, args);
	if (field->width < 0) {
		field->left = true;
		field->width = -field->width;
	}
	field->precision = -1;
	if (*at == '.') {
		at = read_count(at + 1, &field->precision, args);
		if (field->precision < 0)
			field->precision = -1;
	}
	return at;
}

/* long, size_t and ptrdiff_t have 32 bits here, as int has. */
static const char *read_size(const char *at, struct field *field)
{
	field->size = SIZE_INT;
	if (at[0] == 'h') {
		bool twice = at[1] == 'h';

		field->size = twice ? SIZE_CHAR : SIZE_SHORT;
		return at + (twice ? 2 : 1);
	}
	if (at[0] == 'l' && at[1] == 'l') {
		field->size = SIZE_LONG_LONG;
		return at + 2;
	}
	if (*at == 'l' || *at == 'z' || *at == 't')
		return at + 1;
	return at;
}

static void put_text(struct out *out, const struct field *field, const char *text)
{
	if (!text)
		text = "(null)";
	put_string(out, field, text,
		   field->precision < 0 ? strlen(text) : strnlen(text, (size_t)field->precision));
}

static void put_character(struct out *out, const struct field *field, char byte)
{
	put_string(out, field, &byte, 1);
}

static void put_pointer(struct out *out, struct field *field, const void *pointer)
{
	field->precision = 8;
	put_number(out, field, (uintptr_t)pointer, 16, false, "0x");
}

/* Puts out one directive, whose conversion letter is *at; returns what comes behind it. */
static const char *put_directive(struct out *out, const char *at, struct field *field,
				 va_list *args)
{
	switch (*at) {
	case 'd':
	case 'i':
		put_signed(out, field, signed_argument(field->size, args));
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_unsigned(out, field, unsigned_argument(field->size, args), *at);
		break;
	case 'c':
		put_character(out, field, (char)va_arg(*args, int));
		break;
	case 's':
		put_text(out, field, va_arg(*args, const char *));
		break;
	case 'p':
		put_pointer(out, field, va_arg(*args, const void *));
		break;
	default:
		/* The compiler checks every format: only "%%" comes here. */
		assert(*at == '%');
		put(out, '%');
	}
	return at + 1;
}

int vformat(char *to, size_t size, const char *text, va_list args)
{
	struct out out = { to, size, 0 };
	va_list rest;

	va_copy(rest, args);
	while (*text) {
		struct field field = { 0 };

		if (*text != '%') {
			put(&out, *text++);
			continue;
		}
		text = read_flags(text + 1, &field);
		text = read_width_and_precision(text, &field, &rest);
		text = read_size(text, &field);
		text = put_directive(&out, text, &field, &rest);
	}
	va_end(rest);
	if (size > 0)
		to[MIN(out.length, size - 1)] = '\0';
	return (int)out.length;
}

int format(char *to, size_t size, const char *text, ...)
{
	va_list args;
	int length;

	va_start(args, text);
	length = vformat(to, size, text, args);
	va_end(args);
	return length;
}
