/*
 * Disks and their devices: names, numbers, partitions, counters.
 *
 * A disk has its minors in a row: itself, then its partitions by number, up to 15; those behind have
 * the next free ones of a major that all disks share, as on Linux. Disks stay; partitions go
 * only when the disk's table is read again, and then none of them has a user. Who is to know of
 * devices (fs/) listens from before the first one.
 */
#include "block_internal.h"

#include <assert.h>
#include <clock.h>
#include <format.h>
#include <kheap.h>
#include <log.h>
#include <string.h>

#include <abi/errno.h>

#include "partition.h"

#define DISKS_MAX 16 /* of a kind: what minors below 256 suffice for */
#define MAJOR_SHIFT 8
#define EXTENDED_MINORS 256
#define LINE_SIZE 200 /* of the log, for a disk's partitions */

struct list block_disks = LIST_INIT(block_disks);

static const struct block_listener *listener;

static const struct {
	const char *prefix;
	unsigned major;
} kinds[] = {
	[DISK_SD] = { "sd", BLOCK_MAJOR_SD },
	[DISK_VD] = { "vd", BLOCK_MAJOR_VD },
};

/* ---- finding ---- */

struct block_device *block_next(const struct block_device *device)
{
	const struct list *next = device ? device->link.next : NULL;
	const struct disk *disk = device ? device->disk : NULL;

	if (device && next != &disk->devices)
		return list_entry(next, struct block_device, link);
	next = device ? disk->link.next : block_disks.next;
	return next == &block_disks ? NULL : list_entry(next, struct disk, link)->whole;
}

struct block_device *block_find(dev_t number)
{
	struct block_device *device = NULL;

	while ((device = block_next(device)))
		if (device->device == number && !device->going)
			return device;
	return NULL;
}

struct block_device *block_find_name(const char *name)
{
	struct block_device *device = NULL;

	while ((device = block_next(device)))
		if (!device->going && strcmp(device->name, name) == 0)
			return device;
	return NULL;
}

struct block_device *block_partition(struct disk *disk, unsigned number)
{
	struct block_device *device;

	list_for_each(device, &disk->devices, link)
		if (device->number == number)
			return device;
	return NULL;
}

void block_listen(const struct block_listener *wants_to_know)
{
	assert(!listener && list_empty(&block_disks));
	listener = wants_to_know;
}

/* ---- counters ---- */

/* Time passes: with something under way it counts. */
static void count_time(struct block_stats *stats, uint64_t now)
{
	if (stats->in_flight > 0)
		stats->busy_ns += now - stats->changed;
	stats->changed = now;
}

static void count_start(struct block_stats *stats, uint64_t now)
{
	count_time(stats, now);
	stats->in_flight++;
}

void block_count_start(struct block_device *device, uint64_t now)
{
	count_start(&device->stats, now);
	if (block_is_partition(device))
		count_start(&device->disk->whole->stats, now);
}

/* As on Linux one that was merged is no request of its own in the statistics. */
static void count_transfer(struct block_stats *stats, const struct block_request *request,
			   uint64_t now)
{
	if (request->merged)
		stats->merges[request->op]++;
	else
		stats->requests[request->op]++;
	stats->sectors[request->op] += request->nsectors;
	stats->ns[request->op] += now - request->submitted;
}

/* And flushes are the disk's alone, however many asked for one. */
static void count_flush(struct block_device *device, const struct block_request *request,
			uint64_t now)
{
	if (block_is_partition(device) || request->merged || !device->disk->write_cache)
		return;
	device->stats.flushes++;
	device->stats.flush_ns += now - request->submitted;
}

static void count_end(struct block_device *device, const struct block_request *request,
		      uint64_t now)
{
	assert(device->stats.in_flight > 0);
	count_time(&device->stats, now);
	device->stats.in_flight--;
	if (request->op == BLOCK_FLUSH)
		count_flush(device, request, now);
	else
		count_transfer(&device->stats, request, now);
}

void block_count_end(struct block_device *device, const struct block_request *request, uint64_t now)
{
	count_end(device, request, now);
	if (block_is_partition(device))
		count_end(device->disk->whole, request, now);
}

