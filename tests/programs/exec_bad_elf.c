/*
 * A small ELF program with one field after the other made to lie: what exec says, or what
 * becomes of the program.
 */
#include "task.h"

#include <elf.h>

#define BASE 0x08048000u
#define CODE 0x100u
#define DATA 0x1000u

struct image {
	Elf32_Ehdr header;
	Elf32_Phdr text, data, other;
	unsigned char gap[CODE - sizeof(Elf32_Ehdr) - 3 * sizeof(Elf32_Phdr)];
	unsigned char code[DATA - CODE];
	unsigned char bytes[16];
};

/* Exits with 40 + the byte in .bss (0) + the byte in .data (2). */
static const unsigned char code[] = {
	0x0f, 0xb6, 0x1d, 0x00, 0xa0, 0x04, 0x08, /* movzbl 0x804a000, %ebx */
	0x02, 0x1d, 0x00, 0xb0, 0x04, 0x08,	  /* addb 0x804b000, %bl */
	0x02, 0x1d, 0x10, 0xa0, 0x04, 0x08,	  /* addb 0x804a010, %bl */
	0x83, 0xc3, 0x28,			  /* addl $40, %ebx */
	0x31, 0xc0, 0x40, 0xcd, 0x80,		  /* exit */
};

static void make(struct image *image)
{
	memset(image, 0, sizeof(*image));
	memcpy(image->header.e_ident, "\177ELF\1\1\1", 7);
	image->header.e_type = ET_EXEC;
	image->header.e_machine = EM_386;
	image->header.e_version = 1;
	image->header.e_entry = BASE + CODE;
	image->header.e_phoff = sizeof(Elf32_Ehdr);
	image->header.e_ehsize = sizeof(Elf32_Ehdr);
	image->header.e_phentsize = sizeof(Elf32_Phdr);
	image->header.e_phnum = 3;
	image->text = (Elf32_Phdr){ .p_type = PT_LOAD,
				    .p_vaddr = BASE,
				    .p_filesz = DATA,
				    .p_memsz = DATA,
				    .p_flags = PF_R | PF_X,
				    .p_align = 4096 };
	image->data = (Elf32_Phdr){ .p_type = PT_LOAD,
				    .p_offset = DATA,
				    .p_vaddr = 0x804a000,
				    .p_filesz = 16,
				    .p_memsz = 0x2000,
				    .p_flags = PF_R | PF_W,
				    .p_align = 4096 };
	image->other.p_type = PT_NULL;
	memcpy(image->code, code, sizeof(code));
	image->bytes[0] = 2;
}

static void try(const char *what, const struct image *image, size_t size)
{
	char *arguments[] = { "elf", NULL }, *environment[] = { NULL };
	int file = open("elf", O_CREAT | O_TRUNC | O_WRONLY, 0755);
	pid_t child;

	if (file < 0 || write(file, image, size) != (ssize_t)size)
		exit(1);
	close(file);
	child = split();
	if (child == 0) {
		execve("elf", arguments, environment);
		printf("(%s) ", result_name(-1));
		leave(1);
	}
	reap(what, child);
}

