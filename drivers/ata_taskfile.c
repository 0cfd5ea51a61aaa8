/*
 * ATA commands as register values. A 28-bit command is used wherever it reaches, for it takes half
 * as many register writes; beyond 2^28 sectors, or for more than 256 of them, the 48-bit forms.
 * A count that needs one bit more than its register has is written as 0.
 * (ATA/ATAPI-6 8: READ DMA and the rest; READ and WRITE FPDMA QUEUED: ATA8-ACS 7.42, 7.76.)
 */
#include "ata.h"

#include <assert.h>

#define DEVICE_LBA 0x40u

/* The opcodes by how the data move: read, write; 28 bits, then 48. */
static const uint8_t opcodes[][4] = {
	[ATA_PIO] = { ATA_READ_SECTORS, ATA_WRITE_SECTORS, ATA_READ_SECTORS_EXT,
		      ATA_WRITE_SECTORS_EXT },
	[ATA_MULTIPLE] = { ATA_READ_MULTIPLE, ATA_WRITE_MULTIPLE, ATA_READ_MULTIPLE_EXT,
			   ATA_WRITE_MULTIPLE_EXT },
	[ATA_DMA] = { ATA_READ_DMA, ATA_WRITE_DMA, ATA_READ_DMA_EXT, ATA_WRITE_DMA_EXT },
	[ATA_NCQ] = { 0, 0, ATA_READ_NCQ, ATA_WRITE_NCQ },
};

unsigned ata_max_sectors(const struct ata_identity *identity)
{
	return (identity->lba48 ? 65536u : 256u) << identity->sector_shift;
}

void ata_taskfile_transfer(struct ata_taskfile *taskfile, const struct ata_identity *identity,
			   enum ata_protocol protocol, bool write, uint64_t sector,
			   unsigned nsectors, unsigned tag)
{
	uint64_t lba = sector >> identity->sector_shift;
	unsigned count = nsectors >> identity->sector_shift;
	bool extended = protocol == ATA_NCQ || lba + count > ATA_LBA28_SECTORS || count > 256;

	assert(count > 0 && nsectors <= ata_max_sectors(identity));
	assert(lba << identity->sector_shift == sector);
	assert(count << identity->sector_shift == nsectors);
	assert(sector < identity->nsectors && nsectors <= identity->nsectors - sector);
	assert(!extended || identity->lba48);
	assert(protocol >= ATA_PIO && protocol <= ATA_NCQ);
	*taskfile = (struct ata_taskfile){
		.command = opcodes[protocol][extended * 2 + write],
		.protocol = (uint8_t)protocol,
		.write = write,
		.extended = extended,
		.device = DEVICE_LBA,
		.lba = lba,
	};
	if (!extended) {
		taskfile->device |= (uint8_t)(lba >> 24);
		taskfile->lba &= 0xFFFFFF;
		taskfile->count = (uint8_t)count;
	} else if (protocol == ATA_NCQ) {
		taskfile->features = (uint16_t)count;
		taskfile->count = (uint16_t)(tag << 3);
	} else {
		taskfile->count = (uint16_t)count;
	}
}

void ata_taskfile_simple(struct ata_taskfile *taskfile, enum ata_command command,
			 enum ata_protocol protocol, uint8_t features, uint8_t count)
{
	*taskfile = (struct ata_taskfile){
		.command = (uint8_t)command,
		.protocol = (uint8_t)protocol,
		.features = features,
		.count = count,
	};
}

bool ata_taskfile_flush(struct ata_taskfile *taskfile, const struct ata_identity *identity)
{
	if (!identity->flush && !identity->flush_ext)
		return false;
	ata_taskfile_simple(taskfile, identity->flush_ext ? ATA_FLUSH_CACHE_EXT : ATA_FLUSH_CACHE,
			    ATA_NO_DATA, 0, 0);
	taskfile->extended = identity->flush_ext;
	taskfile->device = DEVICE_LBA;
	return true;
}
