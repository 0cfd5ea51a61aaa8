/*
 * The system calls of fs/, for the one table (kernel/syscall_table.c). Each has Linux's arguments,
 * results and order of errors; 64-bit arguments come as low and high halves, as the i386 ABI passes
 * them. All may sleep.
 */
#ifndef LOFT_FS_CALLS_H
#define LOFT_FS_CALLS_H

#include <types.h>
#include <uio.h>

struct old_select_arguments;
struct old_stat;
struct pollfd;
struct stat64;
struct statfs;
struct statfs64;
struct statx;
struct timespec;
struct timespec64;
struct timeval;
typedef uint64_t sigset_t;

/* fs/open.c */
int32_t sys_openat(int dirfd, const char __user *path, uint32_t flags, mode_t mode);
int32_t sys_open(const char __user *path, uint32_t flags, mode_t mode);
int32_t sys_creat(const char __user *path, mode_t mode);

/* fs/files.c */
int32_t sys_close(int fd);
int32_t sys_dup(int fd);
int32_t sys_dup2(int from, int to);
int32_t sys_dup3(int from, int to, uint32_t flags);
int32_t sys_close_range(uint32_t first, uint32_t last, uint32_t flags);

/* fs/readwrite.c */
int32_t sys_read(int fd, void __user *buffer, size_t size);
int32_t sys_write(int fd, const void __user *buffer, size_t size);
int32_t sys_pread64(int fd, void __user *buffer, size_t size, uint32_t low, uint32_t high);
int32_t sys_pwrite64(int fd, const void __user *buffer, size_t size, uint32_t low, uint32_t high);
int32_t sys_readv(int fd, const struct iovec __user *list, uint32_t count);
int32_t sys_writev(int fd, const struct iovec __user *list, uint32_t count);
int32_t sys_preadv(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		   uint32_t high);
int32_t sys_pwritev(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		    uint32_t high);
int32_t sys_preadv2(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		    uint32_t high, uint32_t flags);
int32_t sys_pwritev2(int fd, const struct iovec __user *list, uint32_t count, uint32_t low,
		     uint32_t high, uint32_t flags);
int32_t sys_lseek(int fd, int32_t offset, int whence);
int32_t sys_llseek(int fd, uint32_t high, uint32_t low, loff_t __user *result, int whence);
int32_t sys_sendfile64(int to, int from, loff_t __user *offset, size_t size);
int32_t sys_sendfile(int to, int from, uint32_t __user *offset, size_t size);

/* fs/dir.c */
int32_t sys_getdents(int fd, void __user *to, uint32_t size);
int32_t sys_getdents64(int fd, void __user *to, uint32_t size);
int32_t sys_chdir(const char __user *path);
int32_t sys_fchdir(int fd);
int32_t sys_chroot(const char __user *path);
int32_t sys_getcwd(char __user *to, uint32_t size);
int32_t sys_umask(mode_t mask);

/* fs/stat.c */
int32_t sys_stat(const char __user *path, struct old_stat __user *to);
int32_t sys_lstat(const char __user *path, struct old_stat __user *to);
int32_t sys_fstat(int fd, struct old_stat __user *to);
int32_t sys_fstatat64(int dirfd, const char __user *path, struct stat64 __user *to, uint32_t flags);
int32_t sys_stat64(const char __user *path, struct stat64 __user *to);
int32_t sys_lstat64(const char __user *path, struct stat64 __user *to);
int32_t sys_fstat64(int fd, struct stat64 __user *to);
int32_t sys_statx(int dirfd, const char __user *path, uint32_t flags, uint32_t mask,
		  struct statx __user *to);
int32_t sys_faccessat2(int dirfd, const char __user *path, uint32_t mode, uint32_t flags);
int32_t sys_faccessat(int dirfd, const char __user *path, uint32_t mode);
int32_t sys_access(const char __user *path, uint32_t mode);
int32_t sys_statfs(const char __user *path, struct statfs __user *to);
int32_t sys_fstatfs(int fd, struct statfs __user *to);
int32_t sys_statfs64(const char __user *path, uint32_t size, struct statfs64 __user *to);
int32_t sys_fstatfs64(int fd, uint32_t size, struct statfs64 __user *to);

/* fs/link.c */
int32_t sys_mkdirat(int dirfd, const char __user *path, mode_t mode);
int32_t sys_mkdir(const char __user *path, mode_t mode);
int32_t sys_mknodat(int dirfd, const char __user *path, mode_t mode, dev_t device);
int32_t sys_mknod(const char __user *path, mode_t mode, dev_t device);
int32_t sys_symlinkat(const char __user *target, int dirfd, const char __user *path);
int32_t sys_symlink(const char __user *target, const char __user *path);
int32_t sys_linkat(int from_fd, const char __user *from, int to_fd, const char __user *to,
		   uint32_t flags);
int32_t sys_link(const char __user *from, const char __user *to);
int32_t sys_unlinkat(int dirfd, const char __user *path, uint32_t flags);
int32_t sys_unlink(const char __user *path);
int32_t sys_rmdir(const char __user *path);
int32_t sys_readlinkat(int dirfd, const char __user *path, char __user *to, int size);
int32_t sys_readlink(const char __user *path, char __user *to, int size);

/* fs/rename.c */
int32_t sys_renameat2(int from_fd, const char __user *from, int to_fd, const char __user *to,
		      uint32_t flags);
int32_t sys_renameat(int from_fd, const char __user *from, int to_fd, const char __user *to);
int32_t sys_rename(const char __user *from, const char __user *to);

