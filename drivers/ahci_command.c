/*
 * A command in memory: its place in the command list, the FIS that is sent to the disk, and the
 * pieces of memory for its data (AHCI 1.3.1, 4.2.2 and 4.2.3). The FIS "register, host to device"
 * carries what the registers of an IDE drive would (Serial ATA 2.5, 10.3.4).
 */
#include "ahci.h"

#include <string.h>

#define FIS_REGISTER_TO_DEVICE 0x27u
#define FIS_IS_COMMAND 0x80u /* the command register is written, not the control register */

void ahci_fill_fis(uint8_t fis[64], const struct ata_taskfile *taskfile)
{
	memset(fis, 0, AHCI_FIS_WORDS * 4);
	fis[0] = FIS_REGISTER_TO_DEVICE;
	fis[1] = FIS_IS_COMMAND;
	fis[2] = taskfile->command;
	fis[3] = (uint8_t)taskfile->features;
	fis[4] = (uint8_t)taskfile->lba;
	fis[5] = (uint8_t)(taskfile->lba >> 8);
	fis[6] = (uint8_t)(taskfile->lba >> 16);
	fis[7] = taskfile->device;
	fis[12] = (uint8_t)taskfile->count;
	if (!taskfile->extended)
		return;
	fis[8] = (uint8_t)(taskfile->lba >> 24);
	fis[9] = (uint8_t)(taskfile->lba >> 32);
	fis[10] = (uint8_t)(taskfile->lba >> 40);
	fis[11] = (uint8_t)(taskfile->features >> 8);
	fis[13] = (uint8_t)(taskfile->count >> 8);
}

/* Whether the piece that begins at start belongs to the one before. */
static bool joins(const struct ahci_prd *last, uint32_t start, uint32_t size)
{
	return last->start + last->size + 1 == start && last->size + 1 + size <= AHCI_PRD_SIZE_MAX;
}

unsigned ahci_fill_prds(struct ahci_prd *prds, const struct block_request *first)
{
	const struct block_request *request;
	const struct block_segment *segment;
	unsigned n = 0;

	block_for_each_segment(request, segment, first)
	{
		uint32_t start = block_segment_paddr(segment);

		assert(start % 2 == 0 && segment->size % 2 == 0);
		if (n > 0 && joins(&prds[n - 1], start, segment->size)) {
			prds[n - 1].size += segment->size;
			continue;
		}
		assert(n < AHCI_PRDS);
		prds[n++] = (struct ahci_prd){ .start = start, .size = segment->size - 1u };
	}
	return n;
}

void ahci_fill_header(struct ahci_header *header, paddr_t table, bool write, unsigned nprds)
{
	assert(table % 128 == 0 && nprds <= AHCI_PRDS);
	*header = (struct ahci_header){
		.flags = AHCI_FIS_WORDS | (write ? AHCI_HEADER_WRITE : 0) | nprds << 16,
		.table = table,
	};
}
