/*
 * flood: programs use more memory than the machine has.
 *
 *   flood [MB [PROCESSES]]
 *
 * Each of two processes (or so many) fills MB megabytes, twice what the machine has unless told,
 * every word of every page with one that only this place of this process can hold. Then it verifies
 * all of them three times: forwards, backwards, and in leaps, in which no page is near the last
 * one. What does not fit into memory must have been on a disk in between: see `swapon` first, and
 * what the counters of /proc/vmstat tell afterwards.
 */
#include "libc/libc.h"

#define PROCESSES_MAX 16u
#define LEAP 7919u /* a prime */

static const char *const counters[] = { "pswpin",	 "pswpout",	  "pgmajfault",
					"pgscan_kswapd", "pgscan_direct", "allocstall_normal" };
#define NCOUNTERS (sizeof(counters) / sizeof(*counters))

/* The number behind a name that begins a line of a /proc file, 0 if there is none. */
static uint32_t value_of(const char *text, const char *name)
{
	for (const char *at = text; (at = find(at, name)); at++) {
		const char *behind = at + strlen(name);
		if ((at > text && at[-1] != '\n') || (*behind != ' ' && *behind != ':'))
			continue;
		while (*behind == ' ' || *behind == ':')
			behind++;
		return number(behind);
	}
	return 0;
}

static void read_counters(uint32_t *values)
{
	static char text[16384];
	bool there = read_file("/proc/vmstat", text, sizeof(text)) > 0;
	for (uint32_t i = 0; i < NCOUNTERS; i++)
		values[i] = there ? value_of(text, counters[i]) : 0;
}

static uint32_t meminfo_kb(const char *name)
{
	static char text[4096];
	return read_file("/proc/meminfo", text, sizeof(text)) > 0 ? value_of(text, name) : 0;
}

/* ---- a process ---- */

/* What the first word of a page holds; those behind it count up. */
static uint32_t mark_of(uint32_t process, uint32_t page)
{
	return (process << 28 ^ page) * 2654435761u;
}

static void fill(uint32_t *page, uint32_t mark)
{
	for (uint32_t i = 0; i < PAGE / 4; i++)
		page[i] = mark + i;
}

static bool filled(const uint32_t *page, uint32_t mark)
{
	uint32_t wrong = 0;
	for (uint32_t i = 0; i < PAGE / 4; i++)
		wrong |= page[i] ^ (mark + i);
	return !wrong;
}

/* Which page comes at the step of a pass over count pages. */
static uint32_t page_at(uint32_t pass, uint32_t step, uint32_t count)
{
	switch (pass) {
	case 0:
		return step;
	case 1:
		return count - 1 - step;
	default:
		return (uint64_t)step * LEAP % count;
	}
}

static uint32_t count_wrong(uint32_t *start, uint32_t count, uint32_t process, uint32_t pass)
{
	uint32_t wrong = 0;
	for (uint32_t step = 0; step < count; step++) {
		uint32_t page = page_at(pass, step, count);
		wrong += !filled(start + page * (PAGE / 4), mark_of(process, page));
	}
	return wrong;
}

/* A process's whole life: its exit status. */
static int flood(uint32_t process, uint32_t count)
{
	static const char *const orders[] = { "forwards", "backwards", "in leaps" };
	uint32_t wrong = 0;
	uint32_t *start = map_anonymous(NULL, count * PAGE, PROT_READ | PROT_WRITE, 0);
	if (!start) {
		print("  process %u: could not map its memory\n", process);
		return 2;
	}
	for (uint32_t page = 0; page < count; page++)
		fill(start + page * (PAGE / 4), mark_of(process, page));
	print("  process %u: filled %u pages\n", process, count);
	for (uint32_t pass = 0; pass < 3; pass++) {
		uint32_t found = count_wrong(start, count, process, pass);
		print("  process %u: verified %s, %u wrong\n", process, orders[pass], found);
		wrong += found;
	}
	return wrong != 0;
}

/* ---- all of them ---- */

/* Waits for all; returns how many did not end well. */
static uint32_t collect(void)
{
	uint32_t failed = 0;
	int status, pid;
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		failed += status != 0;
		if (!EXITED(status))
			print("  process %d: ended by signal %d\n", pid, END_SIGNAL(status));
	}
	return failed;
}

static void tell(const uint32_t *before)
{
	uint32_t after[NCOUNTERS];
	read_counters(after);
	print(" ");
	for (uint32_t i = 0; i < NCOUNTERS; i++)
		print(" %s %u", counters[i], after[i] - before[i]);
	print("\n");
}

int main(int argc, char **argv, char **envp)
{
	uint32_t before[NCOUNTERS], total_kb = meminfo_kb("MemTotal"), failed = 0;
	uint32_t megabytes = argc > 1 ? number(argv[1]) : total_kb / 512;
	uint32_t processes = argc > 2 ? number(argv[2]) : 2;
	(void)envp;
	/* A coprime of the leap, so that it meets each page. */
	uint32_t count = megabytes * (1024 * 1024 / PAGE);
	count -= count % LEAP == 0;
	if (!count || megabytes > 2048 || !processes || processes > PROCESSES_MAX) {
		print("usage: flood [MB [PROCESSES]]\n");
		return 2;
	}
	print("flood: %u processes of %u MB; the machine has %u KB, and %u KB of swap\n", processes,
	      megabytes, total_kb, meminfo_kb("SwapTotal"));
	read_counters(before);
	for (uint32_t process = 1; process <= processes; process++) {
		int pid = fork();
		if (pid == 0)
			exit(flood(process, count));
		failed += pid < 0;
	}
	failed += collect();
	tell(before);
	print("flood: %s\n", failed ? "WRONG" : "as it should be");
	return failed != 0;
}
