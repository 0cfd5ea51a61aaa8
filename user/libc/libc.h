/*
 * A C library of one page: what Loft's own programs need of the Linux i386 ABI and no more.
 *
 * Calls that can fail return what the kernel returned: a value, or a negative errno. There is
 * no errno variable, no buffering and no heap. Numbers and structures are those of Linux's
 * i386 ABI (linux/arch/x86/entry/syscalls/syscall_32.tbl, asm/sigcontext.h).
 */
#ifndef LOFT_USER_LIBC_H
#define LOFT_USER_LIBC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u

#define ENOENT 2
#define EINTR 4
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EINVAL 22

enum {
	SYS_exit = 1,
	SYS_fork = 2,
	SYS_read = 3,
	SYS_write = 4,
	SYS_open = 5,
	SYS_close = 6,
	SYS_execve = 11,
	SYS_chdir = 12,
	SYS_time = 13,
	SYS_mount = 21,
	SYS_kill = 37,
	SYS_pipe = 42,
	SYS_brk = 45,
	SYS_ioctl = 54,
	SYS_setpgid = 57,
	SYS_dup2 = 63,
	SYS_setsid = 66,
	SYS_reboot = 88,
	SYS_munmap = 91,
	SYS_wait4 = 114,
	SYS_uname = 122,
	SYS_mprotect = 125,
	SYS_setitimer = 104,
	SYS_getpid = 20,
	SYS_sync = 36,
	SYS_alarm = 27,
	SYS_mremap = 163,
	SYS_rt_sigreturn = 173,
	SYS_rt_sigaction = 174,
	SYS_rt_sigprocmask = 175,
	SYS_pread64 = 180,
	SYS_getcwd = 183,
	SYS_mmap2 = 192,
	SYS_getdents64 = 220,
	SYS_pipe2 = 331,
};

/* One function for each number of arguments; all return the kernel's answer. */
int32_t syscall6(int32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e,
		 uint32_t f);
#define syscall3(number, a, b, c) \
	syscall6(number, (uint32_t)(a), (uint32_t)(b), (uint32_t)(c), 0, 0, 0)
#define syscall4(number, a, b, c, d) \
	syscall6(number, (uint32_t)(a), (uint32_t)(b), (uint32_t)(c), (uint32_t)(d), 0, 0)

/* --- files and processes --- */

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_APPEND 02000

void exit(int status) __attribute__((noreturn));
static inline int open(const char *path, int flags, int mode)
{
	return syscall3(SYS_open, path, flags, mode);
}
static inline int close(int fd)
{
	return syscall3(SYS_close, fd, 0, 0);
}
static inline int read(int fd, void *to, size_t size)
{
	return syscall3(SYS_read, fd, to, size);
}
static inline int write(int fd, const void *from, size_t size)
{
	return syscall3(SYS_write, fd, from, size);
}
static inline int fork(void)
{
	return syscall3(SYS_fork, 0, 0, 0);
}
static inline int waitpid(int pid, int *status, int options)
{
	return syscall4(SYS_wait4, pid, status, options, 0);
}
static inline int kill(int pid, int sig)
{
	return syscall3(SYS_kill, pid, sig, 0);
}

/* A wait status: how a child ended. */
#define WNOHANG 1
#define EXITED(status) (((status)&0x7f) == 0)
#define EXIT_STATUS(status) (((status) >> 8) & 0xff)
#define END_SIGNAL(status) ((status)&0x7f)

/* Reads a whole small file into text[size], ended by a 0. Returns its length or -errno. */
int read_file(const char *path, char *text, size_t size);

/* --- memory --- */

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_NORESERVE 0x4000
#define MREMAP_MAYMOVE 1

/* Anonymous private memory, anywhere when address is NULL. NULL when it cannot be had. */
void *map_anonymous(void *address, size_t size, int prot, int flags);
static inline int munmap(void *address, size_t size)
{
	return syscall3(SYS_munmap, address, size, 0);
}
static inline int mprotect(void *address, size_t size, int prot)
{
	return syscall3(SYS_mprotect, address, size, prot);
}
/* Moves the program break to an address; returns where it is then (unmoved on failure). */
static inline char *set_brk(char *address)
{
	return (char *)syscall3(SYS_brk, address, 0, 0);
}

/*
 * Where the kernel's half begins: the stack of a new program, whose last part holds the
 * argument strings, ends right there, and the kernel's half begins at a multiple of 4 MB.
 */
static inline uint32_t kernel_base_from_stack(char **argv)
{
	return ((uint32_t)argv[0] + (4u << 20) - 1) & -(4u << 20);
}

/* --- signals --- */

#define SIGINT 2
#define SIGQUIT 3
#define SIGKILL 9
#define SIGSEGV 11
#define SIGUSR1 10
#define SIGUSR2 12
#define SIGALRM 14
#define SIGTERM 15
#define SIGCHLD 17
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22

#define SA_SIGINFO 4
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SEGV_MAPERR 1 /* nothing is mapped there */
#define SEGV_ACCERR 2 /* something is, but not for this access */

struct siginfo {
	int32_t si_signo, si_errno, si_code;
	uint32_t si_addr; /* of SIGSEGV and SIGBUS */
	uint32_t unused[28];
};

struct ucontext {
	uint32_t uc_flags;
	struct ucontext *uc_link;
	uint32_t uc_stack[3];
	struct {
		uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax;
		uint32_t trapno, err, eip, cs, eflags, esp_at_signal, ss;
		uint32_t fpstate, oldmask, cr2;
	} uc_mcontext;
	uint32_t uc_sigmask[2];
};

typedef void (*signal_handler)(int sig, struct siginfo *info, struct ucontext *context);
#define SIG_DFL ((signal_handler)0)
#define SIG_IGN ((signal_handler)1)

/* Installs a handler, with all signals unmasked while it runs. Returns 0 or -errno. */
int on_signal(int sig, signal_handler handler, uint32_t flags);

/* --- text --- */

size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);
/* The first place in text where part stands, or NULL. */
const char *find(const char *text, const char *part);
/* A number in decimal or, after 0x, hexadecimal; stops at the first other character. */
uint32_t number(const char *text);
/* Prints to standard output: %s %c %d %u %x %08x and %%; widths as in C. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *format, va_list args);

#endif
