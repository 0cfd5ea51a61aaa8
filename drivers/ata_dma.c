/*
 * The bus master of an IDE controller (Programming Interface for Bus Master IDE Controller, revision
 * 1.0; Intel 82371AB (PIIX4) 2.7 and 5.2). For each channel it has a command and a status register
 * and the address of a table of pieces of memory. It moves data while the drive asks for them, and
 * stops at the end of the table.
 *
 * No piece may cross a 64 KB boundary, and a size of 64 KB is written as 0, which some controllers
 * take for nothing at all. So pieces end at 32 KB boundaries.
 */
#include "ata_channel.h"

#include <frame.h>

#define BUS_MASTER_COMMAND 0
#define BUS_MASTER_STATUS 2
#define BUS_MASTER_TABLE 4

#define COMMAND_START 0x01u
#define COMMAND_TO_MEMORY 0x08u

#define STATUS_ERROR 0x02u     /* written as 1: cleared */
#define STATUS_INTERRUPT 0x04u /* likewise */
#define STATUS_CAPABLE 0x60u   /* firmware's notes about the two drives */
#define STATUS_SIMPLEX 0x80u

#define PIECE_BOUNDARY 0x8000u

/* Whether the memory after what `last` has follows at once, and may belong to it. */
static bool joins(const struct ata_prd *last, uint32_t start, uint32_t size)
{
	return last->start + last->size == start &&
	       (last->start & -PIECE_BOUNDARY) == ((start + size - 1) & -PIECE_BOUNDARY);
}

/* Enters [start, start + size) behind the n entries that are there. */
static unsigned add_piece(struct ata_prd *table, unsigned room, unsigned n, uint32_t start,
			  uint32_t size)
{
	assert(size > 0 && size < PIECE_BOUNDARY && start % 2 == 0 && size % 2 == 0);
	if (n > 0 && joins(&table[n - 1], start, size)) {
		table[n - 1].size += size;
		return n;
	}
	assert(n < room);
	table[n] = (struct ata_prd){ start, size };
	return n + 1;
}

unsigned ata_prd_build(struct ata_prd *table, unsigned room, const struct block_request *first)
{
	const struct block_request *request;
	const struct block_segment *segment;
	unsigned n = 0;

	block_for_each_segment(request, segment, first)
		n = add_piece(table, room, n, block_segment_paddr(segment), segment->size);
	assert(n > 0);
	table[n - 1].size |= ATA_PRD_LAST;
	return n;
}

static uint8_t read_status(const struct ata_channel *channel)
{
	return port_read8(channel->master + BUS_MASTER_STATUS);
}

void ata_dma_acknowledge(const struct ata_channel *channel)
{
	port_write8(channel->master + BUS_MASTER_STATUS,
		    channel->master_notes | STATUS_ERROR | STATUS_INTERRUPT);
}

void ata_dma_init(struct ata_channel *channel)
{
	channel->master_notes = read_status(channel) & STATUS_CAPABLE;
	(void)ata_dma_stop(channel);
}

void ata_dma_prepare(const struct ata_channel *channel, const struct block_request *first,
		     bool to_memory)
{
	(void)ata_prd_build(channel->prds, ATA_PRDS, first);
	port_write8(channel->master + BUS_MASTER_COMMAND, to_memory ? COMMAND_TO_MEMORY : 0);
	port_write32(channel->master + BUS_MASTER_TABLE, virt_to_paddr(channel->prds));
	ata_dma_acknowledge(channel);
}

void ata_dma_start(const struct ata_channel *channel, bool to_memory)
{
	port_write8(channel->master + BUS_MASTER_COMMAND,
		    COMMAND_START | (to_memory ? COMMAND_TO_MEMORY : 0));
}

int ata_dma_stop(const struct ata_channel *channel)
{
	uint8_t status;

	port_write8(channel->master + BUS_MASTER_COMMAND, 0);
	status = read_status(channel);
	ata_dma_acknowledge(channel);
	return status & STATUS_ERROR ? -EIO : 0;
}

bool ata_dma_interrupted(const struct ata_channel *channel)
{
	return read_status(channel) & STATUS_INTERRUPT;
}

bool ata_dma_is_simplex(const struct ata_channel *channel)
{
	return read_status(channel) & STATUS_SIMPLEX;
}
