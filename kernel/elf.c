/*
 * ELF headers, checked and worked out (gABI chapter 5). All sums are done in 64 bits, so that
 * nothing wraps unseen.
 */
#include <elf.h>

#include <err.h>
#include <layout.h>
#include <string.h>

#define HEADERS_MAX 65536u /* bytes of program headers, as Linux */

int elf_check_header(const struct elf_header *header, size_t size)
{
	uint32_t headers_size = header->program_count * (uint32_t)sizeof(struct elf_segment);

	if (size < sizeof(*header) || memcmp(header->ident, ELF_MAGIC, 4) != 0)
		return -ENOEXEC;
	if (header->type != ET_EXEC && header->type != ET_DYN)
		return -ENOEXEC;
	if (header->machine != EM_386 && header->machine != EM_486)
		return -ENOEXEC;
	if (header->program_entry_size != sizeof(struct elf_segment))
		return -ENOEXEC;
	if (headers_size == 0 || headers_size > HEADERS_MAX)
		return -ENOEXEC;
	return 0;
}

static vaddr_t page_down(uint32_t address)
{
	return address & ~PAGE_MASK;
}

static uint64_t page_up(uint64_t address)
{
	return (address + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
}

/* Linux holds the segment as linked against the end of user memory, too. */
static bool segment_fits(const struct elf_segment *segment, vaddr_t start, vaddr_t top)
{
	return (uint64_t)segment->vaddr + segment->memory_size <= top && segment->vaddr < top &&
	       start < top && page_up((uint64_t)start + segment->memory_size) <= top;
}

int elf_plan_load(const struct elf_segment *segment, uint32_t bias, vaddr_t top,
		  struct elf_load *load)
{
	vaddr_t start = segment->vaddr + bias;
	uint64_t file_end = (uint64_t)start + segment->file_size;
	uint64_t end = (uint64_t)start + segment->memory_size;

	if (segment->file_size > segment->memory_size || !segment_fits(segment, start, top))
		return -EINVAL;
	if (segment->file_size > 0 && (segment->offset - segment->vaddr) & PAGE_MASK)
		return -EINVAL;
	load->file_start = load->file_end = page_down(start);
	load->clear_start = load->clear_end = load->zero_start = load->zero_end = 0;
	load->page_offset = segment->offset >> PAGE_SHIFT;
	load->rights = segment->flags;
	if (segment->file_size > 0)
		load->file_end = (vaddr_t)page_up(file_end);
	if (segment->memory_size == segment->file_size)
		return 0;
	load->zero_start = load->file_end;
	load->zero_end = (vaddr_t)page_up(end);
	if (segment->file_size > 0 && file_end < load->file_end) {
		load->clear_start = (vaddr_t)file_end;
		load->clear_end = load->file_end;
	}
	return 0;
}

struct elf_extent elf_find_extent(const struct elf_segment *segments, unsigned count)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct elf_segment *segment = &segments[i];
		uint64_t end = (uint64_t)segment->vaddr + segment->memory_size;

		if (segment->type != PT_LOAD)
			continue;
		if (page_down(segment->vaddr) < low)
			low = page_down(segment->vaddr);
		if (end > high)
			high = end;
	}
	if (high <= low || high - low > UINT32_MAX)
		return (struct elf_extent){ 0, 0 };
	return (struct elf_extent){ (vaddr_t)low, (uint32_t)(high - low) };
}

uint32_t elf_alignment(const struct elf_segment *segments, unsigned count)
{
	uint32_t alignment = PAGE_SIZE;

	for (unsigned i = 0; i < count; i++) {
		uint32_t align = segments[i].align;

		if (segments[i].type == PT_LOAD && (align & (align - 1)) == 0 && align > alignment)
			alignment = align;
	}
	return alignment;
}

const struct elf_segment *elf_find_segment(const struct elf_segment *segments, unsigned count,
					   uint32_t type)
{
	for (unsigned i = 0; i < count; i++)
		if (segments[i].type == type)
			return &segments[i];
	return NULL;
}

vaddr_t elf_headers_address(const struct elf_header *header, const struct elf_segment *segments)
{
	vaddr_t address = 0;

	for (unsigned i = 0; i < header->program_count; i++) {
		const struct elf_segment *segment = &segments[i];
		uint32_t into = header->program_offset - segment->offset;

		if (segment->type == PT_LOAD && segment->offset <= header->program_offset &&
		    into < segment->file_size)
			address = segment->vaddr + into;
	}
	return address;
}

vaddr_t elf_end(const struct elf_segment *segments, unsigned count)
{
	vaddr_t end = 0;

	for (unsigned i = 0; i < count; i++) {
		vaddr_t segment_end = segments[i].vaddr + segments[i].memory_size;

		if (segments[i].type == PT_LOAD && segment_end > end)
			end = segment_end;
	}
	return end;
}
