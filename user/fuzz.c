/*
 * fuzz: random system calls with random arguments; the kernel must outlive them.
 *
 *   fuzz [COUNT [SEED]]
 *
 * Children make the calls, a batch each and a few side by side, since one call in a few ends or
 * cripples the process that makes it. Every second child is not root; then it may make every
 * call there is. They are in a file system of their own, without the console: a program that
 * hangs up its terminal or ends all processes is not a fault of the kernel's. Each says in
 * shared memory how far it is, so that calls are counted and not guessed; one that makes none
 * for a while is killed. A child's calls follow from the seed and from its number.
 *
 * Most arguments are of the kind that the call wants (fuzz_calls.c) and sometimes wrong, so that
 * calls get past their first checks; the rest are anything.
 */
#include "libc/libc.h"

#include "fuzz.h"

#define JOBS 4	       /* children at one time */
#define BATCH 500u     /* calls that one child makes at most */
#define REFILL 16u     /* calls between two new contents of the structures */
#define QUIET_MS 100   /* without a call for so long, a child is killed */
#define RENEW 32u      /* children that share a file system */
#define STUCK_MS 30000 /* killed and still there: the kernel has lost it */

#define ROOT "/tmp/fuzz"

/* What a child tells, in memory shared with the parent. */
struct report {
	uint32_t calls; /* made so far */
	uint32_t last;	/* the number of the last */
};

static struct job {
	int pid;	/* 0: no child */
	uint32_t calls; /* of the report, as the parent saw it last */
	uint32_t since; /* milliseconds of the clock at which it saw that */
	bool killed;
} jobs[JOBS];

static struct report *reports;
static int parent; /* the process that starts the children */

/* ---- a child */

