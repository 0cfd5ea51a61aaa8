/*
 * Block devices: disks and their partitions, and requests to them.
 *
 * A disk's driver fills in a struct disk and registers it; what others read and write are block
 * devices: the whole disk, and each partition of it. A request names a run of sectors of a device
 * and the pieces of memory that are to receive or to give them. It is queued; the kernel task
 * "block" sorts what is queued by place (reads before writes, though neither waits for ever), joins
 * neighbours, hands them to the driver, and tells the requests' owners when they are done. Since the
 * kernel is not preempted, the task gets its turn when the submitter sleeps or returns to its
 * program: what is submitted in one go is sorted and merged as one.
 *
 * A disk that does not answer within block.timeout= seconds (10) is reset, and what it had is tried
 * again, at most twice; then it ends in -EIO, and so does all that is queued for that disk, which is
 * then left alone for a while. A request that the disk reports an error for is tried again by itself,
 * at most twice. So every request ends.
 *
 * Between requests that are under way at the same time there is no order. Whoever needs one waits for
 * done; what has to be on the medium by then, and not in the disk's cache, wants a flush in between.
 *
 * Protected by: the kernel not being preempted; fields marked (irq) are also used by the drivers'
 * interrupt handlers and guarded by interrupt-off sections.
 */
#ifndef LOFT_BLOCK_H
#define LOFT_BLOCK_H

#include <assert.h>
#include <clock.h>
#include <frame.h>
#include <list.h>
#include <types.h>
#include <wait.h>

struct block_device;
struct disk;
struct object;

#define SECTOR_SHIFT 9
#define SECTOR_SIZE 512u
#define SECTORS_PER_PAGE (PAGE_SIZE / SECTOR_SIZE)

/* Linux's majors: SCSI disks; the first that Linux gives out dynamically, as to virtio-blk. */
#define BLOCK_MAJOR_SD 8
#define BLOCK_MAJOR_VD 254
#define BLOCK_MINORS 16		 /* of a disk: itself, and 15 partitions... */
#define BLOCK_MAJOR_EXTENDED 259 /* ...and of all disks' partitions behind these */
#define BLOCK_NAME_SIZE 16
#define PARTITION_UUID_SIZE 37

/* ---- requests ---- */

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

/* size bytes of a frame from offset on, within the frame; both are multiples of 4. */
struct block_segment {
	struct frame *frame; /* may be a high one; its owner keeps it */
	uint16_t offset, size;
};

#define BLOCK_SEGMENTS 32
#define BLOCK_SECTORS_MAX (BLOCK_SEGMENTS * SECTORS_PER_PAGE) /* of one request */

/*
 * One run of sectors of one device. The owner fills in the first part (block_request_get leaves it
 * cleared) and must not look at the second. From block_submit until done the whole belongs to the
 * block layer.
 */
struct block_request {
	struct block_device *device;
	enum block_op op;
	uint64_t sector;    /* the first, counted from the device's start */
	unsigned nsegments; /* 0 for a flush, which has no sector either */
	struct block_segment segments[BLOCK_SEGMENTS];
	/*
	 * Called once, in the task "block", never from block_submit: error is 0 or -EIO (no data
	 * can be relied on, not a sector's: who must know which were bad asks again for each),
	 * -EROFS (a write to what is read-only). Must not sleep and not allocate; may submit
	 * requests, wake tasks and put the request.
	 */
	void (*done)(struct block_request *request, int error);
	void *context; /* the owner's */

	/* The block layer's own; drivers read the first three. */
	struct block_request *next; /* in a chain that a driver is given; NULL: the last */
	uint64_t disk_sector;	    /* counted from the disk's start */
	uint32_t nsectors;
	struct list link;     /* (irq) */
	uint64_t submitted;   /* clock_monotonic_ns() */
	uint64_t started;     /* of a chain's first */
	struct list age_link; /* while queued */
	int error;
	uint8_t errors, silences; /* how often it failed; how often it was not answered */
	bool merged;		  /* it goes along with another */
};

/*
 * Queues a request. Never fails and does not sleep or allocate; not for interrupt handlers. A run
 * that is not within the device ends in done(-EIO) and a line in the log.
 */
void block_submit(struct block_request *request);

/*
 * A cleared request of the pool, which has memory of its own. NULL without may_wait when only those
 * are left that are kept for who must wait; with it never NULL: sleeps, uninterruptibly, until
 * another's request is done, which needs no memory. Whoever got one submits it, or puts it back,
 * before waiting for anything else.
 */
