/*
 * Partition tables: what lies on a disk, as MBR and GPT say it. Pure: the disk is a function that
 * reads, so that a unit test can be the disk.
 */
#ifndef LOFT_DRIVERS_PARTITION_H
#define LOFT_DRIVERS_PARTITION_H

#include <block.h>
#include <types.h>

#define PARTITIONS_MAX 255 /* as many as on Linux 6.1 */

struct partition {
	unsigned number;	  /* 1..PARTITIONS_MAX; logical ones from 5 on */
	bool logical;		  /* in an extended partition of an MBR */
	uint64_t start, nsectors; /* in sectors of 512 bytes, within the disk */
	/*
	 * What PARTUUID= calls it: a GPT's GUID of the partition; an MBR's signature of the disk and
	 * the partition's number, "1234abcd-01".
	 */
	char uuid[PARTITION_UUID_SIZE];
};

struct partition_table {
	bool is_table; /* there is one, if only an empty one */
	unsigned count;
	struct partition partitions[PARTITIONS_MAX];
};

/* A disk to be looked at. */
struct partition_reader {
	/* size bytes, a multiple of sector_size and at most 4096, from sector (of 512 bytes) on. */
	int (*read)(void *context, uint64_t sector, void *to, uint32_t size);
	void *context;
	uint64_t nsectors;    /* of 512 bytes */
	uint32_t sector_size; /* 512 or 4096: what tables count in */
	const char *name;     /* for the log */
};

/*
 * Fills in *table: 0, -ENOMEM, or what reading its first sector gave. Bounded work on any contents;
 * what is not right in a table is left out, with a line in the log.
 */
__must_check int partition_read_table(const struct partition_reader *reader,
				      struct partition_table *table);

#endif
