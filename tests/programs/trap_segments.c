/* Segment registers that hold nonsense, loaded by the program or by sigreturn. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static int which, value;

static uint16_t get_fs(void)
{
	uint16_t fs;

	__asm__ volatile("movw %%fs, %0" : "=r"(fs));
	return fs;
}

static void change(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number, (void)info;
	user->uc_mcontext.gregs[which] = value;
}

static void after_sigreturn(const char *name, int reg, int selector)
{
	struct sigaction action = { .sa_sigaction = change, .sa_flags = SA_SIGINFO };
	int status;

	fflush(stdout);
	if (fork() == 0) {
		which = reg;
		value = selector;
		sigaction(SIGUSR1, &action, NULL);
		raise(SIGUSR1);
		printf("%s: went on, fs %x\n", name, get_fs());
		fflush(stdout);
		_exit(0);
	}
	wait(&status);
	if (WIFSIGNALED(status))
		printf("%s: killed by %d\n", name, WTERMSIG(status));
}

/* Null selectors stay through system calls and switches to another process. */
static void null_selectors(void)
{
	__asm__ volatile("movw %w0, %%fs" : : "r"(0));
	for (int i = 0; i < 5; i++) {
		fflush(stdout);
		if (fork() == 0)
			_exit(0);
		wait(NULL);
		usleep(1000);
	}
	printf("fs %x after switches\n", get_fs());
	__asm__ volatile("movw %w0, %%fs" : : "r"(3));
	getppid();
	printf("fs %x after a call\n", get_fs());
	__asm__ volatile("movw %w0, %%fs" : : "r"(0));
}

int main(void)
{
	null_selectors();
	after_sigreturn("fs nonsense", REG_FS, 0x1230);
	after_sigreturn("fs kernel", REG_FS, 0x8);
	after_sigreturn("fs null", REG_FS, 0);
	after_sigreturn("cs nonsense", REG_CS, 0x1230);
	after_sigreturn("cs null", REG_CS, 0);
	after_sigreturn("ss nonsense", REG_SS, 0x1230);
	after_sigreturn("flags", REG_EFL, 0xffffffff & ~0x40100);
	return 0;
}
