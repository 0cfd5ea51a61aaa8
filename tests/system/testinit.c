/*
 * Process 1 of the machine that runs the test programs.
 *
 * Runs each program in /tests, in an empty folder of its own, with its output in a pipe, and
 * tells on the console what it printed, how it ended, how many frames were free before and
 * after, and what the frame ledger says:
 *
 *   @begin NAME
 *   | a line of its output, bytes that are no printable ASCII as \xNN, \ as \\
 *   @end NAME exit|signal NUMBER free BEFORE AFTER ledger TEXT
 *
 * /swapon, where it is there, names a device to swap to; /tmpfs, that the programs' folder is in
 * memory, whatever the root is.
 *
 * Kernel memory that a first run leaves behind, such as caches, is no leak: when the frame
 * counts differ, the program runs again, and only a difference each time is one.
 */
#include "../../user/libc/libc.h"

#define REPEATS 4
#define TIME_LIMIT 60 /* seconds for a program */

static const char folder[] = "/tmp/test";

struct result {
	int status;
	uint32_t free_before, free_after;
	char ledger[160]; /* "ok", or the first complaint */
};

/* Too late: ends everything but process 1, so that whatever is waited for comes. */
static void end_program(int sig, struct siginfo *info, struct ucontext *context)
{
	(void)sig;
	(void)info;
	(void)context;
	print("\ntestinit: over %d seconds\n", TIME_LIMIT);
	kill(-1, SIGKILL);
}

/* --- what a program leaves behind --- */

