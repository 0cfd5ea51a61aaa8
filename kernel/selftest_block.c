/*
 * Self-tests of block devices: on the disk that says in its first bytes that it is there for that,
 * since it is written to. Without one they have nothing to find fault with.
 */
#include <selftest.h>

#include <block.h>
#include <frame.h>
#include <kvrange.h>
#include <string.h>
#include <wait.h>

#include <abi/errno.h>

#define MARK "LOFT SCRATCH DISK"
#define FIRST_SECTOR 64
#define REQUESTS 40

static struct block_device *scratch_disk(void)
{
	struct block_device *device = NULL, *found = NULL;
	struct frame *frame = frame_alloc(FRAME_KERNEL, 0);

	while (frame && !found && (device = block_next(device)))
		if (!block_is_partition(device) &&
		    block_transfer(device, BLOCK_READ, 0, frame, 0, SECTOR_SIZE) == 0 &&
		    memcmp(frame_virt(frame), MARK, strlen(MARK)) == 0)
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

SELFTEST(block_transfer)
{
	struct block_device *disk = scratch_disk();
	/* Of programs' memory: a high one where there are any. */
	struct frame *frame = frame_alloc(FRAME_ANON, 0);

	EXPECT(frame);
	if (!frame)
		return;
	if (disk) {
		fill(frame, 0xa5);
		EXPECT(block_transfer(disk, BLOCK_WRITE, FIRST_SECTOR, frame, 0, PAGE_SIZE) == 0);
		fill(frame, 0);
		EXPECT(block_transfer(disk, BLOCK_READ, FIRST_SECTOR + 3, frame, 1024, 512) == 0);
		EXPECT(!holds(frame, 0xa5));
		EXPECT(block_transfer(disk, BLOCK_READ, FIRST_SECTOR, frame, 0, PAGE_SIZE) == 0);
		EXPECT(holds(frame, 0xa5));
		EXPECT(block_flush(disk) == 0);
	}
	frame_put(frame);
}

SELFTEST(block_bounds)
{
	struct block_device *disk = scratch_disk();
	struct frame *frame = frame_alloc(FRAME_ANON, 0);

	EXPECT(frame);
	if (!frame)
		return;
	if (disk) {
		uint64_t end = disk->nsectors;

		EXPECT(block_transfer(disk, BLOCK_READ, end, frame, 0, 512) == -EIO);
		EXPECT(block_transfer(disk, BLOCK_READ, end - 1, frame, 0, 1024) == -EIO);
		EXPECT(block_transfer(disk, BLOCK_WRITE, UINT64_MAX, frame, 0, 512) == -EIO);
		EXPECT(block_transfer(disk, BLOCK_READ, end - 8, frame, 0, PAGE_SIZE) == 0);
	}
	frame_put(frame);
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

/* One frame to many places, or from one: each page of them once, the last first in every second. */
static void transfer_many(struct block_device *disk, enum block_op op, struct frame *frame)
{
	nleft = REQUESTS;
	nfailed = 0;
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct block_request *request = block_request_get(true);
		unsigned page = i % 2 ? REQUESTS - i : i;

		request->device = disk;
		request->op = op;
		request->sector = FIRST_SECTOR + page * SECTORS_PER_PAGE;
		request->done = count_down;
		block_add_segment(request, frame, 0, PAGE_SIZE);
		block_submit(request);
	}
	wait_event_uninterruptible(&all_done, nleft == 0);
	EXPECT(nfailed == 0);
}

SELFTEST(block_many_are_merged)
{
	struct block_device *disk = scratch_disk();
	struct frame *frame = frame_alloc(FRAME_ANON, 0);

	EXPECT(frame);
	if (!frame)
		return;
	if (disk) {
		uint32_t before = disk->stats.merges[BLOCK_WRITE];

		fill(frame, 0x3c);
		transfer_many(disk, BLOCK_WRITE, frame);
		EXPECT(disk->stats.merges[BLOCK_WRITE] >= before + REQUESTS / 2);
		fill(frame, 0);
		transfer_many(disk, BLOCK_READ, frame);
		EXPECT(holds(frame, 0x3c));
		EXPECT(disk->stats.in_flight == 0);
	}
	frame_put(frame);
}
