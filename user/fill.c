/*
 * fill: programs can use what the machine says is free.
 *
 *   fill [PERCENT]
 *
 * Children share out PERCENT (90 unless told) of MemFree, at most 1 GB each, since one address
 * space is smaller than some machines. Each writes to all of its pages, waits until all have
 * done so, and verifies: words that only this page of this child can hold, so that two pages on
 * one frame would be seen. From /proc/self/pagemap it learns which frames it got. When the
 * children are gone, what was free must be free again.
 */
#include "libc/libc.h"

#define CHILDREN_MAX 4u
#define CHILD_PAGES_MAX ((1u << 30) / PAGE)
#define HIGH_FRAME ((896u << 20) / PAGE) /* the direct map of a kernel at 0xC0000000 ends here */
#define PAGEMAP_BATCH 64u
#define MARKS 3u /* words written in each page: at its start, middle and end */
#define MARK_STEP 2044u
#define ROUNDING_KB 64u /* what an ended child's parts may keep on the kernel's heap */

/* What a child says through the pipe when its pages are filled. */
struct report {
	uint32_t pages, high, lowest, highest;
};

static uint32_t free_kb(void)
{
	char text[2048];
	const char *line = read_file("/proc/meminfo", text, sizeof(text)) < 0
				   ? NULL
				   : find(text, "MemFree:");
	if (!line)
		return 0;
	for (line += 8; *line == ' '; line++)
		;
	return number(line);
}

/* The word in one of the places of a page. */
static uint32_t mark_of(uint32_t child, uint32_t page, uint32_t place)
{
	return (child << 30 | page << 2 | place) * 2654435761u;
}

static void fill(char *start, uint32_t pages, uint32_t child)
{
	for (uint32_t page = 0; page < pages; page++)
		for (uint32_t place = 0; place < MARKS; place++)
			*(uint32_t *)(start + page * PAGE + place * MARK_STEP) =
				mark_of(child, page, place);
}

static uint32_t count_wrong(const char *start, uint32_t pages, uint32_t child)
{
	uint32_t wrong = 0;
	for (uint32_t page = 0; page < pages; page++)
		for (uint32_t place = 0; place < MARKS; place++)
			wrong += *(const uint32_t *)(start + page * PAGE + place * MARK_STEP) !=
				 mark_of(child, page, place);
	return wrong;
}

static void note_frame(struct report *report, uint32_t frame)
{
	report->pages++;
	report->high += frame >= HIGH_FRAME;
	if (frame < report->lowest)
		report->lowest = frame;
	if (frame > report->highest)
		report->highest = frame;
}

/* Which frames stand behind the pages. */
static struct report look_at_frames(const char *start, uint32_t pages)
{
	struct report report = { .lowest = 0xffffffff };
	uint32_t entries[PAGEMAP_BATCH][2];
	int fd = open("/proc/self/pagemap", O_RDONLY, 0);
	for (uint32_t first = 0; first < pages; first += PAGEMAP_BATCH) {
		uint32_t offset = ((uint32_t)start / PAGE + first) * 8;
		uint32_t count = pages - first < PAGEMAP_BATCH ? pages - first : PAGEMAP_BATCH;
		int got = syscall6(SYS_pread64, fd, (uint32_t)entries, count * 8, offset, 0, 0);
		/* Bit 63: present; bits 0 to 54: the frame's number. */
		for (int i = 0; i < got / 8; i++)
			if (entries[i][1] >> 31)
				note_frame(&report, entries[i][0]);
	}
	close(fd);
	return report;
}

/* A child's whole life: 0 when all its pages held what it wrote. */
static int child_main(uint32_t child, uint32_t pages, int report_fd, int go_fd)
{
	char byte;
	char *start = map_anonymous(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	if (!start)
		return 2;
	fill(start, pages, child);
	struct report report = look_at_frames(start, pages);
	write(report_fd, &report, sizeof(report));
	close(report_fd);
	read(go_fd, &byte, 1); /* ends when the parent has closed its end */
	return count_wrong(start, pages, child) != 0;
}

static void add_report(struct report *sum, const struct report *report)
{
	sum->pages += report->pages;
	sum->high += report->high;
	if (report->lowest < sum->lowest)
		sum->lowest = report->lowest;
	if (report->highest > sum->highest)
		sum->highest = report->highest;
}

/* Starts a child for each part of the pages; returns how many there are, 0 for the lack of one. */
static uint32_t start_children(uint32_t pages, int report_fd, const int go[2])
{
	uint32_t count = (pages + CHILD_PAGES_MAX - 1) / CHILD_PAGES_MAX;
	if (count > CHILDREN_MAX)
		return 0;
	for (uint32_t child = 0; child < count; child++) {
		int pid = fork();
		if (pid == 0) {
			close(go[1]);
			exit(child_main(child, pages / count, report_fd, go[0]));
		}
		if (pid < 0)
			return 0;
	}
	return count;
}

/* Waits for all children; returns how many did not end well, and says how. */
static uint32_t collect_children(void)
{
	uint32_t failed = 0;
	int status, pid;
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		if (status == 0)
			continue;
		failed++;
		if (!EXITED(status))
			print("  process %d: ended by signal %d\n", pid, END_SIGNAL(status));
		else if (EXIT_STATUS(status) == 2)
			print("  process %d: could not map its part\n", pid);
		else
			print("  process %d: a page did not hold what was written\n", pid);
	}
	return failed;
}

static struct report collect_reports(int fd, uint32_t children)
{
	struct report sum = { .lowest = 0xffffffff }, report;
	while (children-- > 0 && read(fd, &report, sizeof(report)) == (int)sizeof(report))
		add_report(&sum, &report);
	return sum;
}

int main(int argc, char **argv, char **envp)
{
	uint32_t percent = argc > 1 ? number(argv[1]) : 90;
	int reports[2], go[2];
	(void)envp;
	if (syscall3(SYS_pipe, reports, 0, 0) || syscall3(SYS_pipe, go, 0, 0))
		return 2;
	free_kb(); /* the first reading brings in what reading itself needs */
	uint32_t before = free_kb(), pages = before / 100 * percent / (PAGE / 1024);
	print("fill: %u KB free; taking %u pages, %u KB\n", before, pages, pages * (PAGE / 1024));
	uint32_t children = start_children(pages, reports[1], go);
	close(reports[1]);
	struct report all = collect_reports(reports[0], children);
	print("  %u processes have filled %u pages: frames 0x%x to 0x%x, %u of them above 896 MB;"
	      " %u KB free\n",
	      children, all.pages, all.lowest, all.highest, all.high, free_kb());
	close(go[1]);
	uint32_t failed = collect_children();
	uint32_t after = free_kb();
	bool back = after + ROUNDING_KB >= before;
	print("  %u pages verified, %u processes failed; %u KB free again%s\n", all.pages, failed,
	      after, back ? "" : "   <- WRONG");
	bool right = children && !failed && back && all.pages == pages / children * children;
	print("fill: %s\n", right ? "as it should be" : "WRONG");
	return right ? 0 : 1;
}