struct block_stats block_stats_now(struct block_device *device)
{
	count_time(&device->stats, clock_monotonic_ns());
	return device->stats;
}

/* ---- devices ---- */

static void device_free(struct block_device *device)
{
	list_remove(&device->link);
	kfree(device);
}

static bool is_taken(dev_t number)
{
	const struct block_device *device = NULL;

	while ((device = block_next(device)))
		if (device->device == number)
			return true;
	return false;
}

/* The number in the system of a disk's device; 0: there is none left. */
static dev_t choose_number(const struct disk *disk, unsigned number)
{
	if (number < BLOCK_MINORS)
		return kinds[disk->kind].major << MAJOR_SHIFT |
		       (disk->index * BLOCK_MINORS + number);
	for (unsigned minor = 0; minor < EXTENDED_MINORS; minor++)
		if (!is_taken(BLOCK_MAJOR_EXTENDED << MAJOR_SHIFT | minor))
			return BLOCK_MAJOR_EXTENDED << MAJOR_SHIFT | minor;
	log_warning("%s: no number is left for partition %u", disk->whole->name, number);
	return 0;
}

/* A device of the disk with its number; the rest of its name follows the disk's. */
static struct block_device *device_new(struct disk *disk, unsigned number, dev_t in_system)
{
	struct block_device *device = kzalloc(sizeof(*device));

	if (!device)
		return NULL;
	device->disk = disk;
	device->number = number;
	device->device = in_system;
	device->read_only = disk->read_only;
	device->stats.changed = clock_monotonic_ns();
	format(device->name, sizeof(device->name), "%s%c", kinds[disk->kind].prefix,
	       'a' + disk->index);
	if (number)
		format(device->name + strlen(device->name), 4, "%u", number);
	list_add_tail(&disk->devices, &device->link);
	return device;
}

/* -ENOMEM: the device is gone. */
static int device_tell(struct block_device *device)
{
	int error = listener ? listener->added(device) : 0;

	if (error)
		device_free(device);
	return error;
}

static int add_whole(struct disk *disk)
{
	struct block_device *device = device_new(disk, 0, choose_number(disk, 0));

	if (!device)
		return -ENOMEM;
	device->nsectors = disk->nsectors;
	disk->whole = device;
	return device_tell(device);
}

/* ---- partitions ---- */

static int add_partition(struct disk *disk, const struct partition *partition)
{
	dev_t number = choose_number(disk, partition->number);
	struct block_device *device;

	/* Said; the others are there. */
	if (!number)
		return 0;
	device = device_new(disk, partition->number, number);
	if (!device)
		return -ENOMEM;
	device->start = partition->start;
	device->nsectors = partition->nsectors;
	memcpy(device->uuid, partition->uuid, sizeof(device->uuid));
	return device_tell(device);
}

/* " vda: vda1 vda2 < vda5 >", as Linux says it. */
static void log_partitions(const struct disk *disk, const struct partition_table *table)
{
	char line[LINE_SIZE];
	size_t used = (size_t)format(line, sizeof(line), " %s:", disk->whole->name);
	bool inside = false;
	unsigned i;

	for (i = 0; i < table->count && used < sizeof(line) - 24; i++) {
		const struct partition *partition = &table->partitions[i];

		used += (size_t)format(line + used, sizeof(line) - used, "%s %s%u",
				       partition->logical && !inside ? " <" : "", disk->whole->name,
				       partition->number);
		inside |= partition->logical;
	}
	log_info("%s%s%s", line, i < table->count ? " ..." : "", inside ? " >" : "");
}

/* Reads the sector of the table's reader through a frame, which is the context. */
struct table_source {
	struct block_device *device;
	struct frame *frame; /* low */
};

static int read_sectors(void *context, uint64_t sector, void *to, uint32_t size)
{
	const struct table_source *source = context;
	int error;

	assert(size <= PAGE_SIZE);
	error = block_transfer(source->device, BLOCK_READ, sector, source->frame, 0, size);
	if (!error)
		memcpy(to, frame_virt(source->frame), size);
	return error;
}

