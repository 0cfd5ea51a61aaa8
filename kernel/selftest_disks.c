/*
 * Self-test of disks at work: on every disk that says in its first bytes that it is there for that,
 * many requests at a time, at random places, of random sizes, from and to odd pieces of any memory.
 * Each word that is written says where it belongs and when it was written; what is read must be what
 * was written last.
 *
 * Each request has a range of sectors of its own, so that it knows what is in there.
 */
#include <selftest.h>

#include <block.h>
#include <frame.h>
#include <kheap.h>
#include <kvrange.h>
#include <log.h>
#include <string.h>
#include <wait.h>

#define MARK "LOFT SCRATCH DISK"
#define DISKS_MAX 4
#define WALKERS 12 /* requests at a time, of one disk */
#define RANGE 256  /* sectors of each */
#define FIRST_SECTOR 1024
#define ROUNDS 40
#define WORDS (SECTOR_SIZE / sizeof(uint32_t))

/* Who goes about in one range of a disk, a request at a time. */
struct walker {
	struct block_device *disk;
	uint64_t first;		   /* sector */
	uint32_t sector, nsectors; /* of the request, in the range */
	bool writes;
	bool busy, ended;
	int error;
	unsigned rounds;
	uint8_t age[RANGE]; /* of what is in each sector; 0: not written yet */
	struct frame *frames[BLOCK_SEGMENTS];
	struct block_segment segments[BLOCK_SEGMENTS];
	unsigned nsegments;
};

static struct wait_queue somebody_ended = WAIT_QUEUE_INIT(somebody_ended);
static uint32_t seed = 88172645;

static uint32_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

/* ---- what is where ---- */

static uint32_t word_of(const struct walker *walker, uint32_t position)
{
	uint32_t sector = walker->sector + position / WORDS;

	return ((uint32_t)walker->first + sector) * 2654435761u ^ position % WORDS << 8 ^
	       walker->age[sector];
}

/* Writes all words of the request's memory, or counts those that are wrong. */
static unsigned go_through(struct walker *walker, bool fill)
{
	uint32_t position = 0;
	unsigned nwrong = 0;

	for (unsigned i = 0; i < walker->nsegments; i++) {
		struct block_segment *segment = &walker->segments[i];
		char *window = kmap(segment->frame);
		uint32_t *word = (uint32_t *)(window + segment->offset);

		for (unsigned n = segment->size / sizeof(*word); n > 0; n--, word++, position++) {
			bool known = walker->age[walker->sector + position / WORDS] > 0;

			if (fill)
				*word = word_of(walker, position);
			else
				nwrong += known && *word != word_of(walker, position);
		}
		kunmap(window);
	}
	return nwrong;
}

/* ---- requests ---- */

static void note_end(struct block_request *request, int error)
{
	struct walker *walker = request->context;

	walker->error = error;
	walker->ended = true;
	block_request_put(request);
	wake_all(&somebody_ended);
}

/* Odd pieces of frames, of nsectors together if there is room; the number that there was for. */
static uint32_t choose_memory(struct walker *walker, uint32_t nsectors)
{
	uint32_t size = 0, wanted = nsectors * SECTOR_SIZE;
	unsigned n = 0;

	while (size < wanted && n < BLOCK_SEGMENTS) {
		uint32_t part = next_random() % 3 ? PAGE_SIZE : 4 + 4 * (next_random() % 1024);
		uint32_t offset;

		part = MIN(part, wanted - size);
		if (n == BLOCK_SEGMENTS - 1) /* the last one makes whole sectors of it */
			part = MIN(wanted - size, PAGE_SIZE - (size + PAGE_SIZE) % SECTOR_SIZE);
		offset = 4 * (next_random() % ((PAGE_SIZE - part) / 4 + 1));
		walker->segments[n] = (struct block_segment){ walker->frames[n], (uint16_t)offset,
							      (uint16_t)part };
		size += part;
		n++;
	}
	walker->nsegments = n;
	EXPECT(size % SECTOR_SIZE == 0);
	return size / SECTOR_SIZE;
}

static void submit(struct walker *walker)
{
	struct block_request *request = block_request_get(true);
	uint32_t limit = 1u << next_random() % 9;

	walker->sector = next_random() % RANGE;
	limit = MIN(limit, RANGE - walker->sector);
	walker->nsectors = choose_memory(walker, 1 + next_random() % limit);
	walker->writes = next_random() % 2;
	if (walker->writes) {
		for (uint32_t i = 0; i < walker->nsectors; i++)
			walker->age[walker->sector + i] = (uint8_t)(walker->rounds + 1);
		(void)go_through(walker, true);
	}
	request->device = walker->disk;
	request->op = walker->writes ? BLOCK_WRITE : BLOCK_READ;
	request->sector = walker->first + walker->sector;
	for (unsigned i = 0; i < walker->nsegments; i++)
		block_add_segment(request, walker->segments[i].frame, walker->segments[i].offset,
				  walker->segments[i].size);
	request->done = note_end;
	request->context = walker;
	walker->busy = true;
	walker->ended = false;
	block_submit(request);
}

