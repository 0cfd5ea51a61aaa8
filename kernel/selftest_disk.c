/*
 * A disk in memory for the self-tests, which fails where it is told to.
 */
#include "selftest_disk.h"

#include <abi/errno.h>
#include <assert.h>
#include <frame.h>
#include <kvrange.h>
#include <panic.h>
#include <string.h>

char *test_disk_blocks;
uint64_t test_disk_bad_sector = UINT64_MAX;

static struct disk disk;

static void copy_segment(const struct block_segment *segment, enum block_op op, uint64_t sector)
{
	char *window = kmap(segment->frame), *place = test_disk_blocks + sector * SECTOR_SIZE;

	if (op == BLOCK_WRITE)
		memcpy(place, window + segment->offset, segment->size);
	else
		memcpy(window + segment->offset, place, segment->size);
	kunmap(window);
}

/* Is the bad sector among these? */
static bool is_bad(uint64_t sector, uint32_t nsectors)
{
	return test_disk_bad_sector >= sector && test_disk_bad_sector < sector + nsectors;
}

static int start(struct disk *of, struct block_request *first)
{
	struct block_request *request;
	struct block_segment *segment;
	uint64_t sector = first->disk_sector;
	int error = 0;

	block_for_each_segment(request, segment, first)
	{
		if (is_bad(sector, segment->size / SECTOR_SIZE))
			error = -EIO;
		else if (first->op != BLOCK_FLUSH)
			copy_segment(segment, first->op, sector);
		sector += segment->size / SECTOR_SIZE;
	}
	disk_complete(of, first, error);
	return 0;
}

static int reset(struct disk *of)
{
	(void)of;
	return 0;
}

static const struct disk_ops ops = { .start = start, .reset = reset };

struct block_device *test_disk(void)
{
	if (test_disk_blocks)
		return disk.whole;
	test_disk_blocks = kvrange_alloc(TEST_DISK_PAGES);
	disk = (struct disk){ .ops = &ops,
			      .kind = DISK_SD,
			      .nsectors = (uint64_t)TEST_DISK_PAGES * SECTORS_PER_PAGE,
			      .depth = 1 };
	strlcpy(disk.model, "memory of the self-tests", sizeof(disk.model));
	assert(test_disk_blocks);
	if (disk_register(&disk))
		panic("no memory for the self-tests' disk");
	return disk.whole;
}
