/*
 * An IDE channel at work: whose request is under way, the command for it, and what the interrupt
 * says. One drive of a channel has a command at a time (ATA/ATAPI-6 9: without overlap, both drives
 * listen to the same registers); the other one's request waits, and is begun when the first has
 * ended, in the interrupt handler.
 *
 *   request == NULL              the drive has nothing to do
 *   request, not active          waits for the channel
 *   request, active              the drive has its command, and an interrupt will come
 *
 * A task that holds the channel (to identify drives, after a reset) has its interrupts too. All of
 * this is guarded by interrupt-off sections.
 *
 * DMA is given up for PIO when a drive's first DMA command fails, or two in a row, for a reason that
 * is not the drive's: no answer, a transfer that the bus master broke off, a checksum wrong on the
 * cable. If PIO gets no answer either, DMA was not to blame, and is taken up again.
 */
#include "ata_channel.h"

#include <log.h>
#include <trap.h>

#define DEVICE_OBSOLETE 0xA0u /* bits that old drives want set (ATA-3) */
#define DMA_FAILURES_MAX 2u

void ata_select(struct ata_channel *channel, unsigned number)
{
	ata_write(channel, ATA_DEVICE, (uint8_t)(DEVICE_OBSOLETE | number << 4));
	ata_delay(channel);
	channel->selected = number;
}

/* The high bytes first: each register of an extended command holds two. */
static void write_extended(const struct ata_channel *channel, const struct ata_taskfile *taskfile)
{
	ata_write(channel, ATA_FEATURES, (uint8_t)(taskfile->features >> 8));
	ata_write(channel, ATA_COUNT, (uint8_t)(taskfile->count >> 8));
	ata_write(channel, ATA_LBA_LOW, (uint8_t)(taskfile->lba >> 24));
	ata_write(channel, ATA_LBA_MID, (uint8_t)(taskfile->lba >> 32));
	ata_write(channel, ATA_LBA_HIGH, (uint8_t)(taskfile->lba >> 40));
}

void ata_issue(const struct ata_channel *channel, const struct ata_taskfile *taskfile)
{
	ata_write(channel, ATA_DEVICE,
		  (uint8_t)(taskfile->device | DEVICE_OBSOLETE | channel->selected << 4));
	if (taskfile->extended)
		write_extended(channel, taskfile);
	ata_write(channel, ATA_FEATURES, (uint8_t)taskfile->features);
	ata_write(channel, ATA_COUNT, (uint8_t)taskfile->count);
	ata_write(channel, ATA_LBA_LOW, (uint8_t)taskfile->lba);
	ata_write(channel, ATA_LBA_MID, (uint8_t)(taskfile->lba >> 8));
	ata_write(channel, ATA_LBA_HIGH, (uint8_t)(taskfile->lba >> 16));
	ata_write(channel, ATA_COMMAND, taskfile->command);
}

/* ---- what to say ---- */

static const char *drive_name(const struct ata_drive *drive)
{
	return drive->disk.whole ? drive->disk.whole->name : drive->channel->name;
}

void ata_report(const struct ata_drive *drive, uint8_t status)
{
	ata_log_error(drive_name(drive), &drive->taskfile, status,
		      ata_read(drive->channel, ATA_ERROR));
}

void ata_dma_failed(struct ata_drive *drive)
{
	drive->dma_failures++;
	if (drive->dma_has_worked && drive->dma_failures < DMA_FAILURES_MAX)
		return;
	drive->uses_dma = false;
	log_warning("%s: DMA does not work: going on without it", drive_name(drive));
}

/* No answer to the request under way. */
static void note_silence(struct ata_drive *drive)
{
	if (drive->taskfile.protocol == ATA_DMA) {
		ata_dma_failed(drive);
	} else if (drive->taskfile.protocol != ATA_NO_DATA && drive->identity.dma) {
		drive->uses_dma = true;
		drive->dma_failures = 0;
		log_warning("%s: no answer without DMA either: back to it", drive_name(drive));
	}
}

