/*
 * The limits of memory where it is not mmap that asks: shared memory, memfd, fallocate, mlock, exec,
 * fork, descriptors.
 */
#define _GNU_SOURCE
#include "shm.h"
#include <grp.h>

static int signals;

static void count(int signal)
{
	signals += signal == SIGXFSZ;
}

static void limit(int resource, unsigned long value)
{
	struct rlimit limit = { value, value };

	if (setrlimit(resource, &limit))
		perror("setrlimit");
}

static void as_user(void)
{
	if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
		perror("setuid");
}

static unsigned long mapped(void)
{
	char text[200] = "";
	int fd = open("/proc/self/statm", O_RDONLY);

	if (read(fd, text, sizeof(text) - 1) <= 0)
		perror("read");
	close(fd);
	return strtoul(text, NULL, 10) * PAGE;
}

static void address_space(void)
{
	int id = get(IPC_PRIVATE, 100 * PAGE, 0600), fd = memfd_create("x", 0);
	char *at = attach(id, NULL, 0);

	detach(at);
	limit(RLIMIT_AS, mapped() + 50 * PAGE);
	mm_call("shmat beyond RLIMIT_AS", attach(id, NULL, 0) == (void *)-1 ? -1 : 0);
	printf("attached %u\n", attached(id));
	control(id, IPC_RMID, NULL);
	mm_call("memfd mapped beyond it",
		mmap(NULL, 100 * PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
	mm_call("a large memfd", ftruncate(fd, 1000 * PAGE));
}

static void file_size(void)
{
	static char page[PAGE];
	int fd = memfd_create("x", 0), id;
	struct sigaction action = { .sa_handler = count };

	sigaction(SIGXFSZ, &action, NULL);
	limit(RLIMIT_FSIZE, PAGE + 100);
	mm_call("ftruncate to the limit", ftruncate(fd, PAGE + 100));
	mm_call("beyond", ftruncate(fd, PAGE + 101));
	printf("signals %d\n", signals);
	printf("pwrite over it %zd\n", pwrite(fd, page, PAGE, 200));
	mm_call("pwrite at it", pwrite(fd, page, PAGE, PAGE + 100));
	printf("signals %d\n", signals);
	mm_call("fallocate beyond", fallocate(fd, 0, 0, 2 * PAGE));
	printf("signals %d\n", signals);
	mm_call("smaller", ftruncate(fd, 0));
	id = get(IPC_PRIVATE, 100 * PAGE, 0600);
	mm_call("segments are no files", id);
	control(id, IPC_RMID, NULL);
	mm_call("nor is shared memory",
		mmap(NULL, 100 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
											    : 0);
}

static void locked(void)
{
	int id;
	char *at;

	as_user();
	limit(RLIMIT_MEMLOCK, 10 * PAGE);
	id = get(IPC_PRIVATE, 20 * PAGE, 0600);
	at = mm_map(20, RW);
	mm_call("mlock 10", mlock(at, 10 * PAGE));
	mm_call("the same again", mlock(at, 10 * PAGE));
	mm_call("11", mlock(at, 11 * PAGE));
	mm_call("one more, MLOCK_ONFAULT", mlock2(at + 10 * PAGE, PAGE, MLOCK_ONFAULT));
	munlock(at, 10 * PAGE);
	mm_call("MAP_LOCKED 11",
		mmap(NULL, 11 * PAGE, RW, ANON | MAP_LOCKED, -1, 0) == MAP_FAILED ? -1 : 0);
	mm_call("mlockall(MCL_CURRENT)", mlockall(MCL_CURRENT));
	mm_call("mlockall(MCL_FUTURE)", mlockall(MCL_FUTURE));
	mm_call("then mmap 11", mmap(NULL, 11 * PAGE, RW, ANON, -1, 0) == MAP_FAILED ? -1 : 0);
	mm_call("shmat 20", attach(id, NULL, 0) == (void *)-1 ? -1 : 0);
	printf("brk %d\n", sbrk(20 * PAGE) == (void *)-1);
	mm_call("mmap 10", mmap(NULL, 10 * PAGE, RW, ANON, -1, 0) == MAP_FAILED ? -1 : 0);
	munlockall();
	mm_call("shmat 20", attach(id, NULL, 0) == (void *)-1 ? -1 : 0);
	limit(RLIMIT_MEMLOCK, 0);
	mm_call("no limit: mlock", mlock(at, PAGE));
	mm_call("mlockall", mlockall(MCL_FUTURE));
	mm_call("munlock", munlock(at, PAGE));
	control(id, IPC_RMID, NULL);
}

static void descriptors(void)
{
	limit(RLIMIT_NOFILE, 3);
	mm_call("memfd_create", memfd_create("x", 0));
	mm_call("open", open("/dev/zero", O_RDONLY));
}

static void processes(void)
{
	pid_t pid;

	as_user();
	limit(RLIMIT_NPROC, 1);
	pid = fork();
	if (pid == 0)
		_exit(0);
	mm_call("fork", pid);
}

static void run(const char *what, char *const *arguments)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execv("/proc/self/exe", arguments);
		printf("%s: %s\n", what, strerrorname_np(errno));
		fflush(stdout);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", what, WTERMSIG(status));
	else
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
}

static void programs(void)
{
	static char text[100000];
	char *few[] = { "limits", "program", NULL }, *many[] = { "limits", "program", text, NULL };

	memset(text, 'a', sizeof(text) - 1);
	run("exec", few);
	run("exec with 100000 bytes", many);
	limit(RLIMIT_STACK, 300000);
	run("with a stack of 300000", many);
	limit(RLIMIT_STACK, 100000);
	run("with a stack of 100000", many);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return strcmp(argv[1], "program") ? 1 : 42;
	mm_child(address_space);
	mm_child(file_size);
	mm_child(locked);
	mm_child(descriptors);
	mm_child(processes);
	mm_child(programs);
	return 0;
}