__must_check struct block_request *block_request_get(bool may_wait);
void block_request_put(struct block_request *request);

/* One more piece of memory at the request's end; there must be room (BLOCK_SEGMENTS). */
static inline void block_add_segment(struct block_request *request, struct frame *frame,
				     unsigned offset, unsigned size)
{
	assert(request->nsegments < BLOCK_SEGMENTS && size > 0 && offset + size <= PAGE_SIZE);
	request->segments[request->nsegments++] = (struct block_segment){ frame, offset, size };
}

/*
 * Reads or writes size bytes, a multiple of 512, of one frame, and waits for it, uninterruptibly. 0,
 * -EIO, -EROFS. The caller keeps the frame. Needs no memory.
 */
__must_check int block_transfer(struct block_device *device, enum block_op op, uint64_t sector,
				struct frame *frame, unsigned offset, unsigned size);
/*
 * What was written, and done, before is on the medium when this returns; sleeps. 0 (also where the
 * disk has no cache), -EIO.
 */
__must_check int block_flush(struct block_device *device);

/* ---- devices ---- */

/* For /proc/diskstats; [0] reads, [1] writes. */
struct block_stats {
	uint32_t requests[2], merges[2];
	uint64_t sectors[2];
	uint64_t ns[2]; /* from block_submit to done, added up */
	uint32_t flushes;
	uint64_t flush_ns;
	uint32_t in_flight; /* submitted, not done */
	uint64_t busy_ns;   /* while that was not 0 */
	uint64_t changed;   /* when busy_ns was counted last */
};

/* A disk or a partition. Lives until its disk's partition table is read anew. */
struct block_device {
	char name[BLOCK_NAME_SIZE]; /* "sda", "vda2" */
	dev_t device;		    /* major << 8 | minor, both below 4096 and 256 */
	struct list link;	    /* in its disk's devices */
	struct disk *disk;
	unsigned number;		/* of the partition; 0: the whole disk */
	uint64_t start, nsectors;	/* on the disk */
	char uuid[PARTITION_UUID_SIZE]; /* a partition's, as PARTUUID= has it, in small letters */
	bool read_only;
	uint32_t users;	      /* who has it open, mounted or swaps to it: those count themselves */
	struct object *pages; /* its page cache, made by who listens; NULL: none */
	void *owner;	      /* the listener's too */
	bool going; /* its disk's table is being read again: it cannot be found any more */
	struct block_stats stats;
};

static inline bool block_is_partition(const struct block_device *device)
{
	return device->number != 0;
}

/*
 * The device of a number, of a name without "/dev/", or NULL. It stays while it has users; without,
 * it may be gone after any sleep.
 */
struct block_device *block_find(dev_t device);
struct block_device *block_find_name(const char *name);
/* The one after `device` in the order of /proc/partitions, the first after NULL; NULL: no more. */
struct block_device *block_next(const struct block_device *device);
/* The partition of a disk, 0 the disk itself; NULL. */
struct block_device *block_partition(struct disk *disk, unsigned number);

/* The device's counters with busy_ns up to now. */
struct block_stats block_stats_now(struct block_device *device);

/*
 * Reads the partition table of device's disk again (BLKRRPART): 0, -EINVAL for a partition, -EBUSY
 * while one of its partitions has users, -EIO, -ENOMEM. Sleeps.
 */
__must_check int block_reread_partitions(struct block_device *device);

/*
 * Who is told of devices: fs/, which gives them a page cache and a name in /dev. Registered before
 * the first disk. added: 0, or -ENOMEM, and then the device does not come to be. removed: nobody
 * uses the device, which goes. Both may sleep.
 */
struct block_listener {
	int (*added)(struct block_device *device);
	void (*removed)(struct block_device *device);
};
void block_listen(const struct block_listener *listener);

/* ---- for drivers of disks ---- */

/*
 * What a driver does. start, reset and work are called in tasks, one at a time for one disk, with
 * interrupts on.
 */
