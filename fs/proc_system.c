/*
 * The files of /proc that are about the system as a whole, /proc/sys and /proc/loft among them.
 */
#include "proc.h"

#include <boot.h>
#include <clock.h>
#include <cpu.h>
#include <format.h>
#include <frame.h>
#include <kheap.h>
#include <ledger.h>
#include <log.h>
#include <machine.h>
#include <mm.h>
#include <random.h>
#include <string.h>
#include <task.h>

#define KB_OF_PAGES(npages) ((npages) * (PAGE_SIZE / KB))
#define LOAD_FRACTION_BITS 11

/* ---- memory ---- */

/* Frames that are not in the direct map; the same for ever. */
static uint32_t high_total(const struct frame_counts *counts)
{
	static bool counted;
	static uint32_t low;

	for (pfn_t pfn = 0; !counted && pfn < frame_low_end() >> PAGE_SHIFT; pfn++)
		low += frame_from_pfn(pfn) != NULL;
	counted = true;
	return counts->total - low;
}

/* Anonymous frames that are mapped, and cache pages that are, counted once a mapping. */
static void count_mapped(uint32_t *anonymous, uint32_t *file)
{
	struct mm *mm;

	*anonymous = *file = 0;
	list_for_each(mm, &mm_all, all_link) {
		*anonymous += mm->pagedir.resident_anon;
		*file += mm->pagedir.resident_file;
	}
}

