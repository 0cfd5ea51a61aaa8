/*
 * Self-tests of block devices: on disks that say in their first bytes that they are there for that,
 * since they are written to, and what is wrong with them (tests/kernel/test_block_devices.py makes them).
 * Without such a disk they have nothing to find fault with.
 */
#include <selftest.h>

#include <block.h>
#include <clock.h>
#include <frame.h>
#include <kvrange.h>
#include <log.h>
#include <string.h>
#include <wait.h>

#include <abi/errno.h>

#define MARK_SOUND "LOFT SCRATCH DISK"
#define MARK_BAD_SECTOR "LOFT BAD SECTOR DISK"
#define MARK_SILENT "LOFT SILENT DISK"

#define FIRST_SECTOR 64
#define REQUESTS 40
#define BAD_SECTOR 1000 /* its reads fail */
#define PATIENCE (60 * NSEC_PER_SEC)

static struct block_device *find_disk(const char *mark)
{
	struct block_device *device = NULL, *found = NULL;
	struct frame *frame = frame_alloc(FRAME_KERNEL, 0);

	while (frame && !found && (device = block_next(device)))
		if (!block_is_partition(device) &&
		    block_transfer(device, BLOCK_READ, 0, frame, 0, SECTOR_SIZE) == 0 &&
		    memcmp(frame_virt(frame), mark, strlen(mark)) == 0)
			found = device;
	if (frame)
		frame_put(frame);
	return found;
}

static void fill(struct frame *frame, uint8_t with)
{
	void *window = kmap(frame);

	memset(window, with, PAGE_SIZE);
	kunmap(window);
}

static bool holds(struct frame *frame, uint8_t what)
{
	const uint8_t *window = kmap(frame);
	bool same = true;

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		same &= window[i] == what;
	kunmap(window);
	return same;
}

/* Does something with the disk of that mark, if there is one, and a frame. */
static void do_with(const char *mark, void (*what)(struct block_device *disk, struct frame *frame))
{
	struct block_device *disk = find_disk(mark);
	/* Of programs' memory: a high one where there are any. */
	struct frame *frame = frame_alloc(FRAME_ANON, 0);

	EXPECT(frame);
	if (disk && frame)
		what(disk, frame);
	if (frame)
		frame_put(frame);
}

static void write_and_read(struct block_device *disk, struct frame *frame)
{
	fill(frame, 0xa5);
	EXPECT(block_transfer(disk, BLOCK_WRITE, FIRST_SECTOR, frame, 0, PAGE_SIZE) == 0);
	fill(frame, 0);
	EXPECT(block_transfer(disk, BLOCK_READ, FIRST_SECTOR + 3, frame, 1024, 512) == 0);
	EXPECT(!holds(frame, 0xa5));
	EXPECT(block_transfer(disk, BLOCK_READ, FIRST_SECTOR, frame, 0, PAGE_SIZE) == 0);
	EXPECT(holds(frame, 0xa5));
	EXPECT(block_flush(disk) == 0);
}

SELFTEST(block_transfer)
{
	do_with(MARK_SOUND, write_and_read);
}

static void keep_to_the_end(struct block_device *disk, struct frame *frame)
{
	uint64_t end = disk->nsectors;

	EXPECT(block_transfer(disk, BLOCK_READ, end, frame, 0, 512) == -EIO);
	EXPECT(block_transfer(disk, BLOCK_READ, end - 1, frame, 0, 1024) == -EIO);
	EXPECT(block_transfer(disk, BLOCK_WRITE, UINT64_MAX, frame, 0, 512) == -EIO);
	EXPECT(block_transfer(disk, BLOCK_READ, end - 8, frame, 0, PAGE_SIZE) == 0);
}

SELFTEST(block_bounds)
{
	do_with(MARK_SOUND, keep_to_the_end);
}

static struct wait_queue all_done = WAIT_QUEUE_INIT(all_done);
static unsigned nleft, nfailed;

