/*
 * kernel/elf.c: headers that tell the truth, every field made to lie, and random ones: whatever
 * is planned lies below the top, on whole pages, and no sum wraps.
 * SOURCES: kernel/elf.c lib/string.c
 */
#include "unit.h"

#include <elf.h>
#include <abi/errno.h>
#include <layout.h>
#include <string.h>

#define TOP 0xc0000000u

static struct elf_header good_header(void)
{
	struct elf_header header;

	memset(&header, 0, sizeof(header));
	memcpy(header.ident, ELF_MAGIC, 4);
	header.type = ET_EXEC;
	header.machine = EM_386;
	header.program_offset = sizeof(header);
	header.program_entry_size = sizeof(struct elf_segment);
	header.program_count = 2;
	return header;
}

static struct elf_segment good_segment(void)
{
	return (struct elf_segment){ .type = PT_LOAD,
				     .offset = 0x1234,
				     .vaddr = 0x08049234,
				     .file_size = 0x2000,
				     .memory_size = 0x5000,
				     .flags = PF_R | PF_W,
				     .align = 4096 };
}

static void headers(void **state)
{
	struct elf_header header = good_header();

	(void)state;
	assert_int_equal(elf_check_header(&header, sizeof(header)), 0);
	for (size_t size = 0; size < sizeof(header); size++)
		assert_int_equal(elf_check_header(&header, size), -ENOEXEC);
	for (unsigned i = 0; i < 4; i++) {
		header = good_header();
		header.ident[i] ^= 1;
		assert_int_equal(elf_check_header(&header, sizeof(header)), -ENOEXEC);
	}
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		header = good_header();
		header.type = (uint16_t)type;
		assert_int_equal(elf_check_header(&header, sizeof(header)),
				 type == ET_EXEC || type == ET_DYN ? 0 : -ENOEXEC);
		header = good_header();
		header.machine = (uint16_t)type;
		assert_int_equal(elf_check_header(&header, sizeof(header)),
				 type == EM_386 || type == EM_486 ? 0 : -ENOEXEC);
		header = good_header();
		header.program_entry_size = (uint16_t)type;
		assert_int_equal(elf_check_header(&header, sizeof(header)),
				 type == 32 ? 0 : -ENOEXEC);
		header = good_header();
		header.program_count = (uint16_t)type;
		assert_int_equal(elf_check_header(&header, sizeof(header)),
				 type > 0 && type <= 2048 ? 0 : -ENOEXEC);
	}
}

static void plan_of_a_good_segment(void **state)
{
	struct elf_segment segment = good_segment();
	struct elf_load load;

	(void)state;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), 0);
	assert_int_equal(load.file_start, 0x08049000);
	assert_int_equal(load.file_end, 0x0804c000);
	assert_int_equal(load.page_offset, 1);
	assert_int_equal(load.clear_start, 0x0804b234);
	assert_int_equal(load.clear_end, 0x0804c000);
	assert_int_equal(load.zero_start, 0x0804c000);
	assert_int_equal(load.zero_end, 0x0804f000);
	assert_int_equal(load.rights, PF_R | PF_W);
}

static void plans_at_the_edges(void **state)
{
	struct elf_segment segment = good_segment();
	struct elf_load load;

	(void)state;
	segment.memory_size = segment.file_size; /* nothing to clear */
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), 0);
	assert_int_equal(load.clear_start, load.clear_end);
	assert_int_equal(load.zero_start, load.zero_end);
	segment.file_size = 0; /* zeros alone */
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), 0);
	assert_int_equal(load.file_start, load.file_end);
	assert_int_equal(load.zero_start, 0x08049000);
	assert_int_equal(load.zero_end, 0x0804c000);
	segment.memory_size = 0; /* nothing at all */
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), 0);
	assert_int_equal(load.zero_start, load.zero_end);
	segment = good_segment();
	segment.file_size = segment.memory_size + 1;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), -EINVAL);
	segment = good_segment();
	segment.offset++;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), -EINVAL);
	segment = good_segment();
	segment.vaddr = TOP - 0x5000 + 0x234;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), -EINVAL);
	segment.vaddr -= PAGE_SIZE;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), 0);
	assert_int_equal(load.zero_end, TOP);
	segment.vaddr = TOP + 0x234;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), -EINVAL);
	segment.vaddr = 0xfffff234;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), -EINVAL);
	segment = good_segment();
	segment.memory_size = UINT32_MAX;
	assert_int_equal(elf_plan_load(&segment, 0, TOP, &load), -EINVAL);
	segment = good_segment();
	assert_int_equal(elf_plan_load(&segment, 0xc0000000 - 0x08000000, TOP, &load), -EINVAL);
	assert_int_equal(elf_plan_load(&segment, -0x08000000u, TOP, &load), 0);
	assert_int_equal(load.file_start, 0x49000);
}