static int show_meminfo(struct proc_text *text, struct process *process)
{
	struct frame_counts counts;
	uint32_t objects, heap_bytes, mapped_anonymous, mapped_file, high, managed, free_frames;

	(void)process;
	frame_count(&counts);
	kheap_count(&objects, &heap_bytes);
	count_mapped(&mapped_anonymous, &mapped_file);
	high = high_total(&counts);
	managed = counts.total - counts.by_kind[FRAME_RESERVED] - counts.by_kind[FRAME_IMAGE];
	free_frames = counts.by_kind[FRAME_FREE];

	const struct {
		const char *name;
		uint32_t npages;
	} lines[] = {
		{ "MemTotal", managed },
		{ "MemFree", free_frames },
		{ "MemAvailable", free_frames },
		{ "Buffers", 0 },
		{ "Cached", object_cached_pages },
		{ "SwapCached", 0 },
		{ "HighTotal", high },
		{ "HighFree", counts.free_high },
		{ "LowTotal", managed - high },
		{ "LowFree", counts.free_low },
		{ "SwapTotal", 0 },
		{ "SwapFree", 0 },
		{ "AnonPages", counts.by_kind[FRAME_ANON] },
		{ "Mapped", mapped_file },
		{ "Slab", DIV_ROUND_UP(heap_bytes, PAGE_SIZE) },
		{ "PageTables", counts.by_kind[FRAME_PAGE_TABLE] },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		proc_print(text, "%s:%*s%8u kB\n", lines[i].name, (int)(15 - strlen(lines[i].name)),
			   "", KB_OF_PAGES(lines[i].npages));
	return 0;
}

static int show_vmstat(struct proc_text *text, struct process *process)
{
	struct frame_counts counts;
	uint32_t total = 0;

	(void)process;
	frame_count(&counts);
	proc_print(text, "nr_free_pages %u\n", counts.by_kind[FRAME_FREE]);
	proc_print(text, "nr_anon_pages %u\n", counts.by_kind[FRAME_ANON]);
	proc_print(text, "nr_file_pages %u\n", object_cached_pages);
	proc_print(text, "nr_page_table_pages %u\n", counts.by_kind[FRAME_PAGE_TABLE]);
	for (unsigned i = 0; i < FAULT_RESULTS; i++)
		if (i != FAULT_STACK_GROWTH)
			total += fault_counts[i];
	proc_print(text, "pgfault %u\n", total);
	for (unsigned i = 0; i < FAULT_RESULTS; i++) {
		char name[32];

		strlcpy(name, fault_result_name(i), sizeof(name));
		for (char *at = name; *at; at++)
			if (*at == ' ' || *at == '/')
				*at = '_';
		proc_print(text, "loft_fault_%s %u\n", name, fault_counts[i]);
	}
	return 0;
}

/* ---- the ledger ---- */

static void report_line(void *context, const char *line)
{
	proc_print(context, "error: %s\n", line);
}

static int show_ledger(struct proc_text *text, struct process *process)
{
	struct frame_counts counts;

	(void)process;
	/* The text itself has room before anything is counted. */
	proc_print(text, "total ");
	kheap_trim();
	frame_count(&counts);
	proc_print(text, "%u\n", counts.total);
	for (unsigned kind = 0; kind < FRAME_KINDS; kind++) {
		char name[32];

		strlcpy(name, frame_kind_name(kind), sizeof(name));
		for (char *at = name; *at; at++)
			if (*at == ' ')
				*at = '_';
		proc_print(text, "%s %u\n", name, counts.by_kind[kind]);
	}
	if (ledger_check(report_line, text) == 0)
		proc_print(text, "ok\n");
	return 0;
}

static int show_kernel_vma(struct proc_text *text, struct process *process)
{
	(void)process;
	proc_print(text, "0x%08x\n", (unsigned)KERNEL_VMA);
	return 0;
}

static int show_heap(struct proc_text *text, struct process *process)
{
	uint32_t objects, bytes;

	(void)process;
	kheap_count(&objects, &bytes);
	proc_print(text, "objects %u\nbytes %u\n", objects, bytes);
	return 0;
}

/* ---- time and load ---- */

static int show_uptime(struct proc_text *text, struct process *process)
{
	uint32_t hundredths = (uint32_t)(clock_monotonic_ns() / (NSEC_PER_SEC / 100));
	uint32_t idle = sched_idle_ticks() * (100 / HZ);

	(void)process;
	proc_print(text, "%u.%02u %u.%02u\n", hundredths / 100, hundredths % 100, idle / 100,
		   idle % 100);
	return 0;
}

static pid_t last_pid(void)
{
	pid_t last = 0;

	for (struct process *at = process_next(1); at; at = process_next(at->pid + 1))
		last = at->pid;
	return last;
}

static int show_loadavg(struct proc_text *text, struct process *process)
{
	unsigned running, total;
	uint32_t load[3];

	(void)process;
	sched_load(load, &running, &total);
	for (int i = 0; i < 3; i++) {
		uint32_t rounded = load[i] + (1u << LOAD_FRACTION_BITS) / 200;
		uint32_t fraction = rounded & ((1u << LOAD_FRACTION_BITS) - 1);

		proc_print(text, "%u.%02u ", rounded >> LOAD_FRACTION_BITS,
			   fraction * 100 >> LOAD_FRACTION_BITS);
	}
	proc_print(text, "%u/%u %d\n", running, total, last_pid());
	return 0;
}

/* Ticks of all processes, those that ended counted with who waited for them. */
static void sum_ticks(uint32_t *user, uint32_t *system)
{
	struct process *at;

	*user = *system = 0;
	list_for_each(at, &all_processes, all_link) {
		*user += at->ticks_user + at->children_user;
		*system += at->ticks_system + at->children_system;
	}
}

static int show_stat(struct proc_text *text, struct process *process)
{
	unsigned running, total;
	uint32_t load[3], user, system;
	uint64_t boot_time = (clock_realtime_ns() - clock_monotonic_ns()) / NSEC_PER_SEC;

	(void)process;
	sched_load(load, &running, &total);
	sum_ticks(&user, &system);
	for (int line = 0; line < 2; line++)
		proc_print(text, "%s %u 0 %u %u 0 0 0 0 0 0\n", line ? "cpu0" : "cpu ", user,
			   system, sched_idle_ticks());
	proc_print(text,
		   "ctxt %llu\nbtime %llu\nprocesses %d\nprocs_running %u\n"
		   "procs_blocked 0\n",
		   (unsigned long long)sched_switches(), (unsigned long long)boot_time, last_pid(),
		   running);
	return 0;
}

/* ---- names ---- */

static int show_version(struct proc_text *text, struct process *process)
{
	(void)process;
	proc_print(text, "%s version %s %s\n", UTS_SYSNAME, UTS_RELEASE, UTS_VERSION);
	return 0;
}

static int show_cmdline(struct proc_text *text, struct process *process)
{
	(void)process;
	proc_print(text, "%s\n", boot_info.cmdline);
	return 0;
}

static int show_cpuinfo(struct proc_text *text, struct process *process)
{
	char *buffer = kalloc(PAGE_SIZE);
	int length;

	(void)process;
	if (!buffer)
		return -ENOMEM;
	length = cpu_describe(buffer, PAGE_SIZE, clock_tsc_khz());
	proc_append(text, buffer, MIN((size_t)length, PAGE_SIZE - 1));
	kfree(buffer);
	return 0;
}

static int show_filesystems(struct proc_text *text, struct process *process)
{
	struct filesystem *type;

	(void)process;
	list_for_each(type, &filesystems, link)
		proc_print(text, "nodev\t%s\n", type->name);
	return 0;
}

static int show_swaps(struct proc_text *text, struct process *process)
{
	(void)process;
	proc_print(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}

/* A field of a line: what would end it stands as \ooo, as Linux's mangle has it. */
static void print_field(struct proc_text *text, const char *field, const char *special)
{
	for (; *field; field++) {
		if (strchr(special, *field))
			proc_print(text, "\\%03o", (unsigned char)*field);
		else
			proc_append(text, field, 1);
	}
	proc_append(text, " ", 1);
}

int proc_show_mounts(struct proc_text *text, struct process *process)
{
	char *path = path_buffer_get(), options[96];
	struct superblock *at;

	(void)process;
	if (!path)
		return -ENOMEM;
	list_for_each(at, &superblocks, link) {
		const struct dentry *place = at->covers ? at->covers : at->root;
		char *where = dentry_path(place, current_root(), path, PATH_MAX);

		superblock_options(at, options, sizeof(options));
		if (IS_ERR(where))
			continue;
		print_field(text, at->source, " \t\n\\#");
		print_field(text, where, " \t\n\\");
		proc_print(text, "%s %s 0 0\n", at->type->name, options);
	}
	path_buffer_put(path);
	return 0;
}

/* ---- /proc/sys ---- */

#define SHOW_TEXT(name, value) \
	static int name(struct proc_text *text, struct process *process) \
	{ \
		(void)process; \
		proc_print(text, "%s\n", value); \
		return 0; \
	}
#define SHOW_NUMBER(name, value) \
	static int name(struct proc_text *text, struct process *process) \
	{ \
		(void)process; \
		proc_print(text, "%u\n", (unsigned)(value)); \
		return 0; \
	}

SHOW_TEXT(show_hostname, machine_hostname())
SHOW_TEXT(show_domainname, machine_domainname())
SHOW_TEXT(show_osrelease, UTS_RELEASE)
SHOW_TEXT(show_ostype, UTS_SYSNAME)
SHOW_TEXT(show_uts_version, UTS_VERSION)
SHOW_NUMBER(show_pid_max, PID_MAX)
SHOW_NUMBER(show_ngroups_max, NGROUPS_MAX)
SHOW_NUMBER(show_overcommit, 0)
SHOW_NUMBER(show_map_count, MM_REGIONS_MAX)
SHOW_NUMBER(show_mmap_min, USER_LOWEST)

static int show_uuid(struct proc_text *text, struct process *process)
{
	uint8_t b[16];

	(void)process;
	random_bytes(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40; /* version 4, RFC 4122 4.4 */
	b[8] = (b[8] & 0x3f) | 0x80;
	for (unsigned i = 0; i < sizeof(b); i++)
		proc_print(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
	proc_print(text, "\n");
	return 0;
}

static ssize_t self_text(struct process *process, int fd, char *buffer, size_t size)
{
	(void)process;
	(void)fd;
	return format(buffer, size, "%d", current->process->pid);
}

static ssize_t mounts_text(struct process *process, int fd, char *buffer, size_t size)
{
	(void)process;
	(void)fd;
	return format(buffer, size, "self/mounts");
}

#define FILE_ENTRY(entry_name, function) \
	{ \
		.name = entry_name, .mode = S_IFREG | 0444, .show = function \
	}
#define DIRECTORY_ENTRY(entry_name, table) \
	{ \
		.name = entry_name, .mode = S_IFDIR | 0555, .children = table \
	}
#define LINK_ENTRY(entry_name, function) \
	{ \
		.name = entry_name, .mode = S_IFLNK | 0777, .link_text = function \
	}

static const struct proc_entry random_entries[] = { FILE_ENTRY("uuid", show_uuid),
						    { .name = NULL } };

static const struct proc_entry sys_kernel_entries[] = { FILE_ENTRY("domainname", show_domainname),
							FILE_ENTRY("hostname", show_hostname),
							FILE_ENTRY("ngroups_max", show_ngroups_max),
							FILE_ENTRY("osrelease", show_osrelease),
							FILE_ENTRY("ostype", show_ostype),
							FILE_ENTRY("pid_max", show_pid_max),
							DIRECTORY_ENTRY("random", random_entries),
							FILE_ENTRY("version", show_uts_version),
							{ .name = NULL } };

static const struct proc_entry sys_vm_entries[] = { FILE_ENTRY("max_map_count", show_map_count),
						    FILE_ENTRY("mmap_min_addr", show_mmap_min),
						    FILE_ENTRY("overcommit_memory",
							       show_overcommit),
						    { .name = NULL } };

static const struct proc_entry sys_entries[] = { DIRECTORY_ENTRY("kernel", sys_kernel_entries),
						 DIRECTORY_ENTRY("vm", sys_vm_entries),
						 { .name = NULL } };

static const struct proc_entry loft_entries[] = { FILE_ENTRY("heap", show_heap),
						  FILE_ENTRY("kernel_vma", show_kernel_vma),
						  FILE_ENTRY("ledger", show_ledger),
						  { .name = NULL } };

const struct proc_entry proc_root_entries[] = {
	FILE_ENTRY("cmdline", show_cmdline),
	FILE_ENTRY("cpuinfo", show_cpuinfo),
	{ .name = "faults", .mode = S_IFREG | 0600, .file_ops = &proc_faults_ops },
	FILE_ENTRY("filesystems", show_filesystems),
	FILE_ENTRY("loadavg", show_loadavg),
	DIRECTORY_ENTRY("loft", loft_entries),
	FILE_ENTRY("meminfo", show_meminfo),
	LINK_ENTRY("mounts", mounts_text),
	LINK_ENTRY("self", self_text),
	FILE_ENTRY("stat", show_stat),
	FILE_ENTRY("swaps", show_swaps),
	DIRECTORY_ENTRY("sys", sys_entries),
	FILE_ENTRY("uptime", show_uptime),
	FILE_ENTRY("version", show_version),
	FILE_ENTRY("vmstat", show_vmstat),
	{ .name = NULL }
};