static void count_down(struct block_request *request, int error)
{
	nfailed += error != 0;
	block_request_put(request);
	if (--nleft == 0)
		wake_all(&all_done);
}

/*
 * One frame to many places, or from one: each page from sector `first` on once, every second from the
 * end. How many failed.
 */
static unsigned transfer_many(struct block_device *disk, enum block_op op, uint64_t first,
			      struct frame *frame)
{
	nleft = REQUESTS;
	nfailed = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct block_request *request = block_request_get(true);
		unsigned page = i % 2 ? REQUESTS - i : i;

		request->device = disk;
		request->op = op;
		request->sector = first + page * SECTORS_PER_PAGE;
		request->done = count_down;
		block_add_segment(request, frame, 0, PAGE_SIZE);
		block_submit(request);
	}
	wait_event_uninterruptible(&all_done, nleft == 0);
	return nfailed;
}

static void merge_many(struct block_device *disk, struct frame *frame)
{
	uint32_t before = disk->stats.merges[BLOCK_WRITE];

	fill(frame, 0x3c);
	EXPECT(transfer_many(disk, BLOCK_WRITE, FIRST_SECTOR, frame) == 0);
	EXPECT(disk->stats.merges[BLOCK_WRITE] >= before + REQUESTS / 2);
	fill(frame, 0);
	EXPECT(transfer_many(disk, BLOCK_READ, FIRST_SECTOR, frame) == 0);
	EXPECT(holds(frame, 0x3c));
	EXPECT(disk->stats.in_flight == 0);
}

SELFTEST(block_many_are_merged)
{
	do_with(MARK_SOUND, merge_many);
}

/* Of many reads in one transfer only that of the bad sector fails. */
static void read_around_the_bad_one(struct block_device *disk, struct frame *frame)
{
	EXPECT(block_transfer(disk, BLOCK_READ, BAD_SECTOR, frame, 0, 512) == -EIO);
	EXPECT(block_transfer(disk, BLOCK_READ, BAD_SECTOR + 1, frame, 0, 512) == 0);
	EXPECT(block_transfer(disk, BLOCK_READ, BAD_SECTOR - 1, frame, 0, 512) == 0);
	EXPECT(block_transfer(disk, BLOCK_WRITE, BAD_SECTOR, frame, 0, 512) == 0);
	EXPECT(transfer_many(disk, BLOCK_READ, BAD_SECTOR - 100, frame) == 1);
	EXPECT(disk->stats.in_flight == 0);
}

SELFTEST(block_bad_sector)
{
	do_with(MARK_BAD_SECTOR, read_around_the_bad_one);
}

/* Reads until the outcome is the one wanted: how long the last one took, UINT64_MAX: never. */
static uint64_t read_until(struct block_device *disk, struct frame *frame, int wanted)
{
	uint64_t begin = clock_monotonic_ns(), before;

	do {
		before = clock_monotonic_ns();
		if (block_transfer(disk, BLOCK_READ, FIRST_SECTOR, frame, 0, 512) == wanted)
			return clock_monotonic_ns() - before;
	} while (before - begin < PATIENCE);
	return UINT64_MAX;
}

/* Whoever runs this makes the disk stop and go on when the log says so. */
static void wait_for_the_silent_one(struct block_device *disk, struct frame *frame)
{
	log_notice("# %s may stop now", disk->name);
	EXPECT(read_until(disk, frame, -EIO) < PATIENCE);
	EXPECT(read_until(disk, frame, -EIO) < NSEC_PER_SEC / 2);
	EXPECT(transfer_many(disk, BLOCK_READ, FIRST_SECTOR, frame) == REQUESTS);
	log_notice("# %s may go on now", disk->name);
	EXPECT(read_until(disk, frame, 0) < PATIENCE);
	EXPECT(transfer_many(disk, BLOCK_READ, FIRST_SECTOR, frame) == 0);
	EXPECT(disk->stats.in_flight == 0);
}

SELFTEST(block_silent_disk)
{
	do_with(MARK_SILENT, wait_for_the_silent_one);
}
