/*
 * Data through the data register, a block of sectors for each interrupt (ATA/ATAPI-6 9.5, 9.6): for
 * controllers without a bus master, and where DMA does not work.
 *
 * The interrupt handler only notes that the drive has something to say; the data move here, in a
 * task, for they may belong to high frames, and take long. What is to be done follows from the
 * status and from how much is left, so that a step too many is harmless.
 *
 *   reading   each interrupt: a block is there; after the last one the command is over
 *   writing   the first block is asked for without an interrupt, soon; each interrupt: the next
 *             one, or, when none is left, the end
 */
#include "ata_channel.h"

#include <kvrange.h>
#include <trap.h>

#define PATIENCE 50u /* reads of the status, about a microsecond each, for the first block */

void ata_pio_begin(struct ata_drive *drive)
{
	drive->cursor = (struct ata_cursor){ drive->request, 0, 0 };
	drive->sectors_left = block_chain_sectors(drive->request) >> drive->identity.sector_shift;
}

/* Moves size bytes of one frame. */
static void move_words(struct ata_drive *drive, char *memory, unsigned size)
{
	uint16_t port = drive->channel->command + ATA_DATA;

	if (drive->taskfile.write)
		port_write16_many(port, memory, size / 2);
	else
		port_read16_many(port, memory, size / 2);
}

/* Moves what is left of the segment at the cursor, at most size bytes; how many. */
static unsigned move_segment(struct ata_drive *drive, unsigned size)
{
	struct ata_cursor *cursor = &drive->cursor;
	const struct block_segment *segment = &cursor->request->segments[cursor->segment];
	unsigned part = MIN(size, segment->size - cursor->offset);
	char *window = kmap(segment->frame);

	move_words(drive, window + segment->offset + cursor->offset, part);
	kunmap(window);
	assert(part > 0 && part % 2 == 0);
	cursor->offset += part;
	if (cursor->offset == segment->size) {
		cursor->offset = 0;
		if (++cursor->segment == cursor->request->nsegments)
			*cursor = (struct ata_cursor){ cursor->request->next, 0, 0 };
	}
	return part;
}

/* One block: what one interrupt is for. */
static void move_block(struct ata_drive *drive)
{
	unsigned per_block = drive->taskfile.protocol == ATA_MULTIPLE ? drive->identity.multiple
								      : 1;
	unsigned sectors = MIN(drive->sectors_left, per_block);

	assert(sectors > 0);
	for (unsigned size = sectors * ata_sector_size(&drive->identity); size > 0;)
		size -= move_segment(drive, size);
	drive->sectors_left -= sectors;
}

/* A drive that reports an error may still want to be rid of the block that it has. */
static void drain(struct ata_drive *drive)
{
	for (unsigned i = 0; i < 16 * ata_sector_size(&drive->identity) / 2; i++) {
		if (!(ata_peek_status(drive->channel) & ATA_STATUS_DRQ))
			break;
		(void)port_read16(drive->channel->command + ATA_DATA);
	}
}

static void finish(struct ata_drive *drive, int error)
{
	uint32_t flags = irq_save();

	if (drive->channel->active == drive)
		ata_finish(drive->channel, error);
	irq_restore(flags);
}

/* The status once the drive is no longer busy, or still is after some microseconds. */
static uint8_t settled_status(const struct ata_channel *channel)
{
	uint8_t status;

	ata_delay(channel);
	status = ata_peek_status(channel);
	for (unsigned i = 0; i < PATIENCE && status & ATA_STATUS_BUSY; i++) {
		port_delay();
		status = ata_peek_status(channel);
	}
	return status;
}

static void fail_transfer(struct ata_drive *drive, uint8_t status)
{
	ata_report(drive, status);
	if (!drive->taskfile.write)
		drain(drive);
	finish(drive, -EIO);
}

/* The drive has given its answer to the block before. */
static void step_on(struct ata_drive *drive, uint8_t status)
{
	if (status & (ATA_STATUS_ERROR | ATA_STATUS_FAULT)) {
		fail_transfer(drive, status);
	} else if (drive->sectors_left == 0) {
		if (!(status & ATA_STATUS_DRQ))
			finish(drive, 0);
	} else if (status & ATA_STATUS_DRQ) {
		move_block(drive);
		if (drive->sectors_left == 0 && !drive->taskfile.write)
			finish(drive, 0);
	}
}

static bool nothing_moved(const struct ata_drive *drive)
{
	const struct ata_cursor *cursor = &drive->cursor;

	return cursor->request == drive->request && cursor->segment == 0 && cursor->offset == 0;
}

void ata_pio_step(struct ata_drive *drive)
{
	struct ata_channel *channel = drive->channel;
	bool awaited = drive->taskfile.write && nothing_moved(drive);
	uint8_t status = awaited ? settled_status(channel) : ata_peek_status(channel);
	bool wants = status & (ATA_STATUS_DRQ | ATA_STATUS_ERROR | ATA_STATUS_FAULT);

	if (awaited && (status & ATA_STATUS_BUSY || !wants))
		timer_start(&channel->look_again, clock_monotonic_ns() + NSEC_PER_TICK);
	else if (!(status & ATA_STATUS_BUSY))
		step_on(drive, status);
}
