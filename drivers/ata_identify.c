/*
 * What a disk says of itself in answer to IDENTIFY DEVICE: 256 words, of which each later standard
 * gave meaning to some more. A word that a disk does not know is 0, or, on a few old ones, all
 * ones; the words for features therefore carry two bits that must read 01. Strings are big-endian
 * in each word. (ATA/ATAPI-6 8.15, ATA8-ACS 7.16; NCQ: Serial ATA 2.5, 13.2.)
 */
#include "ata.h"

#include <abi/errno.h>
#include <assert.h>

enum word {
	WORD_CONFIGURATION = 0,
	WORD_SERIAL = 10,
	WORD_FIRMWARE = 23,
	WORD_MODEL = 27,
	WORD_MULTIPLE = 47,
	WORD_CAPABILITIES = 49,
	WORD_VALID = 53, /* bit 2: word 88 */
	WORD_SECTORS28 = 60,
	WORD_MULTIWORD_DMA = 63,
	WORD_QUEUE_DEPTH = 75,
	WORD_SATA = 76,
	WORD_COMMANDS1 = 82, /* supported; 83 with it */
	WORD_COMMANDS2 = 83,
	WORD_COMMANDS1_ENABLED = 85, /* 87 says whether it means something */
	WORD_COMMANDS3_ENABLED = 87,
	WORD_ULTRA_DMA = 88,
	WORD_SECTORS48 = 100,
	WORD_SECTOR_SIZE = 106,
	WORD_LOGICAL_SIZE = 117, /* in words, two of them */
	WORD_INTEGRITY = 255
};

#define CONFIGURATION_ATAPI 0x8000u
#define CONFIGURATION_COMPACT_FLASH 0x848Au /* a disk all the same */
#define CAPABILITY_DMA 0x0100u
#define CAPABILITY_LBA 0x0200u
#define VALID_ULTRA_DMA 0x0004u
#define SATA_NCQ 0x0100u
#define COMMANDS1_WRITE_CACHE 0x0020u
#define COMMANDS2_LBA48 0x0400u
#define COMMANDS2_FLUSH 0x1000u
#define COMMANDS2_FLUSH_EXT 0x2000u
#define SECTOR_SIZE_LONG 0x1000u /* words 117 and 118 have it */
#define LARGE_SECTOR 4096u
#define LARGE_SECTOR_SHIFT 3
#define INTEGRITY_SIGNATURE 0xA5u

/* SET FEATURES' names of the transfer modes: a family, and the mode in the lower bits. */
#define MODE_MULTIWORD_DMA 0x20u
#define MODE_ULTRA_DMA 0x40u

/* Whether a word of features means something. */
static bool is_valid(uint16_t word)
{
	return (word & 0xC000) == 0x4000;
}

/* Copies size characters out of words, without the blanks that fill them up. */
static void read_string(char *to, const uint16_t *words, unsigned size)
{
	unsigned length = 0;

	for (unsigned i = 0; i < size; i++) {
		char c = (char)(i % 2 ? words[i / 2] & 0xFF : words[i / 2] >> 8);

		if (!c)
			break;
		/* What goes to a log line is text, whatever the device says. */
		if (length > 0 || c != ' ')
			to[length++] = c >= ' ' && c <= '~' ? c : '?';
	}
	while (length > 0 && to[length - 1] == ' ')
		length--;
	to[length] = '\0';
}

/* Word 255 is a checksum where its lower byte says so: all 512 bytes add up to 0. */
static bool checksum_is_right(const uint16_t words[ATA_IDENTIFY_WORDS])
{
	uint8_t sum = 0;

	if ((words[WORD_INTEGRITY] & 0xFF) != INTEGRITY_SIGNATURE)
		return true;
	for (unsigned i = 0; i < ATA_IDENTIFY_WORDS; i++)
		sum += (uint8_t)words[i] + (uint8_t)(words[i] >> 8);
	return sum == 0;
}

static uint64_t read_capacity(const struct ata_identity *identity,
			      const uint16_t words[ATA_IDENTIFY_WORDS])
{
	const uint16_t *wide = words + WORD_SECTORS48;
	uint64_t sectors = 0;

	if (identity->lba48)
		sectors = (uint64_t)wide[3] << 48 | (uint64_t)wide[2] << 32 |
			  (uint32_t)wide[1] << 16 | wide[0];
	if (!sectors)
		sectors = (uint32_t)words[WORD_SECTORS28 + 1] << 16 | words[WORD_SECTORS28];
	return MIN(sectors, (uint64_t)1 << 48);
}

