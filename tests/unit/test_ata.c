/*
 * What a disk says of itself (drivers/ata_identify.c): disks of several ages, ones that lie, and
 * random words; and the commands made for it (drivers/ata_taskfile.c): at the edges of what 28
 * bits reach, and random transfers read back from their registers.
 * SOURCES: drivers/ata_identify.c drivers/ata_taskfile.c lib/string.c
 */
#include "unit.h"

#include "../../drivers/ata.h"
#include <abi/errno.h>
#include <string.h>

static uint16_t words[ATA_IDENTIFY_WORDS];
static struct ata_identity identity;

static void put_string(unsigned first, unsigned size, const char *text)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t c = *text ? (uint8_t)*text++ : ' ';

		words[first + i / 2] &= i % 2 ? 0xFF00 : 0x00FF;
		words[first + i / 2] |= i % 2 ? c : (uint16_t)(c << 8);
	}
}

static void put_checksum(void)
{
	uint8_t sum = 0xA5;

	for (unsigned i = 0; i < 255; i++)
		sum += (uint8_t)words[i] + (uint8_t)(words[i] >> 8);
	words[255] = (uint16_t)((uint8_t)-sum << 8 | 0xA5);
}

/* A SATA disk of 2 TB and one sector, with all that the standard of its time has. */
static int make_disk(void **state)
{
	(void)state;
	memset(words, 0, sizeof(words));
	words[0] = 0x0040;
	put_string(10, 20, "   WD-42");
	put_string(23, 8, "1.02");
	put_string(27, 40, "A disk of the unit test");
	words[47] = 0x8010;
	words[49] = 0x2F00;
	words[53] = 0x0007;
	words[60] = 0xFFFF;
	words[61] = 0x0FFF;
	words[63] = 0x0007;
	words[75] = 31;
	words[76] = 0x0106;
	words[82] = 0x746B;
	words[83] = 0x7D01;
	words[84] = 0x4123;
	words[85] = 0x7469;
	words[86] = 0xBC01;
	words[87] = 0x4123;
	words[88] = 0x407F;
	words[100] = 1;
	words[102] = 1;
	put_checksum();
	return 0;
}

static void sata_disk(void **state)
{
	(void)state;
	assert_int_equal(ata_identity_read(&identity, words), 0);
	assert_string_equal(identity.model, "A disk of the unit test");
	assert_string_equal(identity.serial, "WD-42");
	assert_string_equal(identity.firmware, "1.02");
	assert_true(identity.nsectors == 0x100000001);
	assert_true(identity.lba48 && identity.dma && identity.flush && identity.flush_ext);
	assert_true(identity.write_cache);
	assert_int_equal(identity.transfer_mode, 0x46);
	assert_int_equal(identity.multiple, 16);
	assert_int_equal(identity.queue_depth, 32);
	assert_int_equal(ata_max_sectors(&identity), 65536);
}

/* Of 1995: LBA and multiword DMA, and no word above 72 that means anything. */
static void old_disk(void **state)
{
	(void)state;
	for (unsigned i = 72; i < 256; i++)
		words[i] = 0xFFFF;
	words[47] = 0x0008;
	words[49] = 0x0300;
	words[53] = 0x0003;
	words[60] = 0x1234;
	words[61] = 0x0010;
	words[63] = 0x0207;
	assert_int_equal(ata_identity_read(&identity, words), 0);
	assert_true(identity.nsectors == 0x101234);
	assert_true(!identity.lba48 && identity.dma && !identity.flush && !identity.flush_ext);
	assert_false(identity.write_cache);
	assert_int_equal(identity.transfer_mode, 0x21);
	assert_int_equal(identity.multiple, 8);
	assert_int_equal(identity.queue_depth, 0);
	assert_int_equal(ata_max_sectors(&identity), 256);
	words[63] = 0x0007; /* firmware has chosen none */
	words[47] = 0;
	assert_int_equal(ata_identity_read(&identity, words), 0);
	assert_false(identity.dma);
	assert_int_equal(identity.multiple, 0);
}

static void refused(void **state)
{
	words[0] = 0x85C0; /* a CD-ROM drive */
	assert_int_equal(ata_identity_read(&identity, words), -ENODEV);
	make_disk(state);
	words[0] = 0x848A; /* a CompactFlash card is a disk */
	put_checksum();
	assert_int_equal(ata_identity_read(&identity, words), 0);
	words[99] ^= 0x0100;
	assert_int_equal(ata_identity_read(&identity, words), -EIO);
	make_disk(state);
	words[49] &= ~0x0200;
	put_checksum();
	assert_int_equal(ata_identity_read(&identity, words), -EOPNOTSUPP);
	make_disk(state);
	words[106] = 0x5000;
	words[117] = 264; /* with room for checksums of one's own */
	put_checksum();
	assert_int_equal(ata_identity_read(&identity, words), -EOPNOTSUPP);
	words[117] = 256;
	words[106] = 0x6003; /* eight logical sectors in a physical one */
	put_checksum();
	assert_int_equal(ata_identity_read(&identity, words), 0);
	memset(words, 0, sizeof(words));
	words[49] = 0x0200;
	assert_int_equal(ata_identity_read(&identity, words), -EIO);
	memset(words, 0xFF, sizeof(words)); /* an empty bus */
	assert_true(ata_identity_read(&identity, words) < 0);
}