/* Waking from calls that wait for ever, as long as random calls have not undone it. */
static void ignore_alarm(int sig, struct siginfo *info, struct ucontext *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

static void start_alarms(void)
{
	const uint32_t interval[4] = { 0, 10000, 0, 10000 };
	const uint32_t nothing[2] = { 0, 0 };
	const int sig_setmask = 2;
	syscall4(SYS_rt_sigprocmask, sig_setmask, nothing, 0, sizeof(nothing));
	on_signal(SIGALRM, ignore_alarm, SA_NODEFER);
	syscall3(SYS_setitimer, 0, interval, 0);
}

static void end_with_parent(void)
{
	const int sys_prctl = 172, pr_set_pdeathsig = 1;
	syscall3(sys_prctl, pr_set_pdeathsig, SIGKILL, 0);
}

/* One in 32 is any number, the others are calls that the table knows. */
static uint32_t random_call(bool is_root)
{
	for (;;) {
		uint32_t call = below(LAST_CALL + 1);
		int what = what_of(call);
		if (!shapes[call][0] && below(32))
			continue;
		if ((what == NOT_BY_ROOT && is_root) || (what == ENDS && below(8)))
			continue;
		return call;
	}
}

/*
 * A call whose child may share our stack: that child uses none, gives way a few times, so that
 * two tasks are in one address space for a while, and ends.
 */
static void clone_call(uint32_t call, const uint32_t *arguments)
{
	__asm__ volatile("pushl %%ebp\n"
			 "	movl (%%edi), %%ebx\n"
			 "	movl 4(%%edi), %%ecx\n"
			 "	movl 8(%%edi), %%edx\n"
			 "	movl 12(%%edi), %%esi\n"
			 "	movl 20(%%edi), %%ebp\n"
			 "	movl 16(%%edi), %%edi\n"
			 "	int $0x80\n"
			 "	testl %%eax, %%eax\n"
			 "	jnz 2f\n"
			 "	movl $4, %%ebx\n"
			 "1:	movl $158, %%eax\n" /* sched_yield */
			 "	int $0x80\n"
			 "	decl %%ebx\n"
			 "	jnz 1b\n"
			 "	movl $1, %%eax\n" /* exit */
			 "	int $0x80\n"
			 "2:	popl %%ebp\n"
			 : "+a"(call), "+D"(arguments)
			 :
			 : "ebx", "ecx", "edx", "esi", "memory", "cc");
}

static void one_call(uint32_t call)
{
	const uint32_t clone_vm = 0x100;
	const char *shape = shapes[call];
	uint32_t arguments[6];
	bool more = true;
	for (int i = 0; i < 6; i++) {
		more = more && shape[i];
		arguments[i] = more && below(16) ? argument_of(shape[i]) : anything();
	}
	if (call == 190 || call == 435 || (call == 120 && (arguments[0] & clone_vm)))
		clone_call(call, arguments);
	else
		syscall6(call, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
			 arguments[5]);
}

static void make_calls(struct report *report, bool is_root)
{
	int self = syscall3(SYS_getpid, 0, 0, 0);
	uint32_t left = BATCH;
	for (uint32_t i = 0; i < left; i++) {
		if (i % REFILL == 0) {
			start_alarms();
			refill();
		}
		uint32_t call = random_call(is_root);
		report->last = call;
		one_call(call);
		report->calls++;
		/* Its own children make a few calls. */
		if (what_of(call) == MAKES_CHILD && syscall3(SYS_getpid, 0, 0, 0) != self) {
			self = syscall3(SYS_getpid, 0, 0, 0);
			left = i + below(8);
			end_with_parent();
			start_alarms();
		}
	}
}

/* A program that exec may take or not: this one with a few bytes of its headers changed. */
static void write_broken(int program)
{
	uint32_t headers[PAGE / 4];
	int to = open("/broken", O_WRONLY | O_CREAT, 0777);
	syscall4(SYS_pread64, program, headers, sizeof(headers), 0);
	for (uint32_t i = below(4); i > 0; i--)
		headers[below(40)] = anything();
	write(to, headers, sizeof(headers));
	close(to);
}

/* Descriptors 0 to about 12 are a few of each kind, none of them the console's. */
static void open_descriptors(void)
{
	static const struct {
		const char *path;
		int flags;
	} files[] = {
		{ "/dev/null", O_RDWR },
		{ "/dev/zero", O_RDWR },
		{ "/f", O_RDWR | O_CREAT },
		{ "/g", O_RDWR | O_CREAT | O_APPEND },
		{ "/", 0 },
		{ "/d", 0 },
		{ "/proc/self/maps", 0 },
		{ "/proc/self/mem", O_RDWR },
		{ PROGRAM, 0 },
	};
	const int o_nonblock = 04000;
	int ends[2];
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (size_t i = 0; i < COUNT_OF(files); i++)
		open(files[i].path, files[i].flags, 0666);
	syscall3(SYS_pipe2, ends, 0, 0);
	syscall3(SYS_pipe2, ends, o_nonblock, 0);
}

static void become_user(void)
{
	const uint32_t id = 1000;
	syscall3(206, 0, 0, 0);	   /* setgroups32: none */
	syscall3(210, id, id, id); /* setresgid32 */
	syscall3(208, id, id, id); /* setresuid32 */
}

static void child(uint32_t seed, struct report *report, bool is_root)
{
	random_start(seed);
	syscall3(SYS_setsid, 0, 0, 0);
	if (syscall3(61, ROOT, 0, 0) != 0 || syscall3(SYS_chdir, "/", 0, 0) != 0) /* chroot */
		exit(1);
	/* Another child may have unmounted it just now: what is there then is not ours. */
	if (syscall3(33, PROGRAM, 0, 0) != 0) /* access */
		exit(1);
	if (!is_root)
		become_user();
	open_descriptors();
	write_broken(8);
	if (map_memory(2))
		make_calls(report, is_root);
	syscall3(252, 0, 0, 0); /* exit_group */
}

/* ---- the parent */

static uint32_t milliseconds(void)
{
	const int clock_monotonic = 1;
	uint32_t time[2] = { 0, 0 };
	syscall3(265, clock_monotonic, time, 0);
	return time[0] * 1000 + time[1] / 1000000;
}

static bool copy_self(void)
{
	static char buffer[PAGE];
	int from = open("/proc/self/exe", O_RDONLY, 0);
	int to = open(ROOT PROGRAM, O_WRONLY | O_CREAT, 0755);
	int got;
	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, got) != got)
			return false;
	close(from);
	close(to);
	return got == 0;
}