static void check(struct walker *walker)
{
	unsigned nwrong = walker->writes ? 0 : go_through(walker, false);

	walker->busy = false;
	walker->rounds++;
	EXPECT(walker->error == 0);
	EXPECT(nwrong == 0);
	if (nwrong || walker->error)
		log_notice("# %s: %s of %u sectors at %llu: error %d, %u words wrong",
			   walker->disk->name, walker->writes ? "write" : "read", walker->nsectors,
			   (unsigned long long)(walker->first + walker->sector), walker->error,
			   nwrong);
}

/* ---- the disks ---- */

static bool is_scratch(struct block_device *device, struct frame *frame)
{
	return !block_is_partition(device) && device->nsectors >= FIRST_SECTOR + WALKERS * RANGE &&
	       block_transfer(device, BLOCK_READ, 0, frame, 0, SECTOR_SIZE) == 0 &&
	       memcmp(frame_virt(frame), MARK, strlen(MARK)) == 0;
}

static unsigned find_disks(struct block_device **disks)
{
	struct frame *frame = frame_alloc(FRAME_KERNEL, 0);
	struct block_device *device = NULL;
	unsigned n = 0;

	EXPECT(frame);
	while (frame && n < DISKS_MAX && (device = block_next(device)))
		if (is_scratch(device, frame))
			disks[n++] = device;
	if (frame)
		frame_put(frame);
	return n;
}

/*
 * Where the i-th range of a disk begins: every fourth one at the start, at the end, and, on large
 * disks, about the sectors that need a 29th and a 33rd bit.
 */
static uint64_t place_of(const struct block_device *disk, unsigned i)
{
	static const uint64_t boundaries[] = { 1ull << 28, 1ull << 32 };
	unsigned which = i % 4, row = i / 4;

	if (which == 3)
		return disk->nsectors - (row + 1) * RANGE;
	if (which > 0 && disk->nsectors > boundaries[which - 1] + 2 * WALKERS * RANGE)
		return boundaries[which - 1] - RANGE / 2 - RANGE + row * RANGE;
	return FIRST_SECTOR + i * RANGE;
}

/* Whose request has ended; NULL while there is none. */
static struct walker *ended(struct walker *walkers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (walkers[i].busy && walkers[i].ended)
			return &walkers[i];
	}
	return NULL;
}

static void walk(struct walker *walkers, unsigned n)
{
	unsigned nbusy = n;

	for (unsigned i = 0; i < n; i++)
		submit(&walkers[i]);
	while (nbusy > 0) {
		struct walker *walker;

		(void)wait_event_uninterruptible(&somebody_ended, ended(walkers, n));
		walker = ended(walkers, n);
		check(walker);
		if (walker->rounds < ROUNDS)
			submit(walker);
		else
			nbusy--;
	}
}

static void free_walkers(struct walker *walkers, unsigned n)
{
	for (unsigned i = 0; i < n * BLOCK_SEGMENTS; i++) {
		struct frame *frame = walkers[i / BLOCK_SEGMENTS].frames[i % BLOCK_SEGMENTS];

		if (frame)
			frame_put(frame);
	}
	kfree(walkers);
}

static bool give_frames(struct walker *walkers, unsigned n)
{
	for (unsigned i = 0; i < n * BLOCK_SEGMENTS; i++) {
		struct frame *frame = frame_alloc(FRAME_ANON, FRAME_ZERO);

		walkers[i / BLOCK_SEGMENTS].frames[i % BLOCK_SEGMENTS] = frame;
		if (!frame)
			return false;
	}
	return true;
}

SELFTEST(disks_at_random)
{
	struct block_device *disks[DISKS_MAX];
	unsigned n = find_disks(disks) * WALKERS;
	struct walker *walkers = n ? kzalloc(n * sizeof(*walkers)) : NULL;

	if (!n)
		return;
	EXPECT(walkers);
	if (!walkers)
		return;
	for (unsigned i = 0; i < n; i++) {
		walkers[i].disk = disks[i / WALKERS];
		walkers[i].first = place_of(walkers[i].disk, i % WALKERS);
	}
	if (give_frames(walkers, n)) {
		walk(walkers, n);
		for (unsigned i = 0; i < n; i += WALKERS)
			EXPECT(block_flush(walkers[i].disk) == 0);
	}
	free_walkers(walkers, n);
}