/* fs/attr.c */
int32_t sys_fchmodat(int dirfd, const char __user *path, mode_t mode);
int32_t sys_chmod(const char __user *path, mode_t mode);
int32_t sys_fchmod(int fd, mode_t mode);
int32_t sys_fchownat(int dirfd, const char __user *path, uid_t uid, gid_t gid, uint32_t flags);
int32_t sys_chown(const char __user *path, uid_t uid, gid_t gid);
int32_t sys_lchown(const char __user *path, uid_t uid, gid_t gid);
int32_t sys_fchown(int fd, uid_t uid, gid_t gid);
int32_t sys_chown16(const char __user *path, uint32_t uid, uint32_t gid);
int32_t sys_lchown16(const char __user *path, uint32_t uid, uint32_t gid);
int32_t sys_fchown16(int fd, uint32_t uid, uint32_t gid);
int32_t sys_utimensat_time64(int dirfd, const char __user *path,
			     const struct timespec64 __user *user, uint32_t flags);
int32_t sys_utimensat(int dirfd, const char __user *path, const struct timespec __user *user,
		      uint32_t flags);
int32_t sys_futimesat(int dirfd, const char __user *path, const struct timeval __user *user);
int32_t sys_utimes(const char __user *path, const struct timeval __user *user);
int32_t sys_utime(const char __user *path, const int32_t __user *user);
int32_t sys_truncate(const char __user *path, int32_t size);
int32_t sys_truncate64(const char __user *path, uint32_t low, uint32_t high);
int32_t sys_ftruncate(int fd, int32_t size);
int32_t sys_ftruncate64(int fd, uint32_t low, uint32_t high);

/* fs/fcntl.c */
int32_t sys_fcntl64(int fd, int command, uint32_t argument);
int32_t sys_fcntl(int fd, int command, uint32_t argument);
int32_t sys_ioctl(int fd, uint32_t command, uint32_t argument);

/* fs/copy_range.c */
int32_t sys_copy_file_range(int from_fd, loff_t __user *from_at, int to_fd, loff_t __user *to_at,
			    size_t size, uint32_t flags);

/* fs/locks.c */
int32_t sys_flock(int fd, uint32_t operation);

/* fs/pipe.c */
int32_t sys_pipe2(int32_t __user *to, uint32_t flags);
int32_t sys_pipe(int32_t __user *to);

/* fs/poll.c */
int32_t sys_poll(struct pollfd __user *fds, uint32_t count, int32_t timeout_ms);
int32_t sys_ppoll_time64(struct pollfd __user *fds, uint32_t count,
			 struct timespec64 __user *timeout, const sigset_t __user *mask,
			 uint32_t mask_size);
int32_t sys_ppoll(struct pollfd __user *fds, uint32_t count, struct timespec __user *timeout,
		  const sigset_t __user *mask, uint32_t mask_size);

/* fs/select.c */
int32_t sys_select(int32_t count, uint32_t __user *read, uint32_t __user *write,
		   uint32_t __user *except, struct timeval __user *timeout);
int32_t sys_old_select(const struct old_select_arguments __user *user);
int32_t sys_pselect6_time64(int32_t count, uint32_t __user *read, uint32_t __user *write,
			    uint32_t __user *except, struct timespec64 __user *timeout,
			    const void __user *mask);
int32_t sys_pselect6(int32_t count, uint32_t __user *read, uint32_t __user *write,
		     uint32_t __user *except, struct timespec __user *timeout,
		     const void __user *mask);

/* fs/sync.c */
int32_t sys_fsync(int fd);
int32_t sys_fdatasync(int fd);
int32_t sys_sync(void);
int32_t sys_syncfs(int fd);
int32_t sys_sync_file_range(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
			    uint32_t size_high, uint32_t flags);
int32_t sys_readahead(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size);
int32_t sys_fadvise64_64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size_low,
			 uint32_t size_high, int advice);
int32_t sys_fadvise64(int fd, uint32_t offset_low, uint32_t offset_high, uint32_t size, int advice);
int32_t sys_memfd_create(const char __user *name, uint32_t flags);
int32_t sys_fallocate(int fd, uint32_t mode, uint32_t offset_low, uint32_t offset_high,
		      uint32_t size_low, uint32_t size_high);

/* fs/xattr.c */
int32_t sys_setxattr(const char __user *path, const char __user *name, const void __user *value,
		     uint32_t size, uint32_t flags);
int32_t sys_lsetxattr(const char __user *path, const char __user *name, const void __user *value,
		      uint32_t size, uint32_t flags);
int32_t sys_fsetxattr(int fd, const char __user *name, const void __user *value, uint32_t size,
		      uint32_t flags);
int32_t sys_getxattr(const char __user *path, const char __user *name);
int32_t sys_lgetxattr(const char __user *path, const char __user *name);
int32_t sys_fgetxattr(int fd, const char __user *name);
int32_t sys_listxattr(const char __user *path);
int32_t sys_llistxattr(const char __user *path);
int32_t sys_flistxattr(int fd);
int32_t sys_removexattr(const char __user *path, const char __user *name);
int32_t sys_lremovexattr(const char __user *path, const char __user *name);
int32_t sys_fremovexattr(int fd, const char __user *name);

/* fs/mount.c */
int32_t sys_mount(const char __user *source, const char __user *target, const char __user *type,
		  uint32_t flags, const char __user *options);
int32_t sys_umount2(const char __user *target, uint32_t flags);
int32_t sys_umount(const char __user *target);

#endif