static bool make_root(void)
{
	static const struct {
		const char *path;
		int device;
	} nodes[] = {
		{ ROOT "/dev/null", 0x103 },
		{ ROOT "/dev/zero", 0x105 },
		{ ROOT "/dev/random", 0x108 },
		{ ROOT "/dev/tty", 0x500 },
	};
	const int sys_mkdir = 39, sys_mknod = 14, s_ifchr = 020000;
	syscall3(60, 0, 0, 0); /* umask */
	syscall3(sys_mkdir, ROOT, 0777, 0);
	if (syscall6(SYS_mount, (uint32_t) "fuzz", (uint32_t)ROOT, (uint32_t) "tmpfs", 0,
		     (uint32_t) "size=10%,mode=777", 0) != 0 ||
	    !copy_self())
		return false;
	syscall3(sys_mkdir, ROOT "/proc", 0755, 0);
	syscall3(sys_mkdir, ROOT "/dev", 0755, 0);
	syscall3(sys_mkdir, ROOT "/d", 0777, 0);
	for (size_t i = 0; i < COUNT_OF(nodes); i++)
		syscall3(sys_mknod, nodes[i].path, s_ifchr | 0666, nodes[i].device);
	static const char script[] = "#!" PROGRAM " x\n";
	int fd = open(ROOT "/script", O_WRONLY | O_CREAT, 0755);
	write(fd, script, sizeof(script) - 1);
	close(fd);
	return syscall6(SYS_mount, (uint32_t) "proc", (uint32_t)(ROOT "/proc"), (uint32_t) "proc",
			0, 0, 0) == 0;
}

/* Takes away the file system of the children so far; it is freed when the last of them has gone. */
static void remove_root(void)
{
	const int sys_umount2 = 52, mnt_detach = 2;
	while (syscall3(sys_umount2, ROOT, mnt_detach, 0) == 0)
		;
}

/*
 * A new one every now and then, and when children have spoiled it. False after many failures in a
 * row: when memory is out, one may fail.
 */
static bool renew_root(uint32_t number_of_child)
{
	const int sys_access = 33, x_ok = 1;
	static unsigned failures;
	if (number_of_child % RENEW == 0 || syscall3(sys_access, ROOT PROGRAM, x_ok, 0) != 0) {
		remove_root();
		failures = make_root() ? 0 : failures + 1;
	}
	return failures < 1000;
}

static void start(uint32_t slot, uint32_t number_of_child, uint32_t seed)
{
	struct job *job = &jobs[slot];
	/* A child whose stack was spoiled may return to here. */
	if (syscall3(SYS_getpid, 0, 0, 0) != parent)
		exit(1);
	reports[slot] = (struct report){ 0, 0 };
	int pid = fork();
	if (pid == 0)
		child(seed + number_of_child, &reports[slot], number_of_child % 2 == 0);
	*job = (struct job){ .pid = pid > 0 ? pid : 0, .since = milliseconds() };
}

/* Takes in what a child has done since. Returns the new calls. */
static uint32_t look_at(uint32_t slot)
{
	struct job *job = &jobs[slot];
	uint32_t calls = reports[slot].calls, more = 0;
	/* What random calls have written over the report does not count. */
	if (calls > job->calls && calls <= BATCH) {
		more = calls - job->calls;
		job->calls = calls;
		job->since = milliseconds();
	}
	return more;
}