#define LIE(field, value) \
	do { \
		struct image lie; \
		make(&lie); \
		lie.field = (value); \
		try(#field " = " #value, &lie, sizeof(lie)); \
	} while (0)

static void header_lies(void)
{
	LIE(header.e_ident[0], 0x7e);
	LIE(header.e_ident[3], 'f');
	LIE(header.e_ident[EI_CLASS], ELFCLASS64);
	LIE(header.e_ident[EI_DATA], ELFDATA2MSB);
	LIE(header.e_ident[EI_VERSION], 9);
	LIE(header.e_type, ET_NONE);
	LIE(header.e_type, ET_REL);
	LIE(header.e_type, ET_CORE);
	LIE(header.e_type, 0xffff);
	LIE(header.e_machine, EM_X86_64 + 1);
	LIE(header.e_machine, 0);
	LIE(header.e_version, 0);
	LIE(header.e_entry, 0);
	LIE(header.e_entry, 0xffffffff);
	LIE(header.e_entry, BASE + DATA);
	LIE(header.e_phoff, 0);
	LIE(header.e_phoff, 0xffffffff);
	LIE(header.e_phoff, sizeof(struct image) - 8);
	LIE(header.e_phoff, 0x80000000);
	LIE(header.e_ehsize, 0);
	LIE(header.e_phentsize, 0);
	LIE(header.e_phentsize, 31);
	LIE(header.e_phentsize, 56);
	LIE(header.e_phentsize, 0xffff);
	LIE(header.e_phnum, 0);
	LIE(header.e_phnum, 1);
	LIE(header.e_phnum, 2);
	LIE(header.e_phnum, 0xffff);
	LIE(header.e_phnum, 2049);
	LIE(header.e_shoff, 0xffffffff);
	LIE(header.e_shnum, 0xffff);
}

static void text_lies(void)
{
	LIE(text.p_type, PT_NULL);
	LIE(text.p_type, PT_NOTE);
	LIE(text.p_offset, 1);
	LIE(text.p_offset, 0x1000);
	LIE(text.p_offset, 0xfffff000);
	LIE(text.p_offset, 0xffffffff);
	LIE(text.p_vaddr, 0xfffff000);
	LIE(text.p_vaddr, 0xffffffff);
	LIE(text.p_vaddr, BASE + 1);
	LIE(text.p_vaddr, 0x10000000);
	LIE(text.p_paddr, 0xffffffff);
	LIE(text.p_filesz, 0);
	LIE(text.p_filesz, DATA + 1);
	LIE(text.p_filesz, 0xffffffff);
	LIE(text.p_filesz, 0x7fffffff);
	LIE(text.p_memsz, 0);
	LIE(text.p_memsz, 0xffffffff);
	LIE(text.p_memsz, 0xf8000000);
	LIE(text.p_memsz, 0x1fff);
	LIE(text.p_flags, 0);
	LIE(text.p_flags, 0xffffffff);
	LIE(text.p_align, 0);
	LIE(text.p_align, 3);
	LIE(text.p_align, 0x80000000);
}

static void data_lies(void)
{
	LIE(data.p_vaddr, BASE);
	LIE(data.p_vaddr, 0x804a800);
	LIE(data.p_vaddr, 0xfffe0000);
	LIE(data.p_offset, 0x2000);
	LIE(data.p_offset, 0x1800);
	LIE(data.p_filesz, 0);
	LIE(data.p_filesz, 0x2000);
	LIE(data.p_filesz, 0x2001);
	LIE(data.p_memsz, 15);
	LIE(data.p_memsz, 16);
	LIE(data.p_memsz, 0x1000);
	LIE(data.p_memsz, 0xf7fb6000);
	LIE(data.p_memsz, 0xffffffff);
	LIE(data.p_flags, PF_R);
	LIE(data.p_flags, PF_X);
}

static void other_lies(void)
{
	LIE(other.p_type, PT_LOAD);
	LIE(other.p_type, PT_PHDR);
	LIE(other.p_type, PT_TLS);
	LIE(other.p_type, PT_GNU_STACK);
	LIE(other.p_type, 0x60000000);
	LIE(other.p_type, PT_INTERP);
}

static void interpreter_lies(void)
{
	static const struct {
		const char *what, *path;
		unsigned offset, size;
	} lies[] = {
		{ "no such file", "/no/such/file", DATA, 14 },
		{ "a directory", "/proc", DATA, 6 },
		{ "no ELF", "junk", DATA, 5 },
		{ "not terminated", "junkjunk", DATA, 5 },
		{ "one byte", "", DATA, 1 },
		{ "beyond the end", "", 0x5000, 8 },
		{ "huge", "", DATA, 0x10000 },
		{ "empty name", "\0", DATA, 2 },
	};
	int junk = open("junk", O_CREAT | O_WRONLY, 0755);

	if (write(junk, "junk, and more of it", 20) != 20)
		exit(1);
	close(junk);
	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct image lie;
		char what[64];

		make(&lie);
		lie.other = (Elf32_Phdr){ .p_type = PT_INTERP,
					  .p_offset = lies[i].offset,
					  .p_filesz = lies[i].size };
		strcpy((char *)lie.bytes, lies[i].path);
		snprintf(what, sizeof(what), "interpreter: %s", lies[i].what);
		try(what, &lie, sizeof(lie));
	}
}

/* An interpreter that claims to need most of the address space, or more than there is. */
static void interpreter_sizes(void)
{
	static const unsigned sizes[] = { 0,	      0xbf000000, 0xc0000000,
					  0xfffff000, 0xfffff001, 0xffffffff };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct image loader, program;
		int file = open("loader", O_CREAT | O_TRUNC | O_WRONLY, 0755);
		char what[40];

		make(&loader);
		loader.header.e_type = ET_DYN;
		loader.header.e_entry = CODE;
		loader.text.p_vaddr = 0;
		loader.text.p_filesz = 0;
		loader.text.p_memsz = sizes[i];
		loader.data.p_type = PT_NULL;
		if (write(file, &loader, sizeof(loader)) != sizeof(loader))
			exit(1);
		close(file);
		make(&program);
		program.other =
			(Elf32_Phdr){ .p_type = PT_INTERP, .p_offset = DATA, .p_filesz = 7 };
		memcpy(program.bytes, "loader", 7);
		snprintf(what, sizeof(what), "interpreter of %x bytes", sizes[i]);
		try(what, &program, sizeof(program));
	}
}

static void short_files(void)
{
	static const unsigned sizes[] = { 0,   1,   4,	  51,	    52,	  53,	   84,
					  147, 148, CODE, DATA - 1, DATA, DATA + 1 };
	struct image image;

	make(&image);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char what[32];

		snprintf(what, sizeof(what), "%u bytes", sizes[i]);
		try(what, &image, sizes[i]);
	}
}

int main(void)
{
	struct image good;

	make(&good);
	try("as it should be", &good, sizeof(good));
	header_lies();
	text_lies();
	data_lies();
	other_lies();
	interpreter_lies();
	interpreter_sizes();
	short_files();
	return 0;
}
