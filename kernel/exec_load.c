/*
 * The new program's memory: segments, heap, stack, and what lies on it.
 *
 * The stack from the top down: a zero word; the path, the environment's and the arguments'
 * strings; the platform's name and 16 random bytes; the auxiliary vector, the environment's and
 * the arguments' pointers, and at esp, which is a multiple of 16, their number. For a program
 * with few arguments all of it is in one page, the only one that is touched.
 */
#include "exec_internal.h"

#include <assert.h>
#include <cpu.h>
#include <err.h>
#include <fs.h>
#include <kheap.h>
#include <kvrange.h>
#include <random.h>
#include <string.h>
#include <task.h>
#include <vdso.h>

/*
 * Where a program goes that can go anywhere and has an interpreter, and the heap of one that has
 * none (Linux's ELF_ET_DYN_BASE for i386).
 */
#define DYN_BASE 0x400000u
/* What stays free below the stack's top for it to grow into, at least. */
#define STACK_GAP_MIN (128u * MB)
#define STACK_GUARD MB

static const char platform[] = "i686";

/* ---- headers ---- */

struct file *exec_open(const char *path)
{
	/* No name at all names the working directory here, and that is no program. */
	return *path ? file_open_exec(path) : ERR_PTR(-EACCES);
}

int elf_program_open(struct elf_program *program, struct file *file)
{
	struct elf_header *header = &program->header;
	ssize_t size = file_read_kernel(file, header, sizeof(*header), 0);
	size_t headers_size;

	if (size != (ssize_t)sizeof(*header))
		return -EIO;
	if (elf_check_header(header, (size_t)size))
		return -ENOEXEC;
	headers_size = header->program_count * sizeof(struct elf_segment);
	program->segments = kalloc(headers_size);
	if (!program->segments)
		return -ENOMEM;
	size = file_read_kernel(file, program->segments, headers_size, header->program_offset);
	if (size != (ssize_t)headers_size) {
		kfree(program->segments);
		program->segments = NULL;
		return -ENOEXEC;
	}
	program->file = file;
	program->bias = 0;
	return 0;
}

void elf_program_close(struct elf_program *program)
{
	if (!program->file)
		return;
	kfree(program->segments);
	file_put(program->file);
	program->file = NULL;
}

/* The path in a PT_INTERP segment: on the heap, or ERR_PTR. */
static char *read_interpreter_path(struct file *file, const struct elf_segment *segment)
{
	uint32_t size = segment->file_size;
	ssize_t done;
	char *path;

	if (size < 2 || size > EXEC_PATH_MAX)
		return ERR_PTR(-ENOEXEC);
	path = kalloc(size);
	if (!path)
		return ERR_PTR(-ENOMEM);
	done = file_read_kernel(file, path, size, segment->offset);
	if (done == (ssize_t)size && path[size - 1] == '\0')
		return path;
	kfree(path);
	if (done != (ssize_t)size)
		return ERR_PTR(done < 0 ? (int)done : -EIO);
	return ERR_PTR(-ENOEXEC);
}

int exec_find_interpreter(struct exec_image *image)
{
	const struct elf_program *program = &image->main;
	const struct elf_segment *segment =
		elf_find_segment(program->segments, program->header.program_count, PT_INTERP);
	struct file *file;
	char *path;
	int error;

	if (!segment)
		return 0;
	path = read_interpreter_path(program->file, segment);
	if (IS_ERR(path))
		return PTR_ERR(path);
	file = exec_open(path);
	kfree(path);
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = elf_program_open(&image->interpreter, file);
	if (error) {
		file_put(file);
		return error == -ENOEXEC ? -ELIBBAD : error;
	}
	return 0;
}

/* ---- segments ---- */

static uint32_t rights_of(uint32_t flags)
{
	return (flags & PF_R ? VMA_READ : 0) | (flags & PF_W ? VMA_WRITE : 0) |
	       (flags & PF_X ? VMA_EXEC : 0);
}

