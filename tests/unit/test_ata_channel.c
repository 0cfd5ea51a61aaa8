/*
 * drivers/ata_channel.c, ata_pio.c and ata_dma.c against a model of a channel: every request ends exactly
 * once, with the outcome that it must have and the right data moved, whatever the drives do and whoever
 * shares the interrupt line.
 */
#include "ata_channel_host.h"

/* ---- requests: one of each drive at a time, with frames of its own ---- */

static struct block_request requests[2];
static bool under_way[2];
static unsigned nended[2], waiting[2];

static bool has_bad_sector(unsigned which)
{
	const struct block_request *request = &requests[which];

	for (uint32_t i = 0; request->op != BLOCK_FLUSH && i < request->nsectors; i++) {
		if (drives[which].bad[(request->disk_sector + i) >> shift])
			return true;
	}
	return false;
}

static void check_data(unsigned which)
{
	const struct block_request *request = &requests[which];
	const uint8_t *disk = &drives[which].image[request->disk_sector * ATA_SECTOR_SIZE];

	for (unsigned i = 0; i < request->nsegments; i++) {
		const struct block_segment *segment = &request->segments[i];

		assert_memory_equal(arena + block_segment_paddr(segment), disk, segment->size);
		disk += segment->size;
	}
}

void disk_complete(struct disk *disk, struct block_request *first, int error)
{
	unsigned which = disk == &channel.drives[1].disk;

	assert_ptr_equal(first, &requests[which]);
	assert_true(under_way[which]);
	under_way[which] = false;
	waiting[which] = 0;
	nended[error != 0]++;
	/* DMA may fail for reasons of its own; a bad sector never goes well. */
	if (has_bad_sector(which) || !channel.drives[which].identity.dma)
		assert_int_equal(error, has_bad_sector(which) ? -EIO : 0);
	if (!error)
		check_data(which);
}

static void fill_frames(unsigned which)
{
	uint32_t *words = (uint32_t *)(arena + which * BLOCK_SEGMENTS * PAGE_SIZE);

	for (unsigned i = 0; i < BLOCK_SEGMENTS * PAGE_SIZE / 4; i += 1 + unit_random() % 64)
		words[i] = unit_random();
}

static void make_request(unsigned which)
{
	struct block_request *request = &requests[which];

	memset(request, 0, sizeof(*request));
	request->op = unit_random() % 16 ? unit_random() % 2 : BLOCK_FLUSH;
	if (request->op == BLOCK_FLUSH)
		return;
	fill_frames(which);
	request->nsectors = 1 + unit_random() % (unit_random() % 4 ? 8 : 100);
	request->nsectors = ROUND_UP(request->nsectors, 1u << shift);
	request->disk_sector = unit_random() % (NSECTORS - request->nsectors);
	request->disk_sector = ROUND_DOWN(request->disk_sector, (uint64_t)1 << shift);
	for (uint32_t left = request->nsectors * SECTOR_SIZE; left > 0;) {
		uint32_t size = unit_random() % 2 ? PAGE_SIZE : 4 + 4 * (unit_random() % 1023);

		size = request->nsegments < 4 ? MIN(left, size) : MIN(left, PAGE_SIZE);
		block_add_segment(request, &frames[which * BLOCK_SEGMENTS + request->nsegments],
				  (PAGE_SIZE - size) / 8 * 4, size);
		left -= size;
	}
}

static void start_one(unsigned which)
{
	if (under_way[which] || !drives[which].present)
		return;
	make_request(which);
	under_way[which] = true;
	waiting[which] = 0;
	assert_int_equal(ata_disk_ops.start(&channel.drives[which].disk, &requests[which]), 0);
}

/* The block layer's reset of a drive that has not answered for long. */
static void look_at_time(unsigned which)
{
	bool active = channel.active == &channel.drives[which];

	if (!under_way[which] || !active || ++waiting[which] < 200)
		return;
	if (ata_disk_ops.poll(&channel.drives[which].disk))
		return;
	nsilences++;
	assert_int_equal(ata_disk_ops.reset(&channel.drives[which].disk), 0);
	under_way[which] = false;
	waiting[which] = 0;
}

