/*
 * What the self-tests of virtual memory share: address spaces that are built and faulted in from
 * outside, and the books.
 */
#ifndef LOFT_SELFTEST_VM_H
#define LOFT_SELFTEST_VM_H

#include <ledger.h>
#include <log.h>
#include <mm.h>
#include <selftest.h>

#define AT 0x10000000u
#define RW (VMA_READ | VMA_WRITE)

static inline void report(void *context, const char *text)
{
	(void)context;
	log_error("ledger: %s", text);
}

static inline unsigned books(void)
{
	return ledger_check(report, NULL);
}

/* An address space with nothing in it; the test cannot go on without. */
static inline struct mm *new_mm(void)
{
	struct mm *mm = mm_create();

	EXPECT(mm);
	return mm;
}

static inline int map(struct mm *mm, vaddr_t at, unsigned npages, uint32_t flags,
		      struct object *object)
{
	struct mm_map_request request = {
		.address = at,
		.size = npages * PAGE_SIZE,
		.flags = flags,
		.fixed = true,
		.object = object,
	};
	vaddr_t address;

	return mm_map(mm, &request, &address);
}

static inline uint8_t byte_at(struct mm *mm, vaddr_t at)
{
	uint8_t byte = 0xee;

	EXPECT(mm_read(mm, at, &byte, 1) == 1);
	return byte;
}

static inline bool store(struct mm *mm, vaddr_t at, uint8_t byte)
{
	return mm_write(mm, at, &byte, 1) == 1;
}

static inline struct frame *frame_at(struct mm *mm, vaddr_t at)
{
	struct page_mapping page;

	return pagedir_lookup(&mm->pagedir, at, &page) ? page.frame : NULL;
}

/*
 * Memory that behaves like a file: pages of zeros, or with a backing store whose page n is full of
 * 'a' + n.
 */
extern struct object test_file;
extern const struct object_ops test_memory_ops, test_disk_ops;
extern int test_fill_error; /* what reading from the store answers */

void test_file_create(const struct object_ops *ops, uint64_t size);
/* Drops the last reference: it must go now. */
void test_file_end(void);

#endif