static int map_file_pages(struct mm *mm, struct file *file, const struct elf_load *load, bool first)
{
	struct mm_map_request request = {
		.address = load->file_start,
		.size = load->file_end - load->file_start,
		.flags = rights_of(load->rights),
		.fixed = true,
		.fixed_noreplace = first,
		.page_offset = load->page_offset,
		.file = file,
	};
	vaddr_t address;

	if (request.size == 0)
		return 0;
	request.object = file_mmap_object(file);
	if (IS_ERR(request.object))
		return PTR_ERR(request.object);
	return mm_map(mm, &request, &address);
}

static int map_zero_pages(struct mm *mm, const struct elf_load *load)
{
	struct mm_map_request request = {
		.address = load->zero_start,
		.size = load->zero_end - load->zero_start,
		.flags = VMA_READ | VMA_WRITE | (load->rights & PF_X ? VMA_EXEC : 0),
		.fixed = true,
	};
	vaddr_t address;

	return request.size ? mm_map(mm, &request, &address) : 0;
}

/* A segment that is not writable keeps what the file has there, as on Linux. */
static int clear_tail(struct mm *mm, const struct elf_load *load)
{
	size_t size = load->clear_end - load->clear_start;
	void *zeros;
	size_t done;

	if (size == 0 || !(load->rights & PF_W))
		return 0;
	zeros = kzalloc(size);
	if (!zeros)
		return -ENOMEM;
	done = mm_write(mm, load->clear_start, zeros, size);
	kfree(zeros);
	return done == size ? 0 : -EFAULT;
}

static int load_segments(struct mm *mm, const struct elf_program *program)
{
	bool first = true;

	for (unsigned i = 0; i < program->header.program_count; i++) {
		struct elf_load load;
		int error;

		if (program->segments[i].type != PT_LOAD)
			continue;
		error = elf_plan_load(&program->segments[i], program->bias, USER_TOP, &load);
		if (!error)
			error = map_file_pages(mm, program->file, &load, first);
		if (!error)
			error = clear_tail(mm, &load);
		if (!error)
			error = map_zero_pages(mm, &load);
		if (error)
			return error;
		first = false;
	}
	return 0;
}

/* Chooses the bias of a movable program so that it starts at base. */
static int place_at(struct elf_program *program, vaddr_t base)
{
	struct elf_extent extent = elf_find_extent(program->segments,
						   program->header.program_count);

	if (program->header.type != ET_DYN)
		return 0;
	if (extent.size == 0)
		return -EINVAL;
	base &= ~(elf_alignment(program->segments, program->header.program_count) - 1);
	program->bias = base - extent.start;
	return 0;
}

/*
 * An interpreter goes where mmap would put it: found by mapping its extent and taking it away
 * again.
 */
static int place_as_mmap(struct mm *mm, struct elf_program *program)
{
	struct elf_extent extent = elf_find_extent(program->segments,
						   program->header.program_count);
	struct mm_map_request request = { .size = extent.size };
	vaddr_t base;
	int error;

	if (program->header.type != ET_DYN)
		return 0;
	if (extent.size == 0)
		return -EINVAL;
	if (extent.size > USER_TOP)
		return -ENOMEM;
	error = mm_map(mm, &request, &base);
	if (!error)
		error = mm_unmap(mm, base, ROUND_UP(extent.size, PAGE_SIZE));
	program->bias = base - extent.start;
	return error;
}

/* Linked addresses of code and data, as Linux reports them in /proc/PID/stat. */
static void note_code_and_data(struct mm *mm, const struct elf_program *program)
{
	mm->code_start = UINT32_MAX;
	for (unsigned i = 0; i < program->header.program_count; i++) {
		const struct elf_segment *segment = &program->segments[i];
		vaddr_t end = segment->vaddr + segment->file_size;

		if (segment->type != PT_LOAD)
			continue;
		if (segment->flags & PF_X) {
			mm->code_start = MIN(mm->code_start, segment->vaddr);
			mm->code_end = MAX(mm->code_end, end);
		}
		mm->data_start = MAX(mm->data_start, segment->vaddr);
		mm->data_end = MAX(mm->data_end, end);
	}
	mm->code_start += program->bias;
	mm->code_end += program->bias;
	mm->data_start += program->bias;
	mm->data_end += program->bias;
}

