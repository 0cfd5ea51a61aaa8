/*
 * What fcntl asks of advisory locks; the rest is in vfs.h.
 */
#ifndef LOFT_LOCKS_H
#define LOFT_LOCKS_H

#include <vfs.h>

/*
 * F_SETLK and its kin. by_file: the open file owns the lock (F_OFD_*), else current's descriptor
 * table. wait: sleeps while another's lock is in the way. 0, -EAGAIN, -EBADF (not open that way),
 * -EINVAL, -EOVERFLOW, -EDEADLK, -ENOLCK (no memory), -ERESTARTSYS.
 */
__must_check int lock_set(struct file *file, const struct flock64 *from, bool by_file, bool wait);
/* F_GETLK: *range becomes the first lock in the way, or its type F_UNLCK. -EINVAL, -EOVERFLOW. */
__must_check int lock_query(struct file *file, struct flock64 *range, bool by_file);

#endif
