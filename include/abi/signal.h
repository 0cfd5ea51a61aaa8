/*
 * Signal numbers and structures of the Linux i386 ABI (asm/signal.h, asm/siginfo.h,
 * asm/sigcontext.h).
 */
#ifndef LOFT_ABI_SIGNAL_H
#define LOFT_ABI_SIGNAL_H

#include <list.h>
#include <types.h>

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 32
#define NSIG 64

typedef uint64_t sigset_t; /* bit (signal - 1) */
#define SIGNAL_BIT(signal) (1ull << ((signal)-1))

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#define SIG_DFL 0u
#define SIG_IGN 1u

#define SA_NOCLDSTOP 0x1u
#define SA_NOCLDWAIT 0x2u
#define SA_SIGINFO 0x4u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u
#define SA_RESTORER 0x04000000u
#define SA_EXPOSE_TAGBITS 0x800u

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE -1
#define SI_TIMER -2
#define SI_TKILL -6

#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define ILL_ILLOPN 2
#define ILL_COPROC 7
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

struct siginfo {
	int32_t signo, error, code;
	union {
		uint32_t pad[29];
		struct {
			pid_t pid;
			uid_t uid;
			uint32_t value;
		} sender;
		struct {
			int32_t id, overrun;
			uint32_t value;
		} timer;
		struct {
			uint32_t address;
		} fault;
		struct {
			pid_t pid;
			uid_t uid;
			int32_t status;
			int32_t utime, stime;
		} child;
	};
};

/* Kernel side: what is pending, with info for each where memory allowed. */
struct sigpending {
	sigset_t set;
	struct list queue;
	uint32_t nqueued;
};

struct sigaltstack {
	uint32_t sp;
	int32_t flags;
	uint32_t size;
};
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM ((int32_t)0x80000000)
#define MINSIGSTKSZ 2048u

/* rt_sigaction's. */
struct sigaction {
	uint32_t handler; /* SIG_DFL, SIG_IGN or an address */
	uint32_t flags;
	uint32_t restorer;
	sigset_t mask;
};

/* sigaction's (67), with the first 32 signals alone in mask. */
struct old_sigaction {
	uint32_t handler;
	uint32_t mask;
	uint32_t flags;
	uint32_t restorer;
};

#endif