/* Ends children that do nothing. False if one has not gone although it was killed. */
static bool watch(uint32_t slot)
{
	struct job *job = &jobs[slot];
	uint32_t quiet = milliseconds() - job->since;
	if (quiet > QUIET_MS && !job->killed) {
		kill(job->pid, SIGKILL);
		job->killed = true;
	}
	if (quiet < STUCK_MS)
		return true;
	print("fuzz: child %d does not end; its last call was %u\n", job->pid, reports[slot].last);
	return false;
}

/* Waits a little for any child's end. Takes those that ended off the list. */
static uint32_t reap(void)
{
	const uint32_t sigchld[2] = { 1u << (SIGCHLD - 1), 0 }, time[2] = { 0, 10000000 };
	uint32_t calls = 0;
	int status, pid;
	syscall4(177, sigchld, 0, time, sizeof(sigchld)); /* rt_sigtimedwait */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		kill(-pid, SIGKILL); /* its own children, unless they have left its group */
		for (uint32_t slot = 0; slot < JOBS; slot++) {
			if (jobs[slot].pid != pid)
				continue;
			calls += look_at(slot);
			jobs[slot].pid = 0;
		}
	}
	return calls;
}

/* All the calls. False when a child does not end or there is no place to work in. */
static bool run(uint32_t count, uint32_t seed)
{
	uint32_t done = 0, children = 0, next = 0, running = 1;
	while (done < count || running) {
		running = 0;
		for (uint32_t slot = 0; slot < JOBS; slot++) {
			if (!jobs[slot].pid && done < count) {
				if (!renew_root(children))
					return false;
				start(slot, children++, seed);
			}
			if (!jobs[slot].pid)
				continue;
			running++;
			done += look_at(slot);
			if (!watch(slot))
				return false;
		}
		done += reap();
		if (done >= next) {
			print("fuzz: %u calls by %u children\n", done, children);
			next = done + count / 20;
		}
	}
	print("fuzz: done, %u calls by %u children\n", done, children);
	return true;
}

/* Shared memory that the children made and did not remove would outlive them. */
static void remove_segments(void)
{
	enum { SYS_shmctl = 396, IPC_RMID = 0, SHM_INFO = 14, SHM_STAT_ANY = 15 };
	uint32_t told[32];
	int highest = syscall3(SYS_shmctl, 0, SHM_INFO, told);

	for (int place = 0; place <= highest; place++) {
		int id = syscall3(SYS_shmctl, place, SHM_STAT_ANY, told);

		if (id >= 0)
			syscall3(SYS_shmctl, id, IPC_RMID, 0);
	}
}

int main(int argc, char **argv, char **envp)
{
	uint32_t count = argc > 1 ? number(argv[1]) : 1000000;
	uint32_t seed = argc > 2 ? number(argv[2]) : milliseconds();
	const int map_shared = 1, sig_block = 0;
	const uint32_t sigchld[2] = { 1u << (SIGCHLD - 1), 0 };
	(void)envp;
	if (syscall3(33, PROGRAM, 0, 0) == 0)
		return 0; /* executed by one of its own children, in their root */
	print("fuzz: %u random system calls, seed %u\n", count, seed);
	for (size_t i = 0; special[i].why; i++)
		if (special[i].what == NOT_BY_ROOT)
			print("  not by root: %3u, %s\n", special[i].number, special[i].why);
	parent = syscall3(SYS_getpid, 0, 0, 0);
	reports = (void *)syscall6(SYS_mmap2, 0, PAGE, PROT_READ | PROT_WRITE,
				   map_shared | MAP_ANONYMOUS, -1, 0);
	if ((uint32_t)reports >= -PAGE)
		return 2;
	syscall4(SYS_rt_sigprocmask, sig_block, sigchld, 0, sizeof(sigchld));
	bool good = run(count, seed);
	remove_root();
	remove_segments();
	return good ? 0 : 1;
}