struct disk_ops {
	/*
	 * Starts one transfer: a chain of requests (next) of one op, contiguous from
	 * first->disk_sector on, within the disk's limits; or one flush (a chain too: several who
	 * asked for it), where write_cache is set. Does not sleep. 0: under way, and disk_complete
	 * follows, perhaps before start returns; -EBUSY: no room, it comes again after the next
	 * disk_complete (only while another is under way); else
	 * -errno: as disk_complete with that error.
	 */
	int (*start)(struct disk *disk, struct block_request *first);
	/*
	 * The disk does not answer: brings it back to a state in which it takes requests, and
	 * forgets all it had. Afterwards it touches no memory of theirs, and disk_complete is not
	 * called for them; they come again by start. Before and during reset disk_complete may
	 * still be called. May sleep for a few seconds. 0, or -EIO: it is dead, and they end.
	 */
	int (*reset)(struct disk *disk);
	/*
	 * NULL, or: looks at the device as the interrupt handler does, in case an interrupt was
	 * lost. Interrupts off. True when it had completed something.
	 */
	bool (*poll)(struct disk *disk);
	/*
	 * NULL, or what disk_work asks the task "block" to call: for what an interrupt handler
	 * should not do, such as moving data by PIO through kmap. Does not sleep.
	 */
	void (*work)(struct disk *disk);
};

/* What the name begins with: sda, sdb... in the order of registering; vda... */
enum disk_kind { DISK_SD, DISK_VD };

#define DISK_MODEL_SIZE 41

struct disk {
	/* The driver's to fill in before disk_register; the rest is cleared. */
	const struct disk_ops *ops;
	void *data;
	enum disk_kind kind;
	uint64_t nsectors;     /* of 512 bytes */
	uint32_t block_size;   /* the disk's own sector: 512 (0 means that) or 4096 */
	uint32_t max_sectors;  /* of one transfer, at least BLOCK_SECTORS_MAX; 0: no bound */
	uint32_t max_segments; /* likewise, at least BLOCK_SEGMENTS; 0: no bound */
	uint32_t depth;	       /* transfers under way at a time, at least 1 */
	bool write_cache;      /* flushes mean something */
	bool read_only;
	char model[DISK_MODEL_SIZE]; /* for the log line; may be empty */

	/* The block layer's. */
	struct list link;		/* in the list of disks */
	struct list devices;		/* the disk, then its partitions, by number */
	struct block_device *whole;	/* the first of these */
	struct mutex partitioning;	/* held while partitions go and come */
	unsigned index;			/* among those of its kind: 0 for "sda" */
	struct list sorted[2], aged[2]; /* queued reads and writes: by sector; by age */
	struct list flushes;		/* queued */
	struct block_request *held;	/* a chain the driver had no room for; NULL */
	bool alone;			/* what is under way failed before: nothing beside it */
	struct list in_flight;		/* (irq) first requests of chains, oldest first */
	unsigned nin_flight;		/* (irq) */
	uint64_t answered;		/* (irq) when it last completed something, or began it */
	uint64_t position;		/* behind the last transfer started */
	unsigned nreads_ahead;		/* reads started while writes were waiting */
	struct timer timer;		/* while something is in flight: looks for silence */
	bool silent;			/* (irq) the timer found it; until the reset is over */
	bool wants_work;		/* (irq) disk_work */
	uint64_t dead_until;		/* 0: it is well; requests fail at once until then */
};

/*
 * Enters a disk: names it, tells of it, reads its partition table. In a task; sleeps. 0, or -ENOMEM,
 * -ENOSPC (too many of its kind): nothing is left behind. The disk stays for ever.
 */
__must_check int disk_register(struct disk *disk);
/*
 * The chain that began with first has ended: 0, or -EIO (tried again), or another error, which is
 * not (-EROFS). From anywhere, interrupt handlers included; also from start.
 */
void disk_complete(struct disk *disk, struct block_request *first, int error);
/*
 * What start was given waited for another disk of the same cable, and only now the disk has it: its
 * time to answer begins. From anywhere.
 */
static inline void disk_begun(struct disk *disk)
{
	disk->answered = clock_coarse_ns();
}
/* Asks for ops->work soon. From anywhere. */
void disk_work(struct disk *disk);

/* Of a chain: all its sectors and segments. */
uint32_t block_chain_sectors(const struct block_request *first);
unsigned block_chain_segments(const struct block_request *first);

/*
 * for each segment of each request of the chain first: `request` and `segment` are the loop's.
 */
#define block_for_each_segment(request, segment, first) \
	for (request = (first); request; request = request->next) \
		for (segment = request->segments; \
		     segment < request->segments + request->nsegments; segment++)

/* The physical address of a segment, for devices that fetch it themselves. */
static inline paddr_t block_segment_paddr(const struct block_segment *segment)
{
	return frame_paddr(segment->frame) + segment->offset;
}

/* Finds all disks: PCI's, then those at the old ISA ports. Sleeps; while booting. */
void disks_init(void);

#endif