static void random_plans(void **state)
{
	unsigned good = 0;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		struct elf_segment segment = good_segment();
		struct elf_load load;
		uint32_t *fields = (uint32_t *)&segment;
		uint32_t bias = unit_random() % 4 ? 0 : unit_random();

		for (unsigned n = unit_random() % 4; n > 0; n--)
			fields[unit_random() % 8] = unit_random() >> (unit_random() % 32);
		if (elf_plan_load(&segment, bias, TOP, &load))
			continue;
		good++;
		assert_true(load.file_start <= load.file_end && load.file_end <= TOP);
		assert_true(load.zero_start <= load.zero_end && load.zero_end <= TOP);
		assert_true(load.clear_start <= load.clear_end && load.clear_end <= TOP);
		assert_false((load.file_start | load.file_end | load.zero_start | load.zero_end) &
			     PAGE_MASK);
		assert_true(load.clear_end - load.clear_start < PAGE_SIZE);
		if (load.clear_end != load.clear_start)
			assert_true(load.clear_start > load.file_start &&
				    load.clear_end == load.file_end);
	}
	assert_true(good > 1000);
}

static void extents(void **state)
{
	struct elf_segment segments[3] = { good_segment(), good_segment(), good_segment() };
	struct elf_extent extent;

	(void)state;
	segments[1].vaddr = 0x08000234;
	segments[2].type = PT_INTERP;
	segments[2].vaddr = 0x1000;
	extent = elf_find_extent(segments, 3);
	assert_int_equal(extent.start, 0x08000000);
	assert_int_equal(extent.size, 0x0804e234 - 0x08000000);
	assert_int_equal(elf_end(segments, 3), 0x0804e234);
	assert_int_equal(elf_find_extent(segments + 2, 1).size, 0);
	assert_int_equal(elf_end(segments + 2, 1), 0);
	segments[0].vaddr = 0xfffff000;
	segments[0].memory_size = UINT32_MAX;
	segments[1].vaddr = 0;
	assert_int_equal(elf_find_extent(segments, 2).size, 0);
	assert_ptr_equal(elf_find_segment(segments, 3, PT_INTERP), &segments[2]);
	assert_null(elf_find_segment(segments, 2, PT_INTERP));
	segments[0].align = 0x10000;
	segments[1].align = 0x30000; /* no power of two: does not count */
	assert_int_equal(elf_alignment(segments, 3), 0x10000);
	segments[0].align = 1;
	assert_int_equal(elf_alignment(segments, 3), PAGE_SIZE);
}

static void address_of_the_headers(void **state)
{
	struct elf_header header = good_header();
	struct elf_segment segments[2] = { good_segment(), good_segment() };

	(void)state;
	assert_int_equal(elf_headers_address(&header, segments), 0);
	segments[0].offset = 0;
	segments[0].vaddr = 0x08048000;
	assert_int_equal(elf_headers_address(&header, segments), 0x08048000 + sizeof(header));
	segments[0].file_size = sizeof(header);
	assert_int_equal(elf_headers_address(&header, segments), 0);
	header.program_offset = UINT32_MAX;
	assert_int_equal(elf_headers_address(&header, segments), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(plan_of_a_good_segment),
		cmocka_unit_test(plans_at_the_edges),
		cmocka_unit_test(random_plans),
		cmocka_unit_test(extents),
		cmocka_unit_test(address_of_the_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
