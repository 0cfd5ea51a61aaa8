/*
 * The files of /proc that are about the system as a whole, /proc/loft among them.
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
#include <trap.h>

#define LOAD_FRACTION_BITS 11

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
	uint32_t idle = sched_ticks().idle * (100 / HZ);

	(void)process;
	proc_print(text, "%u.%02u %u.%02u\n", hundredths / 100, hundredths % 100, idle / 100,
		   idle % 100);
	return 0;
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
	proc_print(text, "%u/%u %d\n", running, total, pid_last());
	return 0;
}

static void print_interrupts(struct proc_text *text)
{
	uint32_t sum = 0;

	for (unsigned irq = 0; irq < TRAP_IRQS; irq++)
		sum += irq_count(irq);
	proc_print(text, "intr %u", sum);
	for (unsigned irq = 0; irq < TRAP_IRQS; irq++)
		proc_print(text, " %u", irq_count(irq));
	proc_print(text, "\n");
}

static int show_stat(struct proc_text *text, struct process *process)
{
	unsigned running, total;
	uint32_t load[3];
	uint64_t boot_time = (clock_realtime_ns() - clock_monotonic_ns()) / NSEC_PER_SEC;
	struct cpu_ticks ticks = sched_ticks();

	(void)process;
	sched_load(load, &running, &total);
	for (int line = 0; line < 2; line++)
		proc_print(text, "%s %u %u %u %u 0 0 0 0 0 0\n", line ? "cpu0" : "cpu ", ticks.user,
			   ticks.nice, ticks.system, ticks.idle);
	print_interrupts(text);
	proc_print(text, "ctxt %llu\nbtime %llu\nprocesses %u\nprocs_running %u\n",
		   (unsigned long long)sched_switches(), (unsigned long long)boot_time, pid_count(),
		   running);
	proc_print(text, "procs_blocked 0\n");
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

/* ---- the table ---- */

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

static const struct proc_entry loft_entries[] = { PROC_FILE("heap", 0444, show_heap),
						  PROC_FILE("kernel_vma", 0444, show_kernel_vma),
						  PROC_FILE("ledger", 0444, show_ledger),
						  { .name = NULL } };

const struct proc_entry proc_root_entries[] = {
	PROC_DIRECTORY("bus", proc_bus_entries),
	PROC_FILE("cmdline", 0444, show_cmdline),
	PROC_FILE("cpuinfo", 0444, show_cpuinfo),
	PROC_FILE("diskstats", 0444, proc_show_diskstats),
	{ .name = "faults", .mode = S_IFREG | 0600, .file_ops = &proc_faults_ops },
	PROC_FILE("filesystems", 0444, proc_show_filesystems),
	{ .name = "kpagecount", .mode = S_IFREG | 0400, .read = proc_read_kpagecount },
	{ .name = "kpageflags", .mode = S_IFREG | 0400, .read = proc_read_kpageflags },
	PROC_FILE("loadavg", 0444, show_loadavg),
	PROC_DIRECTORY("loft", loft_entries),
	PROC_FILE("meminfo", 0444, proc_show_meminfo),
	PROC_LINK("mounts", mounts_text),
	PROC_FILE("partitions", 0444, proc_show_partitions),
	PROC_LINK("self", self_text),
	PROC_FILE("stat", 0444, show_stat),
	PROC_FILE("swaps", 0444, proc_show_swaps),
	PROC_DIRECTORY("sys", proc_sys_entries),
	PROC_DIRECTORY("sysvipc", proc_sysvipc_entries),
	PROC_FILE("uptime", 0444, show_uptime),
	PROC_FILE("version", 0444, show_version),
	PROC_FILE("vmstat", 0444, proc_show_vmstat),
	{ .name = NULL }
};
