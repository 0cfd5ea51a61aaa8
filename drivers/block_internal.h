/*
 * Between the parts of the block layer: devices (drivers/block.c), the queue and its task
 * (drivers/block_queue.c), what comes next (drivers/block_elevator.c), what happens when a disk
 * fails (drivers/block_error.c), and the pool of requests (drivers/block_request.c).
 */
#ifndef LOFT_DRIVERS_BLOCK_INTERNAL_H
#define LOFT_DRIVERS_BLOCK_INTERNAL_H

#include <block.h>

/* Beyond the first try: of what the disk reports an error for, and of what it does not answer. */
#define BLOCK_RETRIES 2

/* All disks, in the order of registering. */
extern struct list block_disks;

/* ---- drivers/block_queue.c ---- */

/* Starts the task "block": 0 or -ENOMEM. */
__must_check int block_start_task(void);
/* The queue's part of struct disk is made ready. */
void block_queue_init(struct disk *disk);
/* The task "block" looks at everything again. From anywhere. */
void block_wake(void);
/* Queues again what was under way; it goes alone. In the task "block". */
void block_requeue(struct block_request *request);
/* The end of a request. In the task "block". */
void block_end(struct block_request *request, int error);
/* Ends all that is queued. In the task "block". */
void block_end_queued(struct disk *disk, int error);

/* ---- drivers/block_elevator.c ---- */

/* Takes the chain that is to be started next out of the queue; NULL: nothing waits. */
struct block_request *block_take_next(struct disk *disk);

/* ---- drivers/block_error.c ---- */

/* A chain's error when it was not answered; and when the disk cannot be brought back either. */
#define BLOCK_SILENT -110 /* ETIMEDOUT */
#define BLOCK_DEAD -19	  /* ENODEV */

/* Reads block.timeout=, starts the task that resets disks: 0 or -ENOMEM. */
__must_check int block_error_init(void);
/* Something was started: there is to be an answer. */
void block_expect_answer(struct disk *disk);
void block_timer_init(struct disk *disk);
/* A chain has ended in an error: its requests are queued again or end. In the task "block". */
void block_chain_failed(struct disk *disk, struct block_request *first, int error);
/* May transfers be started? Ends what is queued when the disk is given up. In the task "block". */
bool block_may_start(struct disk *disk);
/* A line in the log about a request that fails, unless there were many. */
void block_report(const struct block_request *request, const char *what);

/* ---- drivers/block_request.c ---- */

/* The pool, once there is a disk. 0 or -ENOMEM. */
__must_check int block_pool_init(void);

/* ---- drivers/block.c ---- */

/* Statistics of a device, and of the disk it is a partition of. */
void block_count_start(struct block_device *device, uint64_t now);
void block_count_end(struct block_device *device, const struct block_request *request,
		     uint64_t now);

#endif
