/*
 * Writing dirty pages back: when. How a page is written is object_write_back's (object.h).
 *
 * The kernel task "writeback" wakes every dirty_writeback_centisecs, writes objects whose oldest
 * dirty page has been so for dirty_expire_centisecs, and, when more pages are dirty than
 * dirty_background_ratio of what could be (or dirty_background_bytes), until there are fewer. Who
 * makes pages dirty beyond dirty_ratio (dirty_bytes) writes some itself before it goes on, and so
 * depends on no other task. The numbers are /proc/sys/vm's.
 */
#ifndef LOFT_WRITEBACK_H
#define LOFT_WRITEBACK_H

#include <list.h>
#include <types.h>

struct object;

/* /proc/sys/vm's dirty_*: hundredths of a second, percent, bytes (0: the ratio counts). */
extern struct writeback_policy {
	int32_t background_ratio, ratio;
	uint32_t background_bytes, bytes;
	int32_t expire_cs, interval_cs;
} writeback_policy;

/* One of these has been set. */
void writeback_policy_changed(void);
/* How many pages may be dirty before the task writes some, and before who makes them dirty must. */
struct writeback_limits {
	uint32_t background, most;
};
struct writeback_limits writeback_limits(void);

/*
 * What has more to be written than pages: a file system's inodes and superblocks. Registered for
 * ever.
 */
struct writeback_client {
	struct list link;
	/*
	 * Writes what is dirty to pages and pages to the device. wait: until it is there. age: only
	 * what has been dirty for so many nanoseconds. 0 or the first error. May sleep; takes no
	 * inode->lock.
	 */
	int (*sync)(bool wait, uint64_t age);
};
void writeback_register(struct writeback_client *client);

/* Starts the task. Once, when tasks can be made. */
void writeback_init(void);
/* The task looks at once whether there is too much. Anywhere. */
void writeback_wake(void);
/* The task writes all dirty pages: memory is out and nothing else can be taken. Anywhere. */
void writeback_ask_all(void);

/*
 * A page has become dirty, of an object that the caller keeps, or NULL: where there are too many, some
 * are written before this returns. Called where nothing is held that writing back needs. May sleep.
 */
void writeback_throttle_slow(struct object *object);
extern uint32_t writeback_throttle_from; /* dirty pages from which on it has something to do */
extern uint32_t object_dirty_pages;
static inline void writeback_throttle(struct object *object)
{
	if (object_dirty_pages >= writeback_throttle_from)
		writeback_throttle_slow(object);
}

/*
 * Writes all dirty pages of all objects. wait: until they are on their devices. The clients are not
 * asked (fs_sync_all of fs.h does all of it). May sleep.
 */
void writeback_pages(bool wait);
/* Asks all clients in turn: 0 or the first error. */
int writeback_clients(bool wait, uint64_t age);

#endif
