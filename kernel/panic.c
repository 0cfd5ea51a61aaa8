/*
 * The end of a broken kernel: says all that is known and stops.
 *
 * It prints straight to the log's sinks, whatever the level. The last lines of the log come
 * first, so that on a screen of 25 lines what matters is what remains to be seen. Nothing here
 * may rely on more than it must: interrupts are off, no lock is taken, nothing allocated, and
 * every pointer that is followed lies in a stack that we know. A panic during a panic prints
 * its message and halts.
 *
 * The backtrace follows EBP: each function's frame starts with the caller's EBP and the return
 * address (System V ABI, Intel386 supplement; the kernel is compiled with frame pointers).
 */
#include <panic.h>

#include <assert.h>
#include <cmdline.h>
#include <cpu.h>
#include <drivers.h>
#include <fault_trace.h>
#include <format.h>
#include <ksyms.h>
#include <log.h>
#include <pagedir.h>
#include <string.h>
#include <task.h>

#include "trap_internal.h"

#define LINE_MAX 320
#define LOG_LINES 10
#define FAULT_LINES 8
#define BACKTRACE_MAX 24
#define QEMU_EXIT_PANIC 0x12 /* QEMU's exit status is then 37 */

static void show(const char *text, ...) __printf(1, 2);
static void show(const char *text, ...)
{
	static char line[LINE_MAX];
	va_list args;

	va_start(args, text);
	int wanted = vformat(line, sizeof(line) - 1, text, args);

	va_end(args);
	size_t size = MIN((size_t)wanted, sizeof(line) - 2);

	line[size] = '\n';
	log_show_raw(line, size + 1);
}

static void show_log(void)
{
	static char text[LINE_MAX - 8];
	struct log_record record;
	uint32_t from = log_next() - MIN(log_next() - log_first(), (uint32_t)LOG_LINES);

	show("---- the last log lines");
	for (; from != log_next(); from++) {
		if (log_read(from, &record, text, sizeof(text)))
			show("<%d> %s", record.level, text);
	}
	show("----");
}

static void show_line(const char *line)
{
	show("%s", line);
}

static void show_faults(void)
{
	if (fault_trace_next() == 0)
		return;
	show("---- the last page faults");
	fault_trace_show_last(FAULT_LINES, show_line);
	show("----");
}

static void show_address(const char *what, vaddr_t address)
{
	uint32_t offset = 0;
	const char *name = ksyms_lookup(address, &offset);

	if (name)
		show("%s %08x %s+0x%x", what, address, name, offset);
	else
		show("%s %08x", what, address);
}

/*
 * After a call of what is no function, EIP says nothing and the return address is on top of the
 * stack, in no frame yet.
 */
static void show_lost_caller(const struct trap_frame *frame)
{
	const vaddr_t *top = (const vaddr_t *)(&frame->eflags + 1);

	if (!trap_from_user(frame) && frame->vector == TRAP_PAGE_FAULT &&
	    !ksyms_lookup(frame->eip, NULL) && ksyms_lookup(*top, NULL))
		show_address(" called from", *top - 1);
}

/* The kernel has no use of its own for FS and GS. */
static void show_registers(const struct trap_frame *frame)
{
	bool from_user = trap_from_user(frame);
	vaddr_t esp = from_user ? frame->esp : (vaddr_t)(&frame->eflags + 1);

	if (frame->vector == TRAP_DOUBLE_FAULT)
		esp = frame->esp;
	show_address("eip", frame->eip);
	show("eax %08x ebx %08x ecx %08x edx %08x", frame->eax, frame->ebx, frame->ecx, frame->edx);
	show("esi %08x edi %08x ebp %08x esp %08x", frame->esi, frame->edi, frame->ebp, esp);
	show("cs %04x ds %04x es %04x eflags %08x trap %u error %x", frame->cs & 0xffff,
	     frame->ds & 0xffff, frame->es & 0xffff, frame->eflags, frame->vector, frame->error);
	show("cr0 %08x cr2 %08x cr3 %08x", cpu_read_cr0(), cpu_read_cr2(), cpu_read_cr3());
}

