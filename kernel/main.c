/*
 * From the loader to the first process: what is made ready, in the order in which one thing
 * needs another.
 *
 *   to be heard          serial port and text screen as sinks of the log
 *   to survive mistakes  processor, descriptor tables: an exception is a panic with a backtrace
 *   memory               the map, the direct map, frames, the kernel heap and its ranges
 *   tasks and time       this flow of control becomes the idle task; interrupts go on
 *   the rest             in a task of its own, which may sleep: files, devices, initramfs, init
 *
 * Nothing waits: the clock is calibrated on the way (kernel/clock.c).
 */
#include <boot.h>

#include <assert.h>
#include <block.h>
#include <cmdline.h>
#include <commit.h>
#include <cpu.h>
#include <clock.h>
#include <drivers.h>
#include <fault_trace.h>
#include <frame.h>
#include <fs.h>
#include <kheap.h>
#include <kvrange.h>
#include <layout.h>
#include <log.h>
#include <machine.h>
#include <mount.h>
#include <pagedir.h>
#include <panic.h>
#include <random.h>
#include <reclaim.h>
#include <selftest.h>
#include <task.h>
#include <trap.h>
#include <tty.h>
#include <vdso.h>

static __init_text void init_memory(void)
{
	pagedir_init_direct_map(&boot_info);
	frame_init(&boot_info);
	kheap_init();
	kvrange_init();
	pagedir_init_kernel_ranges();
}

static __init_text void init_tasks(void)
{
	fpu_init();
	sched_init();
	pic_init();
	lapic_pass_interrupts();
	vdso_init();
	clock_init();
	fault_trace_init();
	random_init();
}

static void init_devices(void)
{
	fs_init();
	serial_init();
	console_init();
	keyboard_init();
	tty_choose_console();
	pty_init();
	disks_init();
}

/* What only booting needed: modules, the loader, __init_text and __init_data. */
static void release_boot_memory(void)
{
	struct frame_counts counts;

	for (unsigned i = 0; i < boot_info.nboot; i++)
		frame_release_boot(boot_info.boot[i].start, boot_info.boot[i].end);
	pagedir_forget_init();
	commit_init();
	frame_count(&counts);
	log_info("memory: %u KB in all, %u KB free, %u KB of them above the direct map",
		 counts.total * (PAGE_SIZE / KB),
		 (counts.free_low + counts.free_high) * (PAGE_SIZE / KB),
		 counts.free_high * (PAGE_SIZE / KB));
}

static void finish_boot(void *argument)
{
	(void)argument;
	reclaim_init();
	init_devices();
	/* With its root on a disk the system may do without. */
	if ((boot_info.nmodules || !cmdline_get("root")) && initramfs_unpack() != 0)
		log_error("boot: no initramfs, or not all of it");
	release_boot_memory();
	selftest_run_if_asked();
	crash_if_asked();
	root_mount_if_asked();
	process_start_init();
}

__init_text void kernel_main(uint32_t magic, paddr_t info)
{
	serial_early_init();
	vga_early_init();
	log_notice("%s %s %s", UTS_SYSNAME, UTS_RELEASE, UTS_VERSION);
	cpu_init();
	traps_init();
	boot_read(magic, info);
	init_memory();
	init_tasks();
	if (!task_create_kernel("boot", finish_boot, NULL))
		panic("no memory for the first task");
	__asm__ volatile("sti" : : : "memory");
	sched_idle();
}
