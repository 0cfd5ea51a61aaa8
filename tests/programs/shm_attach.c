/* shmat and shmdt: addresses, rights, pieces; who counts as attached; memory that outlives its name. */
#include "shm.h"

#include <sys/syscall.h>

static int segment(size_t npages)
{
	return get(IPC_PRIVATE, npages * PAGE, 0600);
}

static const char *result(const void *at)
{
	return at == (void *)-1 ? strerrorname_np(errno) : "ok";
}

static void show_map(const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end, number;
	char line[512], rights[8], name[100];
	unsigned offset;

	while (fgets(line, sizeof(line), maps)) {
		name[0] = 0;
		if (sscanf(line, "%lx-%lx %7s %x %*s %lu %99[^\n]", &start, &end, rights, &offset,
			   &number, name) >= 5 &&
		    start <= (unsigned long)at && (unsigned long)at < end)
			printf("%s %x \"%s\"\n", rights, offset, name);
	}
	fclose(maps);
}

static void rights(void)
{
	int id = segment(2);
	char *at = attach(id, NULL, 0), *other;

	mm_catch();
	printf("attached: %s\n", result(at));
	show_map(at);
	mm_try("writable", at);
	mm_try("its end", at + 2 * PAGE - 1);
	other = attach(id, NULL, SHM_RDONLY);
	printf("elsewhere %d\n", other != at);
	show_map(other);
	mm_try("read-only", other);
	at[5] = 'v';
	printf("same memory %c\n", other[5]);
	mm_call("remapped", syscall(SYS_remap_file_pages, other, PAGE, 0, 0, 0));
	mm_call("made writable", mprotect(other, PAGE, RW));
	mm_call("made executable", mprotect(other, PAGE, PROT_READ | PROT_EXEC));
	printf("attached %u\n", attached(id));
	mm_call("shmdt", detach(other));
	mm_call("shmdt again", detach(other));
	mm_call("shmdt not at its start", detach(at + PAGE));
	mm_call("shmdt off a page", detach(at + 1));
	other = attach(id, NULL, SHM_EXEC | SHM_RDONLY);
	printf("executable: %s\n", result(other));
	mm_call("shmdt", detach(at));
	mm_call("shmdt", detach(other));
	control(id, IPC_RMID, NULL);
}

static void addresses(void)
{
	int id = segment(2);
	char *room = mm_map(8, PROT_READ), *at;

	munmap(room + 2 * PAGE, 4 * PAGE);
	at = attach(id, room + 2 * PAGE, 0);
	printf("at an address: %s, there %d\n", result(at), at == room + 2 * PAGE);
	printf("taken: %s\n", result(attach(id, room + 3 * PAGE, 0)));
	printf("partly taken: %s\n", result(attach(id, room + PAGE, 0)));
	printf("off a page: %s\n", result(attach(id, room + 4 * PAGE + 20, 0)));
	at = attach(id, room + 4 * PAGE + 20, SHM_RND);
	printf("rounded: %s, there %d\n", result(at), at == room + 4 * PAGE);
	printf("remap: %s\n", result(attach(id, room + 5 * PAGE, SHM_REMAP)));
	printf("attached %u\n", attached(id));
	printf("remap nowhere: %s\n", result(attach(id, NULL, SHM_REMAP)));
	printf("remap rounded to nothing: %s\n",
	       result(attach(id, (void *)20, SHM_REMAP | SHM_RND)));
	printf("no such: %s\n", result(attach(id + 1, NULL, 0)));
	printf("negative: %s\n", result(attach(-1, NULL, 0)));
	printf("regions %d\n", mm_regions(room, room + 8 * PAGE));
	munmap(room, 8 * PAGE);
	printf("attached after munmap %u\n", attached(id));
	control(id, IPC_RMID, NULL);
}