/* ---- requests ---- */

static enum ata_protocol protocol_of(const struct ata_drive *drive)
{
	if (drive->uses_dma)
		return ATA_DMA;
	return drive->identity.multiple ? ATA_MULTIPLE : ATA_PIO;
}

/* The command for the drive's request. False: there is nothing to be done. */
static bool make_taskfile(struct ata_drive *drive)
{
	const struct block_request *request = drive->request;

	if (request->op == BLOCK_FLUSH)
		return ata_taskfile_flush(&drive->taskfile, &drive->identity);
	ata_taskfile_transfer(&drive->taskfile, &drive->identity, protocol_of(drive),
			      request->op == BLOCK_WRITE, request->disk_sector,
			      block_chain_sectors(request), 0);
	return true;
}

/* Gives the drive its command. Interrupts off. */
static void issue_request(struct ata_drive *drive)
{
	struct ata_channel *channel = drive->channel;
	const struct ata_taskfile *taskfile = &drive->taskfile;

	if (channel->selected != drive->number)
		ata_select(channel, drive->number);
	/*
	 * An interrupt from before is not for this command. A drive that is busy now has lost its
	 * way: the silence that follows leads to a reset.
	 */
	if (ata_read(channel, ATA_STATUS) & (ATA_STATUS_BUSY | ATA_STATUS_DRQ))
		return;
	if (taskfile->protocol == ATA_DMA)
		ata_dma_prepare(channel, drive->request, !taskfile->write);
	else if (channel->master)
		ata_dma_acknowledge(channel);
	if (taskfile->protocol == ATA_PIO || taskfile->protocol == ATA_MULTIPLE)
		ata_pio_begin(drive);
	ata_issue(channel, taskfile);
	if (taskfile->protocol == ATA_DMA)
		ata_dma_start(channel, !taskfile->write);
	else if (taskfile->write)
		disk_work(&drive->disk); /* the first block is not asked for by an interrupt */
}

/* Begins what waits for the channel, the drive `from` first. Interrupts off. */
static void begin_next(struct ata_channel *channel, unsigned from)
{
	assert(!irq_enabled());
	for (unsigned i = 0; i < 2 && !channel->active && !channel->held; i++) {
		struct ata_drive *drive = &channel->drives[(from + i) % 2];

		if (!drive->request)
			continue;
		channel->active = drive;
		disk_begun(&drive->disk);
		if (make_taskfile(drive))
			issue_request(drive);
		else
			ata_finish(channel, 0);
	}
}

void ata_finish(struct ata_channel *channel, int error)
{
	struct ata_drive *drive = channel->active;
	struct block_request *request = drive->request;

	assert(!irq_enabled() && request);
	channel->active = NULL;
	drive->request = NULL;
	disk_complete(&drive->disk, request, error);
	begin_next(channel, !drive->number);
}

/* ---- the interrupt ---- */

static void finish_dma(struct ata_drive *drive, uint8_t status)
{
	int error = ata_dma_stop(drive->channel);

	if (status & (ATA_STATUS_ERROR | ATA_STATUS_FAULT)) {
		ata_report(drive, status);
		if (ata_read(drive->channel, ATA_ERROR) & ATA_ERROR_CRC)
			ata_dma_failed(drive);
		error = -EIO;
	} else if (error || status & ATA_STATUS_DRQ) {
		ata_dma_failed(drive);
		error = -EIO;
	} else {
		drive->dma_has_worked = true;
		drive->dma_failures = 0;
	}
	ata_finish(drive->channel, error);
}

static void finish_without_data(struct ata_drive *drive, uint8_t status)
{
	int error = 0;

	if (status & (ATA_STATUS_ERROR | ATA_STATUS_FAULT)) {
		ata_report(drive, status);
		error = -EIO;
	}
	ata_finish(drive->channel, error);
}