static void go_on_once(void)
{
	unsigned which = unit_random() % 2;

	if (unit_random() % 2)
		start_one(which);
	if (unit_random() % 2)
		drive_step();
	if (asserted && unit_random() % 2)
		(void)ata_interrupt(&channel, false);
	else if (channel.shares_line && !asserted && unit_random() % 4 == 0)
		assert_false(ata_interrupt(&channel, false)); /* another device's */
	if (wants_work[which] && unit_random() % 2) {
		wants_work[which] = false;
		ata_disk_ops.work(&channel.drives[which].disk);
	}
	if (looks_again && unit_random() % 4 == 0) {
		looks_again = false;
		if (channel.active)
			disk_work(&channel.active->disk);
	}
	look_at_time(which);
}

static void set_up_channel(bool shared, bool dma, unsigned multiple)
{
	memset(&channel, 0, sizeof(channel));
	channel.command = COMMAND;
	channel.control = CONTROL;
	channel.shares_line = shared;
	wait_queue_init(&channel.wait);
	memset(drives, 0, sizeof(drives));
	for (unsigned i = 0; i < 2; i++) {
		struct ata_drive *drive = &channel.drives[i];

		drives[i].present = true;
		drives[i].status = ATA_STATUS_READY;
		for (unsigned j = 0; j < NSECTORS; j++)
			drives[i].bad[j] = unit_random() % (400 >> shift) == 0 || j == 20;
		drive->channel = &channel;
		drive->number = i;
		drive->present = true;
		drive->disk.data = drive;
		drive->identity = (struct ata_identity){ .nsectors = NSECTORS, .flush = true };
		drive->identity.multiple = (uint8_t)multiple;
		drive->identity.sector_shift = (uint8_t)shift;
		drive->identity.dma = drive->uses_dma = dma;
	}
	master_status = 0x20;
	master_command = 0;
	selected = 0;
	asserted = looks_again = false;
	memset(under_way, 0, sizeof(under_way));
	memset(wants_work, 0, sizeof(wants_work));
	nerrors = nsilences = nended[0] = nended[1] = 0;
	if (!dma && !shared)
		return;
	channel.master = MASTER;
	channel.prds = (struct ata_prd *)(arena + NFRAMES * PAGE_SIZE);
	ata_dma_init(&channel);
}

static bool met_all(void)
{
	return nended[0] > ROUNDS / 200 && nended[1] > 2 && nerrors > 2 && nsilences > 0;
}

static void run_rounds(bool shared, bool dma, unsigned multiple)
{
	set_up_channel(shared, dma, multiple);
	/* Some seeds need more rounds than others to meet all that is to be met. */
	for (unsigned round = 0; round < ROUNDS || (!met_all() && round < 50 * ROUNDS); round++)
		go_on_once();
	assert_true(met_all());
}

static void by_dma(void **state)
{
	(void)state;
	run_rounds(false, true, 16);
}

static void by_dma_on_a_shared_line(void **state)
{
	(void)state;
	run_rounds(true, true, 0);
}

static void by_blocks(void **state)
{
	(void)state;
	run_rounds(false, false, 16);
}

static void by_blocks_on_a_shared_line(void **state)
{
	(void)state;
	run_rounds(true, false, 16);
}

static void by_sectors(void **state)
{
	(void)state;
	run_rounds(false, false, 0);
}

static void by_large_sectors(void **state)
{
	(void)state;
	shift = 3;
	run_rounds(false, true, 16);
	run_rounds(false, false, 16);
	run_rounds(false, false, 0);
	shift = 0;
}

static int make_memory(void **state)
{
	(void)state;
	arena = aligned_alloc(PAGE_SIZE, ARENA_SIZE);
	memset(arena, 0, ARENA_SIZE);
	host_direct_map = (uintptr_t)arena;
	return arena ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_dma),     cmocka_unit_test(by_dma_on_a_shared_line),
		cmocka_unit_test(by_blocks),  cmocka_unit_test(by_blocks_on_a_shared_line),
		cmocka_unit_test(by_sectors), cmocka_unit_test(by_large_sectors),
	};

	return cmocka_run_group_tests(tests, make_memory, NULL);
}