/* The table as it is on the disk: 0, -EIO, -ENOMEM. */
static int read_table(struct disk *disk, struct partition_table *table)
{
	struct table_source source = { disk->whole, frame_alloc(FRAME_KERNEL, 0) };
	struct partition_reader reader = { .read = read_sectors,
					   .context = &source,
					   .nsectors = disk->nsectors,
					   .sector_size = disk->block_size,
					   .name = disk->whole->name };
	int error;

	if (!source.frame)
		return -ENOMEM;
	error = partition_read_table(&reader, table);
	frame_put(source.frame);
	return error;
}

static int add_partitions(struct disk *disk, const struct partition_table *table)
{
	int error = 0;

	if (table->count > 0 || table->is_table)
		log_partitions(disk, table);
	for (unsigned i = 0; i < table->count && !error; i++)
		error = add_partition(disk, &table->partitions[i]);
	return error;
}

static bool partitions_in_use(const struct disk *disk)
{
	const struct block_device *device;

	list_for_each(device, &disk->devices, link)
		if (block_is_partition(device) && device->users > 0)
			return true;
	return false;
}

static void remove_partitions(struct disk *disk)
{
	struct block_device *device, *after;

	/* The listener may sleep: nobody is to find one meanwhile. */
	list_for_each(device, &disk->devices, link)
		device->going = block_is_partition(device);
	list_for_each_safe(device, after, &disk->devices, link) {
		if (!block_is_partition(device))
			continue;
		assert(device->users == 0 && device->stats.in_flight == 0);
		if (listener)
			listener->removed(device);
		device_free(device);
	}
}

static int reread(struct disk *disk, struct partition_table *table)
{
	int error = read_table(disk, table);

	/* Reading slept: users are looked for afterwards. */
	if (!error && partitions_in_use(disk))
		error = -EBUSY;
	if (!error) {
		remove_partitions(disk);
		error = add_partitions(disk, table);
	}
	return error;
}

int block_reread_partitions(struct block_device *device)
{
	struct disk *disk = device->disk;
	struct partition_table *table;
	int error;

	if (block_is_partition(device))
		return -EINVAL;
	table = kzalloc(sizeof(*table));
	if (!table)
		return -ENOMEM;
	mutex_lock(&disk->partitioning);
	error = reread(disk, table);
	mutex_unlock(&disk->partitioning);
	kfree(table);
	return error;
}

/* ---- disks ---- */

static unsigned count_of_kind(enum disk_kind kind)
{
	const struct disk *disk;
	unsigned count = 0;

	list_for_each(disk, &block_disks, link)
		count += disk->kind == kind;
	return count;
}

static void log_disk(const struct disk *disk)
{
	uint32_t mb = (uint32_t)(disk->nsectors >> (20 - SECTOR_SHIFT));

	log_info("%s: %llu sectors of 512 bytes (%u MB)%s%s%s%s", disk->whole->name,
		 (unsigned long long)disk->nsectors, mb, *disk->model ? ", " : "", disk->model,
		 disk->write_cache ? ", write cache" : "", disk->read_only ? ", read-only" : "");
}

/* What all disks need, with the first of them. */
static int start_layer(void)
{
	static bool started;
	int error;

	if (started)
		return 0;
	error = block_pool_init();
	if (!error)
		error = block_start_task();
	if (!error)
		error = block_error_init();
	started = !error;
	return error;
}

int disk_register(struct disk *disk)
{
	int error = start_layer();

	assert(disk->ops && disk->depth > 0 && disk->nsectors > 0);
	assert(disk->max_sectors == 0 || disk->max_sectors >= BLOCK_SECTORS_MAX);
	assert(disk->max_segments == 0 || disk->max_segments >= BLOCK_SEGMENTS);
	if (error)
		return error;
	if (disk->block_size == 0)
		disk->block_size = SECTOR_SIZE;
	disk->index = count_of_kind(disk->kind);
	if (disk->index == DISKS_MAX)
		return -ENOSPC;
	list_init(&disk->devices);
	mutex_init(&disk->partitioning);
	block_queue_init(disk);
	list_add_tail(&block_disks, &disk->link);
	error = add_whole(disk);
	if (error) {
		list_remove(&disk->link);
		return error;
	}
	log_disk(disk);
	error = block_reread_partitions(disk->whole);
	if (error)
		log_warning("%s: cannot read its partitions (error %d)", disk->whole->name, -error);
	return 0;
}
