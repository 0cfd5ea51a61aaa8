/*
 * The ATA command set: what a disk says of itself, and the commands that move its sectors. The
 * same words go to a disk through the registers of an IDE channel (ata_channel.c) and in the
 * command FIS of AHCI (ahci_command.c). Nothing here touches a device.
 *
 * Facts from ATA/ATAPI-6 (T13/1410D) 6, 7 and 8, and ATA8-ACS (T13/1699D) 7; NCQ from Serial ATA
 * 2.5, 13.6.
 */
#ifndef LOFT_DRIVERS_ATA_H
#define LOFT_DRIVERS_ATA_H

#include <types.h>

#define ATA_SECTOR_SIZE 512u
#define ATA_LBA28_SECTORS (1u << 28) /* how many sectors a 28-bit command can reach */
#define ATA_IDENTIFY_WORDS 256

/* Bits of the status register. */
#define ATA_STATUS_ERROR 0x01u
#define ATA_STATUS_DRQ 0x08u   /* the device wants data, or has some */
#define ATA_STATUS_FAULT 0x20u /* device fault */
#define ATA_STATUS_READY 0x40u
#define ATA_STATUS_BUSY 0x80u /* the other bits, and all registers, mean nothing */

/* Bits of the error register, when the status has ATA_STATUS_ERROR. */
#define ATA_ERROR_ABORTED 0x04u
#define ATA_ERROR_NO_SECTOR 0x10u /* address not found */
#define ATA_ERROR_MEDIUM 0x40u	  /* data that cannot be read (or, write protected) */
#define ATA_ERROR_CRC 0x80u	  /* lost on the cable, in Ultra DMA */

enum ata_command {
	ATA_READ_SECTORS = 0x20,
	ATA_READ_SECTORS_EXT = 0x24,
	ATA_READ_DMA_EXT = 0x25,
	ATA_READ_MULTIPLE_EXT = 0x29,
	ATA_WRITE_SECTORS = 0x30,
	ATA_WRITE_SECTORS_EXT = 0x34,
	ATA_WRITE_DMA_EXT = 0x35,
	ATA_WRITE_MULTIPLE_EXT = 0x39,
	ATA_READ_NCQ = 0x60,
	ATA_WRITE_NCQ = 0x61,
	ATA_READ_MULTIPLE = 0xC4,
	ATA_WRITE_MULTIPLE = 0xC5,
	ATA_SET_MULTIPLE = 0xC6,
	ATA_READ_DMA = 0xC8,
	ATA_WRITE_DMA = 0xCA,
	ATA_FLUSH_CACHE = 0xE7,
	ATA_FLUSH_CACHE_EXT = 0xEA,
	ATA_IDENTIFY = 0xEC,
	ATA_SET_FEATURES = 0xEF
};

#define ATA_FEATURE_TRANSFER_MODE 0x03u /* of SET FEATURES: the mode is in the count */

/* What is in the LBA registers after a reset, or after IDENTIFY was refused: who is there. */
#define ATA_SIGNATURE_DISK 0x0000u  /* LBA high << 8 | LBA mid */
#define ATA_SIGNATURE_ATAPI 0xEB14u /* a packet device: CD-ROM, tape */
#define ATA_SIGNATURE_SATA_DISK 0xC33Cu
#define ATA_SIGNATURE_SATA_ATAPI 0x9669u

/* How a command's data move. */
enum ata_protocol {
	ATA_NO_DATA,
	ATA_PIO,      /* sector by sector through the data register */
	ATA_MULTIPLE, /* the same, several sectors for one interrupt */
	ATA_DMA,
	ATA_NCQ /* by the device itself, in its own order */
};

/* What a disk is, and can do. */
struct ata_identity {
	char model[41], serial[21], firmware[9]; /* without the blanks around them */
	uint64_t nsectors;			 /* of 512 bytes, as all numbers of sectors here */
	uint8_t sector_shift; /* the disk's own are larger: 512 << shift bytes; 0 or 3 */
	bool lba48;
	bool dma;	       /* can do DMA, and firmware has set a mode for it */
	bool flush, flush_ext; /* FLUSH CACHE, FLUSH CACHE EXT */
	bool write_cache;      /* is on: what was written is safe only after a flush */
	uint8_t transfer_mode; /* as SET FEATURES takes it; 0 without dma */
	uint8_t multiple;      /* sectors in a block of READ MULTIPLE; 0: it has no such */
	uint8_t queue_depth;   /* commands at once by NCQ, 1..32; 0: it has no NCQ */
};

/*
 * Reads what IDENTIFY DEVICE returned. 0; -ENODEV when it is no disk (a packet device), -EIO when
 * the words make no sense (a wrong checksum, no sectors), -EOPNOTSUPP when the disk is of a kind
 * that we do not drive (no LBA; sectors of neither 512 nor 4096 bytes).
 */
__must_check int ata_identity_read(struct ata_identity *identity,
				   const uint16_t words[ATA_IDENTIFY_WORDS]);

/* A command as it goes into the registers or into a FIS. */
struct ata_taskfile {
	uint8_t command;  /* enum ata_command */
	uint8_t protocol; /* enum ata_protocol */
	bool write;
	bool extended;	/* lba, count and features have two bytes each register */
	uint8_t device; /* bits 7..4 and, unless extended, 3..0 of the address; not which device */
	uint16_t features, count;
	uint64_t lba; /* 48 bits; without `extended` the lower 24 of 28 */
};

/* The disk's own sector, in bytes. */
static inline uint32_t ata_sector_size(const struct ata_identity *identity)
{
	return ATA_SECTOR_SIZE << identity->sector_shift;
}

/* The most sectors one command can move. */
unsigned ata_max_sectors(const struct ata_identity *identity);

/*
 * The command that moves count sectors from `sector` on, 0 < count <= ata_max_sectors(), all of
 * them on the disk, and whole ones of its own. ATA_DMA, ATA_MULTIPLE and ATA_NCQ only where the
 * disk has them; tag is NCQ's.
 */
void ata_taskfile_transfer(struct ata_taskfile *taskfile, const struct ata_identity *identity,
			   enum ata_protocol protocol, bool write, uint64_t sector, unsigned count,
			   unsigned tag);
/* The command that writes the disk's cache out: false when it has none that it knows of. */
__must_check bool ata_taskfile_flush(struct ata_taskfile *taskfile,
				     const struct ata_identity *identity);
/* A command without an address: features and count are its arguments. */
void ata_taskfile_simple(struct ata_taskfile *taskfile, enum ata_command command,
			 enum ata_protocol protocol, uint8_t features, uint8_t count);

/* Whether another line about an error is in order: not when there were many of late. */
__must_check bool ata_may_log(void);
/*
 * A line in the log about a command that the disk `name` reports an error for, if another line is
 * in order. From anywhere.
 */
void ata_log_error(const char *name, const struct ata_taskfile *taskfile, uint8_t status,
		   uint8_t error);

#endif
