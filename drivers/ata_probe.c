/*
 * Which drives a channel has, and what they are.
 *
 * What is absent must cost nothing: where no drive is, nothing drives the bus, and its registers
 * hold no value that is written to them; or, with the other drive there, the status is 0. Only to
 * what passes that is IDENTIFY sent, and only a drive that takes note of the command (busy, or data,
 * or an error, within 400 ns) is waited for. (ATA/ATAPI-6 9.1 and 9.16.1: a single device answers
 * for the absent one with a status of 0; pull-down on DD7.)
 *
 * Firmware has already reset the drives and let them spin up, so no reset comes first; one follows
 * only when a drive does not do as it should.
 */
#include "ata_channel.h"

#include <cmdline.h>
#include <log.h>
#include <string.h>
#include <trap.h>

#define IDENTIFY_NS (5 * NSEC_PER_SEC) /* a drive that is just spinning up */
#define SETTING_NS (2 * NSEC_PER_SEC)
#define RESET_NS (5 * NSEC_PER_SEC)
#define RESET_HOLD_US 10 /* at least 5 (ATA/ATAPI-6 9.2) */
#define ATTEMPTS 2

static const char *const positions[] = { "master", "slave" };

/* Lets others run until deadline, or for a tick. */
static void sleep_a_tick(struct ata_channel *channel)
{
	uint64_t deadline = clock_monotonic_ns() + NSEC_PER_TICK;

	(void)wait_until(&channel->wait, false, WAIT_UNINTERRUPTIBLE, deadline);
}

/* The selected drive's status once it is not busy; busy still after `patience`. */
static uint8_t wait_while_busy(struct ata_channel *channel, uint64_t patience)
{
	uint64_t deadline = clock_monotonic_ns() + patience;
	uint8_t status = ata_peek_status(channel);

	while (status & ATA_STATUS_BUSY && clock_monotonic_ns() < deadline) {
		sleep_a_tick(channel);
		status = ata_peek_status(channel);
	}
	return status;
}

/* ---- is anybody there? ---- */

static bool holds_values(const struct ata_channel *channel)
{
	ata_write(channel, ATA_COUNT, 0x55);
	ata_write(channel, ATA_LBA_LOW, 0xAA);
	if (ata_read(channel, ATA_COUNT) != 0x55 || ata_read(channel, ATA_LBA_LOW) != 0xAA)
		return false;
	ata_write(channel, ATA_COUNT, 0xAA);
	ata_write(channel, ATA_LBA_LOW, 0x55);
	return ata_read(channel, ATA_COUNT) == 0xAA && ata_read(channel, ATA_LBA_LOW) == 0x55;
}

static unsigned signature(const struct ata_channel *channel)
{
	return (unsigned)ata_read(channel, ATA_LBA_HIGH) << 8 | ata_read(channel, ATA_LBA_MID);
}

static bool may_be_present(struct ata_channel *channel, unsigned number)
{
	uint8_t status;

	ata_select(channel, number);
	status = ata_peek_status(channel);
	if (status == 0xFF)
		return false;
	if (status & ATA_STATUS_BUSY)
		return true; /* its registers say nothing yet */
	if (status == 0)     /* a packet device before its first command, or nobody */
		return signature(channel) == ATA_SIGNATURE_ATAPI;
	return holds_values(channel);
}

bool ata_channel_occupied(struct ata_channel *channel)
{
	for (unsigned i = 0; i < 2; i++)
		channel->drives[i].present = may_be_present(channel, i);
	return channel->drives[0].present || channel->drives[1].present;
}

/* ---- commands of the task that holds the channel ---- */

enum answer { ANSWER_NONE, ANSWER_ERROR, ANSWER_READY };

/* After the command has been issued. */
static enum answer wait_for_answer(struct ata_channel *channel, uint64_t patience)
{
	uint64_t deadline = clock_monotonic_ns() + patience;
	uint8_t status;

	(void)wait_until(&channel->wait, channel->answered, WAIT_UNINTERRUPTIBLE, deadline);
	status = ata_peek_status(channel);
	if (status & ATA_STATUS_BUSY)
		return ANSWER_NONE;
	if (status & (ATA_STATUS_ERROR | ATA_STATUS_FAULT))
		return ANSWER_ERROR;
	if (!channel->answered)
		log_warning("%s: no interrupt", channel->name);
	return ANSWER_READY;
}

static enum answer run_command(struct ata_drive *drive, const struct ata_taskfile *taskfile,
			       uint64_t patience)
{
	struct ata_channel *channel = drive->channel;
	uint8_t took_note = ATA_STATUS_BUSY | ATA_STATUS_DRQ | ATA_STATUS_ERROR | ATA_STATUS_FAULT;

	assert(channel->held && !channel->active);
	ata_select(channel, drive->number);
	if (wait_while_busy(channel, patience) & ATA_STATUS_BUSY)
		return ANSWER_NONE;
	channel->answered = false;
	(void)ata_read(channel, ATA_STATUS);
	ata_issue(channel, taskfile);
	ata_delay(channel);
	if (!channel->answered && !(ata_peek_status(channel) & took_note) &&
	    taskfile->protocol == ATA_PIO)
		return ANSWER_NONE;
	return wait_for_answer(channel, patience);
}

/* SET FEATURES, SET MULTIPLE MODE. */
static bool run_setting(struct ata_drive *drive, enum ata_command command, uint8_t features,
			uint8_t count)
{
	struct ata_taskfile taskfile;

	ata_taskfile_simple(&taskfile, command, ATA_NO_DATA, features, count);
	return run_command(drive, &taskfile, SETTING_NS) == ANSWER_READY;
}

