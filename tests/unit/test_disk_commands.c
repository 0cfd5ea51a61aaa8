/*
 * Memory of requests as disk controllers read it: the bus master's table (drivers/ata_dma.c) and
 * AHCI's (drivers/ahci_command.c), over random chains. Both list exactly the bytes of the segments,
 * in order; no piece of the first crosses 64 KB. And the FIS that carries a command.
 * SOURCES: drivers/ata_dma.c drivers/ahci_command.c drivers/ata_taskfile.c lib/string.c
 */
#include "unit.h"

#include "../../drivers/ahci.h"
#include "../../drivers/ata_channel.h"
#include <string.h>

#define NFRAMES 4096u
#define REQUESTS_MAX 4

struct frame *frame_array;
pfn_t frame_array_end = NFRAMES;
paddr_t frame_low_limit = NFRAMES * PAGE_SIZE;
static struct frame frames[NFRAMES];

static struct block_request requests[REQUESTS_MAX];

static int set_up(void **state)
{
	(void)state;
	frame_array = frames;
	for (unsigned i = 0; i < NFRAMES; i++)
		frames[i].kind = FRAME_ANON;
	return 0;
}

/* Frames that often follow each other, whole or in part. */
static void add_segments(struct block_request *request, pfn_t *pfn)
{
	unsigned n = 1 + unit_random() % BLOCK_SEGMENTS;

	for (unsigned i = 0; i < n; i++) {
		unsigned offset = unit_random() % 4 ? 0 : 4 * (unit_random() % 1023);
		unsigned size = PAGE_SIZE - offset;

		if (unit_random() % 8 == 0)
			size = 4 + 4 * (unit_random() % (size / 4));
		*pfn = unit_random() % 4 ? (*pfn + 1) % NFRAMES : unit_random() % NFRAMES;
		block_add_segment(request, &frames[*pfn], offset, size);
	}
}

static unsigned make_chain(void)
{
	unsigned nrequests = 1 + unit_random() % REQUESTS_MAX, nsegments = 0;
	pfn_t pfn = unit_random() % NFRAMES;

	memset(requests, 0, sizeof(requests));
	for (unsigned i = 0; i < nrequests; i++) {
		add_segments(&requests[i], &pfn);
		nsegments += requests[i].nsegments;
		if (i > 0)
			requests[i - 1].next = &requests[i];
	}
	return nsegments;
}

/* Walks the chain's bytes along with the pieces of a table. */
struct walk {
	struct block_request *request;
	unsigned segment, offset;
};

static void check_piece(struct walk *walk, uint32_t start, uint32_t size)
{
	while (size > 0) {
		struct block_segment *segment = &walk->request->segments[walk->segment];
		uint32_t part = segment->size - walk->offset;

		assert_int_equal(block_segment_paddr(segment) + walk->offset, start);
		part = MIN(part, size);
		start += part;
		size -= part;
		walk->offset += part;
		if (walk->offset == segment->size)
			*walk = (struct walk){ walk->request, walk->segment + 1, 0 };
		if (walk->segment == walk->request->nsegments)
			*walk = (struct walk){ walk->request->next, 0, 0 };
		assert_true(walk->request || size == 0);
	}
}

static void bus_master_tables(void **state)
{
	static struct ata_prd table[REQUESTS_MAX * BLOCK_SEGMENTS];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned nsegments = make_chain();
		unsigned n = ata_prd_build(table, nsegments, requests);
		struct walk walk = { requests, 0, 0 };

		assert_true(n > 0 && n <= nsegments);
		for (unsigned i = 0; i < n; i++) {
			uint32_t size = table[i].size & 0xFFFF;

			assert_true(!(table[i].size & ATA_PRD_LAST) == (i < n - 1));
			size = size ? size : 65536;
			assert_int_equal(table[i].start >> 16, (table[i].start + size - 1) >> 16);
			check_piece(&walk, table[i].start, size);
		}
		assert_null(walk.request);
	}
}

static void ahci_tables(void **state)
{
	static struct ahci_prd prds[REQUESTS_MAX * BLOCK_SEGMENTS];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned nsegments, n;
		struct walk walk = { requests, 0, 0 };

		do {
			nsegments = make_chain();
		} while (nsegments > AHCI_PRDS);
		n = ahci_fill_prds(prds, requests);
		assert_true(n > 0 && n <= nsegments);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(prds[i].size & 1, 1);
			assert_true(prds[i].size < 4u << 20 && prds[i].start_high == 0);
			check_piece(&walk, prds[i].start, prds[i].size + 1);
		}
		assert_null(walk.request);
	}
}

/* Pages in a row become few pieces. */
static void neighbours_are_joined(void **state)
{
	static struct ata_prd table[BLOCK_SEGMENTS];
	static struct ahci_prd prds[BLOCK_SEGMENTS];

	(void)state;
	memset(requests, 0, sizeof(requests));
	for (unsigned i = 0; i < 32; i++)
		block_add_segment(&requests[0], &frames[24 + i], 0, PAGE_SIZE);
	assert_int_equal(ahci_fill_prds(prds, requests), 1);
	assert_int_equal(prds[0].size, 32 * PAGE_SIZE - 1);
	assert_in_range(ata_prd_build(table, BLOCK_SEGMENTS, requests), 2, 5);
}

static void fis(void **state)
{
	struct ata_identity identity = { .nsectors = 1ull << 48, .lba48 = true };
	struct ata_taskfile taskfile;
	uint8_t bytes[64];

	(void)state;
	ata_taskfile_transfer(&taskfile, &identity, ATA_DMA, true, 0x123456789ABC, 0x0201, 0);
	ahci_fill_fis(bytes, &taskfile);
	static const uint8_t write[20] = { 0x27, 0x80, 0x35, 0,	   0xBC, 0x9A, 0x78,
					   0x40, 0x56, 0x34, 0x12, 0,	 0x01, 0x02 };
	assert_memory_equal(bytes, write, sizeof(write));
	ata_taskfile_transfer(&taskfile, &identity, ATA_NCQ, false, 0x123456789ABC, 0x0201, 5);
	ahci_fill_fis(bytes, &taskfile);
	static const uint8_t ncq[20] = { 0x27, 0x80, 0x60, 0x01, 0xBC, 0x9A,  0x78,
					 0x40, 0x56, 0x34, 0x12, 0x02, 5 << 3 };
	assert_memory_equal(bytes, ncq, sizeof(ncq));
	ata_taskfile_transfer(&taskfile, &identity, ATA_DMA, false, 0xABCDEF1, 256, 0);
	ahci_fill_fis(bytes, &taskfile);
	static const uint8_t read[20] = { 0x27, 0x80, 0xC8, 0, 0xF1, 0xDE, 0xBC, 0x4A };
	assert_memory_equal(bytes, read, sizeof(read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bus_master_tables),
		cmocka_unit_test(ahci_tables),
		cmocka_unit_test(neighbours_are_joined),
		cmocka_unit_test(fis),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
