/*
 * Between the two kinds of partition tables (drivers/partition.c, drivers/partition_gpt.c).
 */
#ifndef LOFT_DRIVERS_PARTITION_INTERNAL_H
#define LOFT_DRIVERS_PARTITION_INTERNAL_H

#include "partition.h"

/* Enters one with nsectors > 0, cut at the end of the disk; there is room for it. */
void partition_add(const struct partition_reader *reader, struct partition_table *table,
		   struct partition partition);

/*
 * Takes the partitions of a GPT whose first header, or else the copy at the end of the disk, is
 * right: true. Lines in the log for what is not.
 */
__must_check bool partition_read_gpt(const struct partition_reader *reader,
				     struct partition_table *table);

#endif