static int load_programs(struct exec_image *image)
{
	struct elf_program *program = &image->main;
	struct mm *mm = image->mm;
	vaddr_t entry = program->header.entry;
	int error;

	/* What has no interpreter may be one itself, run by hand: out of its programs' way. */
	if (image->interpreter.file)
		error = place_at(program, DYN_BASE);
	else
		error = place_as_mmap(mm, program);
	if (!error)
		error = load_segments(mm, program);
	if (error)
		return error;
	note_code_and_data(mm, program);
	mm->brk_start = mm->brk =
		ROUND_UP(elf_end(program->segments, program->header.program_count) + program->bias,
			 PAGE_SIZE);
	if (program->header.type == ET_DYN && !image->interpreter.file)
		mm->brk_start = mm->brk = DYN_BASE;
	entry += program->bias;
	if (image->interpreter.file) {
		error = place_as_mmap(mm, &image->interpreter);
		if (!error)
			error = load_segments(mm, &image->interpreter);
		entry = image->interpreter.header.entry + image->interpreter.bias;
	}
	if (!error)
		error = vdso_map(mm);
	image->entry = entry;
	return error ? error : entry < USER_TOP ? 0 : -EINVAL;
}

/* ---- the stack ---- */

/* A vector of words being filled in. */
struct words {
	uint32_t *at;
	const uint32_t *end;
};

static void put(struct words *words, uint32_t value)
{
	assert(words->at < words->end);
	*words->at++ = value;
}

static void put_pair(struct words *words, uint32_t type, uint32_t value)
{
	put(words, type);
	put(words, value);
}

#define AUXV_PAIRS 23 /* the end included */

struct stack_layout {
	vaddr_t strings; /* the first argument */
	vaddr_t path;
	vaddr_t platform, random;
	vaddr_t esp;
	size_t nwords;
};

static void lay_out(struct stack_layout *layout, const struct exec_strings *strings)
{
	layout->nwords = 1 + strings->argc + 1 + strings->envc + 1 + 2 * AUXV_PAIRS;
	layout->strings = USER_TOP - sizeof(uint32_t) - strings->used;
	layout->path = USER_TOP - sizeof(uint32_t) - strings->path_size;
	layout->platform = (layout->strings & ~15u) - sizeof(platform);
	layout->random = layout->platform - 16;
	layout->esp = (layout->random - layout->nwords * sizeof(uint32_t)) & ~15u;
	assert(layout->esp < layout->random && layout->strings <= layout->path);
}

static void put_auxv(struct words *words, const struct exec_image *image,
		     const struct stack_layout *layout, const struct exec_identity *identity)
{
	const struct elf_program *program = &image->main;
	vaddr_t headers = elf_headers_address(&program->header, program->segments);

	put_pair(words, AT_SYSINFO, vdso_address(image->mm, VDSO_VSYSCALL));
	put_pair(words, AT_SYSINFO_EHDR, image->mm->vdso);
	put_pair(words, AT_MINSIGSTKSZ, signal_frame_size_max());
	put_pair(words, AT_HWCAP, cpu.words[CPU_WORD_1_EDX]);
	put_pair(words, AT_PAGESZ, PAGE_SIZE);
	put_pair(words, AT_CLKTCK, HZ);
	put_pair(words, AT_PHDR, headers + program->bias);
	put_pair(words, AT_PHENT, sizeof(struct elf_segment));
	put_pair(words, AT_PHNUM, program->header.program_count);
	put_pair(words, AT_BASE, image->interpreter.file ? image->interpreter.bias : 0);
	put_pair(words, AT_FLAGS, 0);
	put_pair(words, AT_ENTRY, program->header.entry + program->bias);
	put_pair(words, AT_UID, identity->uid);
	put_pair(words, AT_EUID, identity->euid);
	put_pair(words, AT_GID, identity->gid);
	put_pair(words, AT_EGID, identity->egid);
	put_pair(words, AT_SECURE, identity->secure);
	put_pair(words, AT_RANDOM, layout->random);
	put_pair(words, AT_HWCAP2, 0);
	put_pair(words, AT_EXECFN, layout->path);
	put_pair(words, AT_PLATFORM, layout->platform);
	put_pair(words, AT_NULL, 0);
}

