/*
 * What the files about exec share: exec.c (the course of it), exec_strings.c (arguments and
 * environment), exec_load.c (the program's memory), script.c (#!).
 */
#ifndef LOFT_KERNEL_EXEC_INTERNAL_H
#define LOFT_KERNEL_EXEC_INTERNAL_H

#include <elf.h>
#include <types.h>

struct file;
struct mm;

#define EXEC_PATH_MAX 4096u	    /* with the end */
#define EXEC_STRING_MAX (128u * KB) /* one string, with its end */
#define EXEC_HEAD_SIZE 256u	    /* of a file is looked at to tell what it is */

/*
 * The strings that go to the top of the new stack: arguments, environment, path, each
 * terminated, in this order, at the end of a buffer that grows downwards, since scripts put
 * arguments in front.
 */
struct exec_strings {
	char *buffer;
	size_t capacity;
	size_t used; /* from the end */
	uint32_t argc, envc;
	size_t path_size; /* with its end: the last string */
	bool unreachable; /* exec_source's */
};

/* Where argv and envp come from. */
struct exec_source {
	bool kernel;
	bool unreachable; /* the program's name means nothing to an interpreter: no scripts */
	const void *argv, *envp; /* uint32_t __user *, or const char *const *; NULL: none */
};

/* Copies everything in: -EFAULT, -E2BIG, -ENOMEM. On success exec_strings_free is due. */
__must_check int exec_strings_collect(struct exec_strings *strings, const char *path,
				      const struct exec_source *source);
/* Takes the first argument out, puts one in front. -ENOMEM, -E2BIG. */
void exec_strings_drop_first(struct exec_strings *strings);
__must_check int exec_strings_prepend(struct exec_strings *strings, const char *text);
void exec_strings_free(struct exec_strings *strings);
static inline char *exec_strings_start(const struct exec_strings *strings)
{
	return strings->buffer + strings->capacity - strings->used;
}

/*
 * A #! line, taken apart in place: the interpreter and its one argument or NULL. -ENOEXEC. head
 * is EXEC_HEAD_SIZE bytes.
 */
__must_check int script_parse(char *head, char **interpreter, char **argument);

/* An ELF file with its headers in memory. */
struct elf_program {
	struct file *file; /* a reference */
	struct elf_header header;
	struct elf_segment *segments; /* header.program_count of them, on the heap */
	uint32_t bias;		      /* added to linked addresses, modulo 2^32 */
};

/* Opens a program or interpreter. "" is -EACCES. */
__must_check struct file *exec_open(const char *path);
/* Reads and checks the headers. Takes over file on success. -EIO: too short, -ENOEXEC, -ENOMEM. */
__must_check int elf_program_open(struct elf_program *program, struct file *file);
void elf_program_close(struct elf_program *program);

struct exec_image {
	struct elf_program main;
	struct elf_program interpreter; /* file NULL: none */
	struct mm *mm;
	vaddr_t entry, stack; /* eip and esp to start with */
};

/* Who the program runs as, for the auxiliary vector. */
struct exec_identity {
	uint32_t uid, euid, gid, egid;
	bool secure;
};

/*
 * Finds the interpreter that PT_INTERP names, if any. Errors as Linux before its point of no
 * return.
 */
__must_check int exec_find_interpreter(struct exec_image *image);
/*
 * Maps stack, program and interpreter into image->mm, and fills the stack. Errors beyond
 * -ENOMEM: the file lies.
 */
__must_check int exec_build(struct exec_image *image, const struct exec_strings *strings,
			    const struct exec_identity *identity);

#endif