static void pieces(void)
{
	int id = segment(10);
	char *at = attach(id, NULL, 0), *moved;

	munmap(at + 2 * PAGE, PAGE);
	printf("a hole: attached %u\n", attached(id));
	mprotect(at + 5 * PAGE, PAGE, PROT_READ);
	printf("a page read-only: attached %u\n", attached(id));
	mprotect(at + 5 * PAGE, PAGE, RW);
	printf("writable again: attached %u, regions %d\n", attached(id),
	       mm_regions(at, at + 10 * PAGE));
	mmap(at + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	mm_call("shmdt", detach(at));
	printf("attached %u, regions %d\n", attached(id), mm_regions(at, at + 10 * PAGE));
	munmap(at, 10 * PAGE);
	at = attach(id, NULL, 0);
	munmap(at, 3 * PAGE);
	mm_call("shmdt without its beginning", detach(at));
	printf("attached %u\n", attached(id));
	at = attach(id, NULL, 0);
	at[0] = 'm';
	moved = mremap(at, 10 * PAGE, 20 * PAGE, MREMAP_MAYMOVE);
	mm_catch();
	mm_try("grown: within", moved);
	mm_try("grown: beyond", moved + 10 * PAGE);
	printf("attached %u\n", attached(id));
	mm_call("shmdt", detach(moved));
	printf("attached %u\n", attached(id));
	at = mmap(NULL, 5 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mm_call("shmdt of what is no segment", detach(at));
	munmap(at, 5 * PAGE);
	munmap(moved, 20 * PAGE);
	control(id, IPC_RMID, NULL);
}

static void processes(void)
{
	int id = segment(1), ends[2], status;
	struct stat64_shm stat;
	char *at = attach(id, NULL, 0), byte;
	pid_t pid;

	if (pipe(ends))
		perror("pipe");
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		status = read(ends[0], &byte, 1);
		strcpy(at, "the child was here");
		_exit(0);
	}
	printf("after fork: attached %u\n", attached(id));
	control(id, IPC_STAT, &stat);
	printf("last was the parent %d\n", stat.lpid == getpid());
	close(ends[0]);
	close(ends[1]);
	waitpid(pid, &status, 0);
	control(id, IPC_STAT, &stat);
	printf("after its end: attached %u, last was the child %d, dtime %d\n", stat.nattch,
	       stat.lpid == pid, stat.dtime != 0);
	puts(at);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "shm_attach", "exec", NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	printf("exec'ed: %d, attached %u\n", WEXITSTATUS(status), attached(id));
	detach(at);
	printf("detached: %u\n", attached(id));
	at = attach(id, NULL, 0);
	printf("still there: %s\n", at);
	mm_call("removed", control(id, IPC_RMID, NULL));
	control(id, IPC_STAT, &stat);
	printf("mode %o key %d attached %u\n", stat.perm.mode, stat.perm.key, stat.nattch);
	mm_call("attached by identifier", attach(id, NULL, 0) == (void *)-1 ? -1 : 0);
	printf("attached %u\n", attached(id));
	mm_call("removed again", control(id, IPC_RMID, NULL));
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
	mm_call("detached", detach(at));
	mm_call("still to be told of", control(id, IPC_STAT, &stat));
}

static void keyed(void)
{
	int key = 0x20000000 + getpid(), id = get(key, PAGE, IPC_CREAT | 0600), other;
	char *at = attach(id, NULL, 0);

	strcpy(at, "first");
	control(id, IPC_RMID, NULL);
	mm_call("by key", get(key, PAGE, 0));
	other = get(key, PAGE, IPC_CREAT | IPC_EXCL | 0600);
	mm_call("a new one by the same key", other);
	printf("%d %s\n", other != id, at);
	detach(at);
	mm_call("the first is gone", control(id, IPC_STAT, NULL));
	at = attach(other, NULL, 0);
	printf("empty %d\n", at[0]);
	detach(at);
	control(other, IPC_RMID, NULL);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 42;
	rights();
	addresses();
	pieces();
	processes();
	keyed();
	return 0;
}
