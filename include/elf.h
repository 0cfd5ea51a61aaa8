/*
 * What an ELF file's headers mean, worked out before anything is done about it. Pure functions:
 * they touch nothing but their arguments, take every lie, and are tested on the host.
 */
#ifndef LOFT_ELF_H
#define LOFT_ELF_H

#include <abi/elf.h>
#include <types.h>

/*
 * 0 when the first `size` bytes of a file are the header of a program for this machine whose
 * program headers can be read; -ENOEXEC.
 */
__must_check int elf_check_header(const struct elf_header *header, size_t size);

/*
 * What a PT_LOAD segment asks for; empty ranges ask for nothing. Page-aligned but for the bytes
 * to be cleared.
 */
struct elf_load {
	vaddr_t file_start, file_end;	/* pages of the file, mapped privately */
	uint32_t page_offset;		/* the first one's number in the file */
	vaddr_t clear_start, clear_end; /* bytes of the last one that are not the file's */
	vaddr_t zero_start, zero_end;	/* pages of zeros behind */
	uint32_t rights;		/* PF_* */
};

/*
 * Works out what segment, moved up by bias (modulo 2^32), asks for below top (page-aligned).
 * -EINVAL: more than there is, more in the file than in memory, or file and memory differing in
 * their place within a page.
 */
__must_check int elf_plan_load(const struct elf_segment *segment, uint32_t bias, vaddr_t top,
			       struct elf_load *load);

/*
 * From the first page to the last byte of all PT_LOAD segments, as they are linked. Size 0:
 * none, or nonsense.
 */
struct elf_extent {
	vaddr_t start;
	uint32_t size;
};
struct elf_extent elf_find_extent(const struct elf_segment *segments, unsigned count);

/* The largest alignment that a PT_LOAD asks for, if it is a power of two; at least a page. */
uint32_t elf_alignment(const struct elf_segment *segments, unsigned count);

/* The first segment of that type, or NULL. */
const struct elf_segment *elf_find_segment(const struct elf_segment *segments, unsigned count,
					   uint32_t type);

/* Where the program headers are in memory, before bias: 0 when no segment holds them. */
vaddr_t elf_headers_address(const struct elf_header *header, const struct elf_segment *segments);

/*
 * The end of the program's memory, before bias, unrounded: where the heap starts. 0 without
 * PT_LOAD.
 */
vaddr_t elf_end(const struct elf_segment *segments, unsigned count);

#endif
