/*
 * What to say when a disk reports an error: the command, where, and what the error register has
 * (ATA/ATAPI-6 8, "Error outputs" of each command). A disk full of errors must not fill the log, so
 * only so many lines are written in a while.
 */
#include "ata.h"

#include <clock.h>
#include <log.h>

#define LINES_MAX 10u
#define LINES_TIME (5 * NSEC_PER_SEC)

bool ata_may_log(void)
{
	static uint64_t since;
	static unsigned nlines;
	uint64_t now = clock_coarse_ns();

	if (now - since > LINES_TIME || nlines == 0) {
		since = now;
		nlines = 0;
	}
	if (nlines >= LINES_MAX)
		return false;
	nlines++;
	return true;
}

static const char *what_happened(bool write, uint8_t error)
{
	if (error & ATA_ERROR_CRC)
		return "lost on the cable";
	if (error & ATA_ERROR_MEDIUM)
		return write ? "the medium cannot be written" : "the medium cannot be read";
	if (error & ATA_ERROR_NO_SECTOR)
		return "no such sector";
	if (error & ATA_ERROR_ABORTED)
		return "the disk refuses it";
	return "the disk failed";
}

void ata_log_error(const char *name, const struct ata_taskfile *taskfile, uint8_t status,
		   uint8_t error)
{
	uint64_t lba = taskfile->lba;

	if (!ata_may_log())
		return;
	if (!taskfile->extended)
		lba |= (uint64_t)(taskfile->device & 0x0F) << 24;
	log_error("%s: command %02x at sector %llu: %s (status %02x, error %02x)", name,
		  taskfile->command, (unsigned long long)lba, what_happened(taskfile->write, error),
		  status, error);
}
