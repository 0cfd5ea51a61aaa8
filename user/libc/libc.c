/*
 * The C library of Loft's own programs: start, system calls, text. See libc.h.
 */
#include "libc.h"

int main(int argc, char **argv, char **envp);

/* At entry the stack holds argc, argv..., NULL, envp..., NULL (System V ABI, i386, 3.4.1). */
__asm__(".globl _start\n"
	"_start:\n"
	"	xorl %ebp, %ebp\n"
	"	movl (%esp), %eax\n"
	"	leal 4(%esp), %ecx\n"
	"	leal 4(%ecx,%eax,4), %edx\n"
	"	andl $-16, %esp\n"
	"	subl $4, %esp\n"
	"	pushl %edx\n"
	"	pushl %ecx\n"
	"	pushl %eax\n"
	"	call main\n"
	"	movl %eax, %ebx\n"
	"	movl $252, %eax\n"
	"	int $0x80\n");

/* ebx ecx edx esi edi ebp carry the arguments; the kernel keeps all but eax. */
__asm__(".globl syscall6\n"
	"syscall6:\n"
	"	pushl %ebp\n"
	"	pushl %edi\n"
	"	pushl %esi\n"
	"	pushl %ebx\n"
	"	movl 20(%esp), %eax\n"
	"	movl 24(%esp), %ebx\n"
	"	movl 28(%esp), %ecx\n"
	"	movl 32(%esp), %edx\n"
	"	movl 36(%esp), %esi\n"
	"	movl 40(%esp), %edi\n"
	"	movl 44(%esp), %ebp\n"
	"	int $0x80\n"
	"	popl %ebx\n"
	"	popl %esi\n"
	"	popl %edi\n"
	"	popl %ebp\n"
	"	ret\n"
	".globl signal_return\n"
	"signal_return:\n"
	"	movl $173, %eax\n"
	"	int $0x80\n");

void signal_return(void);

void exit(int status)
{
	for (;;)
		syscall3(SYS_exit, status, 0, 0);
}

int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY, 0);
	if (fd < 0)
		return fd;
	size_t length = 0;
	int got;
	while ((got = read(fd, text + length, size - 1 - length)) > 0)
		length += got;
	close(fd);
	text[length] = 0;
	return got < 0 ? got : (int)length;
}

void *map_anonymous(void *address, size_t size, int prot, int flags)
{
	int32_t result = syscall6(SYS_mmap2, (uint32_t)address, size, prot,
				  flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* The last page is never the start of a mapping: those values are errors. */
	return (uint32_t)result >= -PAGE ? NULL : (void *)result;
}

int on_signal(int sig, signal_handler handler, uint32_t flags)
{
	const uint32_t sa_restorer = 0x04000000;
	struct {
		signal_handler handler;
		uint32_t flags;
		void (*restorer)(void);
		uint32_t mask[2];
	} action = { handler, flags | SA_SIGINFO | sa_restorer, signal_return, { 0, 0 } };
	return syscall4(SYS_rt_sigaction, sig, &action, 0, sizeof(action.mask));
}

size_t strlen(const char *text)
{
	size_t length = 0;
	while (text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

void *memset(void *to, int byte, size_t size)
{
	void *start = to;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return start;
}

void *memcpy(void *to, const void *from, size_t size)
{
	void *start = to;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return start;
}

const char *find(const char *text, const char *part)
{
	for (; *text; text++) {
		size_t same = 0;
		while (part[same] && text[same] == part[same])
			same++;
		if (!part[same])
			return text;
	}
	return NULL;
}

uint32_t number(const char *text)
{
	uint32_t base = 10, value = 0;
	if (text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		text += 2;
	}
	for (;; text++) {
		uint32_t digit = (uint32_t)*text - '0';
		if (digit > 9)
			digit = ((uint32_t)*text | 0x20) - 'a' + 10;
		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

/* The text of one print call, written out in one piece. */
struct line {
	char text[256];
	size_t length;
};

static void line_add(struct line *line, char character)
{
	if (line->length == sizeof(line->text)) {
		write(1, line->text, line->length);
		line->length = 0;
	}
	line->text[line->length++] = character;
}

static void line_add_number(struct line *line, uint32_t value, uint32_t base, size_t width,
			    char fill)
{
	char digits[12];
	size_t count = 0;
	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > count; width--)
		line_add(line, fill);
	while (count)
		line_add(line, digits[--count]);
}

static void line_add_text(struct line *line, const char *text, size_t width, bool left)
{
	size_t length = strlen(text);
	for (size_t i = length; !left && i < width; i++)
		line_add(line, ' ');
	for (size_t i = 0; i < length; i++)
		line_add(line, text[i]);
	for (size_t i = length; left && i < width; i++)
		line_add(line, ' ');
}

/* One conversion; format points behind the %. Returns where the format goes on. */
static const char *line_convert(struct line *line, const char *format, va_list *args)
{
	bool left = *format == '-';
	format += left;
	char fill = *format == '0' ? '0' : ' ';
	size_t width = number(format);
	while (*format >= '0' && *format <= '9')
		format++;
	if (*format == 's') {
		line_add_text(line, va_arg(*args, const char *), width, left);
	} else if (*format == 'd') {
		int32_t value = va_arg(*args, int32_t);
		if (value < 0)
			line_add(line, '-');
		line_add_number(line, value < 0 ? -(uint32_t)value : (uint32_t)value, 10, width,
				fill);
	} else if (*format == 'u' || *format == 'x') {
		line_add_number(line, va_arg(*args, uint32_t), *format == 'u' ? 10 : 16, width,
				fill);
	} else if (*format == 'c') {
		line_add(line, va_arg(*args, int));
	} else {
		line_add(line, *format);
	}
	return format + 1;
}

void vprint(const char *format, va_list args)
{
	struct line line;
	va_list rest;
	va_copy(rest, args);
	line.length = 0;
	while (*format) {
		if (*format == '%')
			format = line_convert(&line, format + 1, &rest);
		else
			line_add(&line, *format++);
	}
	va_end(rest);
	write(1, line.text, line.length);
}

void print(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vprint(format, args);
	va_end(args);
}