/* The number of the highest bit set, below 8; -1 for none. */
static int highest(unsigned bits)
{
	int bit = 7;

	while (bit >= 0 && !(bits & 1u << bit))
		bit--;
	return bit;
}

/*
 * The DMA mode in use, 0: none. Firmware sets the disk's and the controller's timing alike; what
 * it left at PIO stays there, for nothing else tells us what the cable and the controller bear.
 */
static uint8_t transfer_mode(const uint16_t words[ATA_IDENTIFY_WORDS])
{
	int ultra = -1, multiword;

	if (!(words[WORD_CAPABILITIES] & CAPABILITY_DMA))
		return 0;
	if (words[WORD_VALID] & VALID_ULTRA_DMA)
		ultra = highest(words[WORD_ULTRA_DMA] >> 8 & 0x7F);
	multiword = highest(words[WORD_MULTIWORD_DMA] >> 8 & 0x07);
	if (ultra >= 0)
		return MODE_ULTRA_DMA | (uint8_t)ultra;
	return multiword >= 0 ? MODE_MULTIWORD_DMA | (uint8_t)multiword : 0;
}

static void read_features(struct ata_identity *identity, const uint16_t words[ATA_IDENTIFY_WORDS])
{
	uint16_t commands = words[WORD_COMMANDS2], sata = words[WORD_SATA];

	identity->lba48 = is_valid(commands) && commands & COMMANDS2_LBA48;
	identity->flush = is_valid(commands) && commands & COMMANDS2_FLUSH;
	identity->flush_ext = identity->lba48 && commands & COMMANDS2_FLUSH_EXT;
	if (is_valid(commands) && is_valid(words[WORD_COMMANDS3_ENABLED]))
		identity->write_cache = words[WORD_COMMANDS1_ENABLED] & COMMANDS1_WRITE_CACHE;
	identity->transfer_mode = transfer_mode(words);
	identity->dma = identity->transfer_mode != 0;
	identity->queue_depth = 0;
	if (sata != 0 && sata != 0xFFFF && sata & SATA_NCQ && identity->lba48)
		identity->queue_depth = (words[WORD_QUEUE_DEPTH] & 0x1F) + 1;
}

/* Blocks of READ MULTIPLE are a power of two of sectors, as large as the disk can and 16 at most. */
static uint8_t multiple_of(uint16_t word)
{
	uint8_t largest = word & 0xFF, size = 16;

	while (size > largest)
		size /= 2;
	return size > 1 ? size : 0;
}

static uint32_t sector_size(const uint16_t words[ATA_IDENTIFY_WORDS])
{
	uint16_t word = words[WORD_SECTOR_SIZE];

	if (!is_valid(word) || !(word & SECTOR_SIZE_LONG))
		return ATA_SECTOR_SIZE;
	return 2 * ((uint32_t)words[WORD_LOGICAL_SIZE + 1] << 16 | words[WORD_LOGICAL_SIZE]);
}

int ata_identity_read(struct ata_identity *identity, const uint16_t words[ATA_IDENTIFY_WORDS])
{
	uint16_t configuration = words[WORD_CONFIGURATION];

	*identity = (struct ata_identity){ 0 };
	if (configuration & CONFIGURATION_ATAPI && configuration != CONFIGURATION_COMPACT_FLASH)
		return -ENODEV;
	if (!checksum_is_right(words))
		return -EIO;
	read_string(identity->model, words + WORD_MODEL, sizeof(identity->model) - 1);
	read_string(identity->serial, words + WORD_SERIAL, sizeof(identity->serial) - 1);
	read_string(identity->firmware, words + WORD_FIRMWARE, sizeof(identity->firmware) - 1);
	if (!(words[WORD_CAPABILITIES] & CAPABILITY_LBA))
		return -EOPNOTSUPP;
	if (sector_size(words) == LARGE_SECTOR)
		identity->sector_shift = LARGE_SECTOR_SHIFT;
	else if (sector_size(words) != ATA_SECTOR_SIZE)
		return -EOPNOTSUPP;
	read_features(identity, words);
	identity->multiple = multiple_of(words[WORD_MULTIPLE]);
	identity->nsectors = read_capacity(identity, words) << identity->sector_shift;
	return identity->nsectors ? 0 : -EIO;
}
