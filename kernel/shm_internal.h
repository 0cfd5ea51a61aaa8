/*
 * System V shared memory, between its files: segments (kernel/shm.c) and what is told of them and
 * asked of them by shmctl (kernel/shm_control.c).
 */
#ifndef LOFT_SHM_INTERNAL_H
#define LOFT_SHM_INTERNAL_H

#include <err.h>
#include <ipc.h>
#include <layout.h>
#include <types.h>

struct file;
struct object;

struct segment {
	struct ipc_object ipc;
	uint32_t size; /* bytes */
	uint32_t nattch;
	uint32_t atime, dtime, ctime;
	pid_t cpid, lpid; /* who made it, who attached or detached it last */
	uid_t locked_by;  /* with SHM_LOCKED in the mode */
	struct file *file;
	struct object *pages; /* the file's */
};

extern struct ipc_table shm_segments;
extern uint32_t shm_total_npages; /* of all segments' sizes */

static inline uint32_t shm_npages(const struct segment *segment)
{
	return (segment->size + PAGE_MASK) >> PAGE_SHIFT;
}

static inline struct segment *shm_segment_of(struct ipc_object *object)
{
	return container_of(object, struct segment, ipc);
}

/* ERR_PTR(-EINVAL): no such identifier. */
static inline struct segment *shm_find(int32_t id)
{
	struct ipc_object *object = ipc_find(&shm_segments, id);

	return IS_ERR(object) ? (void *)object : shm_segment_of(object);
}

/* It goes: nobody is attached. */
void shm_destroy(struct segment *segment);

#endif