/* The active drive has answered, and not about DMA. */
static void answer(struct ata_drive *drive, uint8_t status)
{
	if (drive->taskfile.protocol == ATA_NO_DATA)
		finish_without_data(drive, status);
	else
		disk_work(&drive->disk);
}

/* Whether the drive can have answered, when no interrupt says so. */
static bool seems_answered(const struct ata_channel *channel, uint8_t status)
{
	bool wants_data = channel->active && (channel->active->taskfile.protocol == ATA_PIO ||
					      channel->active->taskfile.protocol == ATA_MULTIPLE);

	return !(status & ATA_STATUS_BUSY) && (wants_data || !(status & ATA_STATUS_DRQ));
}

/* For the task that holds the channel, or for nobody. */
static void note_answer(struct ata_channel *channel)
{
	channel->answered = true;
	wake_all(&channel->wait);
}

bool ata_interrupt(struct ata_channel *channel, bool polled)
{
	uint8_t status;

	if (channel->shares_line && channel->master && !polled && !ata_dma_interrupted(channel))
		return false;
	if (polled && !seems_answered(channel, ata_peek_status(channel)))
		return false;
	status = ata_read(channel, ATA_STATUS);
	if (status & ATA_STATUS_BUSY)
		return false;
	if (channel->active && channel->active->taskfile.protocol == ATA_DMA) {
		finish_dma(channel->active, status);
		return true;
	}
	if (channel->master)
		ata_dma_acknowledge(channel);
	if (channel->active)
		answer(channel->active, status);
	else
		note_answer(channel);
	return true;
}

/* ---- what the block layer calls ---- */

static int ata_start(struct disk *disk, struct block_request *first)
{
	struct ata_drive *drive = disk->data;
	uint32_t flags = irq_save();

	assert(!drive->request);
	drive->request = first;
	begin_next(drive->channel, drive->number);
	irq_restore(flags);
	return 0;
}

/* Takes the channel for the current task; what was under way on it is forgotten. Interrupts off. */
static void hold_channel(struct ata_channel *channel)
{
	assert(!channel->held && !irq_enabled());
	channel->held = true;
	if (channel->master)
		(void)ata_dma_stop(channel);
	channel->active = NULL;
	(void)timer_stop(&channel->look_again);
}

static void release_channel(struct ata_channel *channel, unsigned next)
{
	uint32_t flags = irq_save();

	assert(channel->held && !channel->active);
	channel->held = false;
	wake_all(&channel->wait);
	begin_next(channel, next);
	irq_restore(flags);
}

static int ata_reset_disk(struct disk *disk)
{
	struct ata_drive *drive = disk->data;
	struct ata_channel *channel = drive->channel;
	bool others, back;
	uint32_t flags;

	(void)wait_event_uninterruptible(&channel->wait, !channel->held);
	flags = irq_save();
	drive->request = NULL;
	/* While the other drive has the channel, it is that one's silence that counts. */
	others = channel->active && channel->active != drive;
	if (channel->active == drive)
		note_silence(drive);
	if (!others)
		hold_channel(channel);
	irq_restore(flags);
	if (others)
		return 0;
	back = ata_channel_reset(channel, drive->number);
	release_channel(channel, !drive->number);
	return back ? 0 : -EIO;
}

static bool ata_poll(struct disk *disk)
{
	struct ata_drive *drive = disk->data;
	struct block_request *request = drive->request;

	if (drive->channel->active != drive || !ata_interrupt(drive->channel, true))
		return false;
	return drive->request != request;
}

static void ata_work(struct disk *disk)
{
	struct ata_drive *drive = disk->data;

	if (drive->channel->active == drive && drive->taskfile.protocol != ATA_NO_DATA &&
	    drive->taskfile.protocol != ATA_DMA)
		ata_pio_step(drive);
}

const struct disk_ops ata_disk_ops = {
	.start = ata_start,
	.reset = ata_reset_disk,
	.poll = ata_poll,
	.work = ata_work,
};
