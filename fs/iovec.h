/*
 * Lists of buffers as programs pass them (fs/readwrite.c).
 */
#ifndef LOFT_FS_IOVEC_H
#define LOFT_FS_IOVEC_H

#include <uio.h>

#define IOVEC_FEW 8u

/*
 * A kernel copy of a program's list of count: in few (IOVEC_FEW of them) if it fits, else on the
 * heap, to be freed. ERR_PTR(-EINVAL (more than IOV_MAX), -ENOMEM, -EFAULT).
 */
__must_check struct iovec *iovec_copy(const struct iovec __user *user, uint32_t count,
				      struct iovec *few);
/*
 * Checks such a copy; its bytes in all, cut where a transfer ends. -EINVAL (a size that is
 * negative), -EFAULT.
 */
__must_check ssize_t iovec_check(struct iovec *list, uint32_t count);

struct file;
/*
 * Copies bytes from one file to another, at positions that move on: how many (fewer at the end, at a
 * signal), or -errno. May sleep.
 */
__must_check ssize_t file_pass(struct file *from, loff_t *from_at, struct file *to, loff_t *to_at,
			       size_t size);

#endif