/* Pointers to count strings that lie one after the other, and a 0. */
static void put_pointers(struct words *words, const char **string, vaddr_t *address, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t size = strlen(*string) + 1;

		put(words, *address);
		*string += size;
		*address += size;
	}
	put(words, 0);
}

static void fill_words(uint32_t *to, struct exec_image *image, const struct exec_strings *strings,
		       const struct stack_layout *layout, const struct exec_identity *identity)
{
	struct words words = { to, to + layout->nwords };
	const char *string = exec_strings_start(strings);
	vaddr_t address = layout->strings;
	struct mm *mm = image->mm;
	const uint32_t *auxv;

	put(&words, strings->argc);
	mm->arg_start = address;
	put_pointers(&words, &string, &address, strings->argc);
	mm->arg_end = mm->env_start = address;
	put_pointers(&words, &string, &address, strings->envc);
	mm->env_end = address;
	auxv = words.at;
	put_auxv(&words, image, layout, identity);
	memset(mm->saved_auxv, 0, sizeof(mm->saved_auxv));
	memcpy(mm->saved_auxv, auxv, (size_t)((const char *)words.at - (const char *)auxv));
}

static int write_all(struct mm *mm, vaddr_t to, const void *from, size_t size)
{
	return mm_write(mm, to, from, size) == size ? 0 : -ENOMEM;
}

static int fill_stack(struct exec_image *image, const struct exec_strings *strings,
		      const struct stack_layout *layout, const struct exec_identity *identity)
{
	size_t size = layout->nwords * sizeof(uint32_t);
	uint32_t *words = kvalloc(size);
	struct mm *mm = image->mm;
	uint8_t random[16];
	int error;

	if (!words)
		return -ENOMEM;
	memset(words, 0, size);
	fill_words(words, image, strings, layout, identity);
	random_bytes(random, sizeof(random));
	error = write_all(mm, layout->strings, exec_strings_start(strings), strings->used);
	if (!error)
		error = write_all(mm, layout->platform, platform, sizeof(platform));
	if (!error)
		error = write_all(mm, layout->random, random, sizeof(random));
	if (!error)
		error = write_all(mm, layout->esp, words, size);
	kvfree(words);
	image->stack = layout->esp;
	return error;
}

/* New mappings go below what the stack may come to take. */
static vaddr_t mappings_top(void)
{
	uint32_t limit = current->process->rlimits[RLIMIT_STACK].current;
	uint32_t gap = limit < USER_TOP ? limit + STACK_GUARD : USER_TOP;

	gap = MAX(STACK_GAP_MIN, MIN(gap, USER_TOP / 6 * 5));
	return ROUND_DOWN(USER_TOP - gap, PAGE_SIZE);
}

int exec_build(struct exec_image *image, const struct exec_strings *strings,
	       const struct exec_identity *identity)
{
	const struct elf_program *program = &image->main;
	const struct elf_segment *stack =
		elf_find_segment(program->segments, program->header.program_count, PT_GNU_STACK);
	bool executable = !stack || (stack->flags & PF_X);
	struct stack_layout layout;
	int error;

	lay_out(&layout, strings);
	image->mm->mmap_top = mappings_top();
	error = mm_make_stack(image->mm, USER_TOP,
			      VMA_READ | VMA_WRITE | (executable ? VMA_EXEC : 0),
			      USER_TOP - layout.esp);
	if (!error)
		error = load_programs(image);
	if (!error)
		error = fill_stack(image, strings, &layout, identity);
	return error;
}