static void show_page_walk(void)
{
	static char text[LINE_MAX];

	pagedir_describe(cpu_read_cr2(), text, sizeof(text));
	show("%s", text);
}

/* True when a function's frame, two words, lies at address in a kernel stack. */
static bool is_stack(vaddr_t address)
{
	vaddr_t bottom = (vaddr_t)boot_stack_bottom, top = (vaddr_t)boot_stack_top;

	if (address % 4)
		return false;
	if (address >= bottom && address <= top - 8)
		return true;
	if (segments_is_double_fault_stack(address) && segments_is_double_fault_stack(address + 7))
		return true;
	if (!current || !current->kernel_stack)
		return false;
	bottom = (vaddr_t)current->kernel_stack;
	return address >= bottom && address <= bottom + KERNEL_STACK_SIZE - 8;
}

void panic_backtrace(vaddr_t ebp, void (*visit)(vaddr_t address, unsigned times))
{
	vaddr_t last = 0;
	unsigned times = 0, visited = 0;

	while (is_stack(ebp) && visited < BACKTRACE_MAX) {
		const vaddr_t *words = (const vaddr_t *)ebp;

		if (words[1] != last && times > 0) {
			visit(last, times);
			visited++;
			times = 0;
		}
		/* The call is before the return address, perhaps the last thing in its function. */
		last = words[1];
		times += last != 0;
		if (words[0] <= ebp)
			break;
		ebp = words[0];
	}
	if (times > 0)
		visit(last, times);
}

static void show_caller(vaddr_t address, unsigned times)
{
	show_address(" called from", address - 1);
	if (times > 1)
		show(" ... and %u times more", times - 1);
}

static void show_task(void)
{
	if (current && current->process)
		show("task %d (%s)", current->tid, current->process->name);
	else
		show("no task yet");
}

static void show_all(const struct trap_frame *frame, vaddr_t ebp, const char *message)
{
	show_log();
	show_faults();
	show("kernel panic: %s", message);
	show_task();
	if (frame) {
		show_registers(frame);
		if (frame->vector == TRAP_PAGE_FAULT || frame->vector == TRAP_DOUBLE_FAULT)
			show_page_walk();
		show_lost_caller(frame);
	}
	panic_backtrace(ebp, show_caller);
}

static __noreturn void finish(void)
{
	const char *seconds_text = cmdline_get("panic");
	uint32_t seconds = 0;

	if (cmdline_get("panic_exit"))
		qemu_exit(QEMU_EXIT_PANIC);
	if (seconds_text && seconds_text[0] == '-')
		power_reboot();
	if (seconds_text && parse_u32(seconds_text, 0, &seconds) == 0 && seconds > 0) {
		show("rebooting in %u seconds", seconds);
		for (uint32_t i = 0; i < seconds; i++)
			pit_wait_ms(1000);
		power_reboot();
	}
	show("halted");
	power_halt();
}

static __noreturn void panic_with(const struct trap_frame *frame, vaddr_t ebp, const char *text,
				  va_list args)
{
	static char message[LINE_MAX - 32];
	static bool panicking;

	irq_save();
	if (panicking) {
		log_show_raw("panic within a panic: ", 22);
		log_show_raw(text, strlen(text));
		power_halt();
	}
	panicking = true;
	vformat(message, sizeof(message), text, args);
	show_all(frame, ebp, message);
	finish();
}

void panic(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	panic_with(NULL, (vaddr_t)__builtin_frame_address(0), text, args);
}

void panic_at(const struct trap_frame *frame, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	panic_with(frame, frame ? frame->ebp : (vaddr_t)__builtin_frame_address(0), text, args);
}

void assert_failed(const char *expression, const char *file, int line)
{
	panic("%s:%d: assertion failed: %s", file, line, expression);
}