struct entry {
	uint64_t inode, offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

enum {
	SYS_unlink = 10,
	SYS_mkdir = 39,
	SYS_rmdir = 40,
	SYS_swapon = 87,
	DT_DIR = 4,
	TCSBRK = 0x5409
};

/* Empties the working folder, and those in it. */
static void remove_all(int depth)
{
	char block[512] __attribute__((aligned(8)));
	int got, fd = open(".", O_RDONLY, 0);
	while (fd >= 0 && (got = syscall3(SYS_getdents64, fd, block, sizeof(block))) > 0) {
		for (int at = 0; at < got; at += ((struct entry *)(block + at))->length) {
			struct entry *entry = (struct entry *)(block + at);
			if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
				continue;
			if (entry->type == DT_DIR && depth < 8 &&
			    !syscall3(SYS_chdir, entry->name, 0, 0)) {
				remove_all(depth + 1);
				syscall3(SYS_chdir, "..", 0, 0);
				syscall3(SYS_rmdir, entry->name, 0, 0);
			} else {
				syscall3(SYS_unlink, entry->name, 0, 0);
			}
		}
	}
	close(fd);
}

/* --- the ledger --- */

static char ledger[8192];

static uint32_t free_frames(void)
{
	int length = read_file("/proc/loft/ledger", ledger, sizeof(ledger));
	const char *line = length > 0 ? find(ledger, "free ") : NULL;
	return line ? number(line + 5) : 0;
}

/* What the ledger, as last read, says in the end. */
static void copy_verdict(char *to, size_t size)
{
	const char *line = find(ledger, "error: ");
	size_t length = 0;
	if (!line)
		line = find(ledger, "\nok") ? "ok" : "missing";
	while (line[length] && line[length] != '\n' && length < size - 1) {
		to[length] = line[length];
		length++;
	}
	to[length] = 0;
}

/* --- running --- */

/* Writes a byte of output as it is shown; returns what follows in the text. */
static char *show_byte(char *to, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	if (byte == '\\') {
		*to++ = '\\';
		*to++ = '\\';
	} else if (byte == '\n' || (byte >= ' ' && byte <= '~')) {
		*to++ = byte;
	} else {
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	return to;
}

/* Reads a program's output to its end. A last line without an end is shown with a \ there. */
static void show_output(int fd, bool show)
{
	static unsigned char block[512];
	static char text[6 * sizeof(block)];
	bool line_start = true;
	int got;
	while ((got = read(fd, block, sizeof(block))) > 0 || got == -EINTR) {
		char *to = text;
		for (int i = 0; show && i < got; i++) {
			if (line_start) {
				*to++ = '|';
				*to++ = ' ';
			}
			line_start = block[i] == '\n';
			to = show_byte(to, block[i]);
		}
		write(1, text, to - text);
	}
	if (!line_start)
		print("\\\n");
}

static void become(const char *name, int output)
{
	static char path[128];
	char *const arguments[] = { (char *)name, NULL };
	static char *const environment[] = { "PATH=/bin:/usr/bin", NULL };
	memcpy(path, "/tests/", 7);
	memcpy(path + 7, name, strlen(name) + 1);
	int null = open("/dev/null", O_RDWR, 0);
	syscall3(SYS_setsid, 0, 0, 0);
	syscall3(SYS_dup2, null, 0, 0);
	syscall3(SYS_dup2, output, 1, 0);
	syscall3(SYS_dup2, output, 2, 0);
	close(null);
	close(output);
	int error = syscall3(SYS_execve, path, arguments, environment);
	print("execve: error %d\n", -error);
	exit(127);
}

static void run(const char *name, bool show, struct result *result)
{
	int ends[2] = { -1, -1 };
	syscall3(SYS_mkdir, folder, 0700, 0);
	syscall3(SYS_chdir, folder, 0, 0);
	result->free_before = free_frames();
	syscall3(SYS_pipe, ends, 0, 0);
	int child = fork();
	if (child == 0) {
		close(ends[0]);
		become(name, ends[1]);
	}
	syscall3(SYS_alarm, TIME_LIMIT, 0, 0);
	close(ends[1]);
	show_output(ends[0], show);
	close(ends[0]);
	result->status = -1;
	while (waitpid(child, &result->status, 0) == -EINTR)
		;
	/* Also what it left running, which is ours now. */
	int ended;
	while ((ended = waitpid(-1, NULL, 0)) > 0 || ended == -EINTR)
		;
	syscall3(SYS_alarm, 0, 0, 0);
	remove_all(0);
	result->free_after = free_frames();
	copy_verdict(result->ledger, sizeof(result->ledger));
}

static void test(const char *name)
{
	struct result first, again;
	print("\n@begin %s\n", name);
	run(name, true, &first);
	again = first;
	for (int i = 1; i < REPEATS && again.free_before != again.free_after; i++)
		run(name, false, &again);
	bool exited = EXITED(first.status);
	print("\n@end %s %s %u free %u %u ledger %s\n", name, exited ? "exit" : "signal",
	      exited ? EXIT_STATUS(first.status) : END_SIGNAL(first.status), again.free_before,
	      again.free_after, again.ledger);
}

int main(int argc, char **argv, char **envp)
{
	static char names[8192], swap[64];
	(void)argc;
	(void)argv;
	(void)envp;
	if (open("/dev/console", O_RDWR, 0) == 0) {
		syscall3(SYS_dup2, 0, 1, 0);
		syscall3(SYS_dup2, 0, 2, 0);
	}
	syscall6(SYS_mount, (uint32_t) "proc", (uint32_t) "/proc", (uint32_t) "proc", 0, 0, 0);
	on_signal(SIGALRM, end_program, 0);
	if (read_file("/swapon", swap, sizeof(swap)) > 0 && syscall3(SYS_swapon, swap, 0, 0))
		print("testinit: no swap\n");
	if (read_file("/tmpfs", swap, sizeof(swap)) >= 0)
		syscall6(SYS_mount, (uint32_t) "tmp", (uint32_t) "/tmp", (uint32_t) "tmpfs", 0, 0,
			 0);
	if (read_file("/list", names, sizeof(names)) < 0)
		print("testinit: no list\n");
	for (char *name = names; *name;) {
		char *end = name;
		while (*end && *end != '\n')
			end++;
		bool last = !*end;
		*end = 0;
		test(name);
		name = last ? end : end + 1;
	}
	print("\n@done\n");
	syscall3(SYS_ioctl, 1, TCSBRK, 1); /* waits until all of it is out */
	syscall4(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
	for (;;)
		waitpid(-1, NULL, 0);
}