/* Whatever a device says, its names are text that ends, and its numbers are within bounds. */
static void random_words(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < ATA_IDENTIFY_WORDS; i++)
			words[i] = (uint16_t)unit_random();
		words[0] &= 0x7FFF;
		words[49] |= 0x0200;
		words[106] &= 0x3FFF;
		put_checksum();
		if (ata_identity_read(&identity, words) != 0)
			continue;
		assert_true(strnlen(identity.model, 41) <= 40);
		assert_true(strnlen(identity.serial, 21) <= 20);
		assert_true(strnlen(identity.firmware, 9) <= 8);
		for (const char *c = identity.model; *c; c++)
			assert_in_range(*c, ' ', '~');
		assert_true(identity.nsectors > 0 && identity.nsectors <= 1ull << 48);
		assert_true(identity.queue_depth <= 32 && identity.multiple <= 16);
		assert_true(identity.dma == (identity.transfer_mode != 0));
	}
}

static void edges_of_28_bits(void **state)
{
	struct ata_taskfile taskfile;

	sata_disk(state);
	ata_taskfile_transfer(&taskfile, &identity, ATA_DMA, false, (1u << 28) - 256, 256, 0);
	assert_int_equal(taskfile.command, 0xC8);
	assert_int_equal(taskfile.count, 0);
	assert_int_equal(taskfile.device, 0x4F);
	assert_true(taskfile.lba == 0xFFFF00);
	ata_taskfile_transfer(&taskfile, &identity, ATA_DMA, true, (1u << 28) - 256, 257, 0);
	assert_int_equal(taskfile.command, 0x35);
	ata_taskfile_transfer(&taskfile, &identity, ATA_PIO, false, (1u << 28) - 1, 2, 0);
	assert_int_equal(taskfile.command, 0x24);
	ata_taskfile_transfer(&taskfile, &identity, ATA_MULTIPLE, true, 0x100000000, 1, 0);
	assert_int_equal(taskfile.command, 0x39);
	assert_true(taskfile.lba == 0x100000000);
	ata_taskfile_transfer(&taskfile, &identity, ATA_DMA, false, 7, 65536, 0);
	assert_int_equal(taskfile.command, 0x25);
	assert_int_equal(taskfile.count, 0);
	ata_taskfile_transfer(&taskfile, &identity, ATA_NCQ, true, 7, 65536, 31);
	assert_int_equal(taskfile.command, 0x61);
	assert_int_equal(taskfile.features, 0);
	assert_int_equal(taskfile.count, 31 << 3);
}

/* What the registers say is what was asked for. */
static void random_transfers(void **state)
{
	struct ata_taskfile taskfile;

	sata_disk(state);
	for (unsigned round = 0; round < 100000; round++) {
		enum ata_protocol protocol = ATA_PIO + unit_random() % 4;
		unsigned count = 1 + unit_random() % (1u << unit_random() % 17);
		uint64_t lba = ((uint64_t)unit_random() << 32 | unit_random()) %
			       (identity.nsectors - count + 1);
		uint64_t reached, moved;

		if (unit_random() % 2)
			lba >>= unit_random() % 33;
		ata_taskfile_transfer(&taskfile, &identity, protocol, round % 2, lba, count,
				      round % 32);
		reached = taskfile.lba;
		if (!taskfile.extended)
			reached |= (uint64_t)(taskfile.device & 15) << 24;
		moved = protocol == ATA_NCQ ? taskfile.features : taskfile.count;
		if (moved == 0)
			moved = taskfile.extended ? 65536 : 256;
		assert_true(reached == lba);
		assert_int_equal(moved, count);
		assert_int_equal(taskfile.write, round % 2);
		assert_true(taskfile.device & 0x40);
	}
}

/* Sectors of 4096 bytes: all is counted by 512 but what the disk is told. */
static void large_sectors(void **state)
{
	struct ata_taskfile taskfile;

	(void)state;
	words[106] = 0x5000;
	words[117] = 2048;
	put_checksum();
	assert_int_equal(ata_identity_read(&identity, words), 0);
	assert_int_equal(ata_sector_size(&identity), 4096);
	assert_true(identity.nsectors == 8 * 0x100000001);
	assert_int_equal(ata_max_sectors(&identity), 8 * 65536);
	ata_taskfile_transfer(&taskfile, &identity, ATA_DMA, false, 8 * 0x123456, 8 * 256, 0);
	assert_int_equal(taskfile.command, 0xC8);
	assert_true(taskfile.lba == 0x123456 && taskfile.count == 0);
	ata_taskfile_transfer(&taskfile, &identity, ATA_NCQ, true, 8ull << 32, 8, 3);
	assert_true(taskfile.lba == 1ull << 32 && taskfile.features == 1);
}

static void flushes(void **state)
{
	struct ata_taskfile taskfile;

	sata_disk(state);
	assert_true(ata_taskfile_flush(&taskfile, &identity));
	assert_int_equal(taskfile.command, 0xEA);
	identity.flush_ext = false;
	assert_true(ata_taskfile_flush(&taskfile, &identity));
	assert_int_equal(taskfile.command, 0xE7);
	assert_int_equal(taskfile.protocol, ATA_NO_DATA);
	identity.flush = false;
	assert_false(ata_taskfile_flush(&taskfile, &identity));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sata_disk, make_disk),
		cmocka_unit_test_setup(old_disk, make_disk),
		cmocka_unit_test_setup(refused, make_disk),
		cmocka_unit_test(random_words),
		cmocka_unit_test_setup(edges_of_28_bits, make_disk),
		cmocka_unit_test_setup(random_transfers, make_disk),
		cmocka_unit_test_setup(large_sectors, make_disk),
		cmocka_unit_test_setup(flushes, make_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