/* ---- the drives ---- */

enum found { FOUND_NOTHING, FOUND_DISK, FOUND_PACKET_DEVICE };

static enum found identify(struct ata_drive *drive, uint16_t words[ATA_IDENTIFY_WORDS])
{
	struct ata_channel *channel = drive->channel;
	struct ata_taskfile taskfile;
	unsigned who;

	ata_taskfile_simple(&taskfile, ATA_IDENTIFY, ATA_PIO, 0, 0);
	switch (run_command(drive, &taskfile, IDENTIFY_NS)) {
	case ANSWER_READY:
		if (!(ata_peek_status(channel) & ATA_STATUS_DRQ))
			return FOUND_NOTHING;
		port_read16_many(channel->command + ATA_DATA, words, ATA_IDENTIFY_WORDS);
		return FOUND_DISK;
	case ANSWER_ERROR:
		who = signature(channel);
		if (who == ATA_SIGNATURE_ATAPI || who == ATA_SIGNATURE_SATA_ATAPI)
			return FOUND_PACKET_DEVICE;
		return FOUND_NOTHING;
	default:
		return FOUND_NOTHING;
	}
}

/* Holds the reset line of both drives, and waits until those that are there are ready. */
static void soft_reset(struct ata_channel *channel)
{
	port_write8(channel->control, ATA_CONTROL_RESET);
	for (unsigned i = 0; i < RESET_HOLD_US; i++)
		port_delay();
	port_write8(channel->control, 0);
	sleep_a_tick(channel); /* 2 ms before the status means something (ATA/ATAPI-6 9.2) */
	sleep_a_tick(channel);
}

static void identify_drive(struct ata_drive *drive)
{
	static uint16_t words[ATA_IDENTIFY_WORDS]; /* drives are found one after the other */
	struct ata_channel *channel = drive->channel;
	enum found found = identify(drive, words);
	int error;

	for (unsigned i = 1; i < ATTEMPTS && found == FOUND_NOTHING; i++) {
		if (!may_be_present(channel, drive->number))
			break;
		soft_reset(channel);
		found = identify(drive, words);
	}
	error = found == FOUND_DISK ? ata_identity_read(&drive->identity, words) : -ENODEV;
	drive->present = error == 0;
	if (found == FOUND_PACKET_DEVICE)
		log_info("%s: %s: a CD-ROM or another packet device, left alone", channel->name,
			 positions[drive->number]);
	else if (found == FOUND_DISK && error)
		log_warning("%s: %s: %s%s", channel->name, positions[drive->number],
			    drive->identity.model,
			    error == -EOPNOTSUPP ? ": a disk of a kind not supported"
						 : ": makes no sense");
}

/* What a reset undoes, and what firmware need not have done. */
static void set_up(struct ata_drive *drive, bool after_reset)
{
	struct ata_identity *identity = &drive->identity;

	if (after_reset && identity->transfer_mode &&
	    !run_setting(drive, ATA_SET_FEATURES, ATA_FEATURE_TRANSFER_MODE,
			 identity->transfer_mode))
		log_warning("%s: the transfer mode is refused", drive->channel->name);
	if (identity->multiple && !run_setting(drive, ATA_SET_MULTIPLE, 0, identity->multiple))
		identity->multiple = 0;
}

bool ata_channel_reset(struct ata_channel *channel, unsigned number)
{
	bool back = false;

	soft_reset(channel);
	for (unsigned i = 0; i < 2; i++) {
		struct ata_drive *drive = &channel->drives[i];

		if (!drive->present)
			continue;
		ata_select(channel, i);
		if (wait_while_busy(channel, RESET_NS) & ATA_STATUS_BUSY)
			continue;
		set_up(drive, true);
		back = back || i == number;
	}
	return back;
}

/* libata.dma=, as on Linux: without bit 0 disks are driven by PIO. */
static bool dma_wanted(void)
{
	const char *value = cmdline_get("libata.dma");
	uint32_t kinds;

	return !value || parse_u32(value, 0, &kinds) != 0 || kinds & 1;
}

static void register_drive(struct ata_drive *drive)
{
	struct ata_identity *identity = &drive->identity;
	struct disk *disk = &drive->disk;

	identity->dma = identity->dma && drive->channel->prds && dma_wanted();
	drive->uses_dma = identity->dma;
	disk->ops = &ata_disk_ops;
	disk->data = drive;
	disk->kind = DISK_SD;
	disk->nsectors = identity->nsectors;
	disk->block_size = ata_sector_size(identity);
	disk->max_sectors = MIN(ata_max_sectors(identity), 1024u);
	disk->max_segments = ATA_PRDS;
	disk->depth = 1;
	disk->write_cache = identity->write_cache && (identity->flush || identity->flush_ext);
	strlcpy(disk->model, identity->model, sizeof(disk->model));
	log_info("%s: %s: %s, %s", drive->channel->name, positions[drive->number], identity->model,
		 drive->uses_dma ? "DMA" : "PIO");
	if (disk_register(disk) != 0)
		log_error("%s: no room for another disk", drive->channel->name);
}

void ata_channel_probe(struct ata_channel *channel)
{
	channel->held = true;
	port_write8(channel->control, 0);
	for (unsigned i = 0; i < 2; i++) {
		if (channel->drives[i].present)
			identify_drive(&channel->drives[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (channel->drives[i].present)
			set_up(&channel->drives[i], false);
	}
	channel->held = false;
	for (unsigned i = 0; i < 2; i++) {
		if (channel->drives[i].present)
			register_drive(&channel->drives[i]);
	}
}
