/*
 * The local APIC, told to pass on what the 8259s say.
 *
 * A processor with a local APIC has no interrupt pin of its own any more: the 8259s' output arrives
 * at the APIC's LINT0, and firmware decides what becomes of it. After a PC's BIOS it is "virtual
 * wire" (Intel MultiProcessor Specification 1.4, 3.6.2.2): LINT0 means an external interrupt whose
 * vector the 8259 knows, LINT1 an NMI. Firmware that has no use for the 8259s may leave LINT0
 * masked, and not even the timer would be heard. So we set it up ourselves.
 *
 * Its registers are memory, or, in x2APIC mode, MSRs (SDM 3A 11.4, 11.5.1, 11.12).
 */
#include <drivers.h>

#include <cpu.h>
#include <kvrange.h>
#include <log.h>
#include <trap.h>

#define MSR_APIC_BASE 0x1bu
#define APIC_BASE_ENABLED (1u << 11)
#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ADDRESS 0xfffff000u
#define MSR_X2APIC 0x800u /* + register / 16 */

#define TASK_PRIORITY 0x080u
#define SPURIOUS_VECTOR 0x0f0u
#define LVT_LINT0 0x350u
#define LVT_LINT1 0x360u

#define APIC_ENABLED 0x100u
#define DELIVER_NMI 0x400u
#define DELIVER_EXTERNAL 0x700u
/* An interrupt that nobody wants any more; older APICs want its last four bits set. */
#define VECTOR_SPURIOUS (TRAP_IRQ_FIRST + 15u)

static volatile uint32_t *registers; /* NULL: MSRs */

static void write_register(uint32_t number, uint32_t value)
{
	if (registers)
		registers[number / sizeof(*registers)] = value;
	else
		cpu_write_msr(MSR_X2APIC + number / 16, value);
}

void lapic_pass_interrupts(void)
{
	uint64_t base;

	if (!cpu_has(CPU_APIC) || !cpu_has(CPU_MSR))
		return;
	base = cpu_read_msr(MSR_APIC_BASE);
	if (!(base & APIC_BASE_ENABLED) || base >> 32)
		return;
	if (!(base & APIC_BASE_X2APIC)) {
		registers = kvrange_map_device((paddr_t)base & APIC_BASE_ADDRESS, PAGE_SIZE,
					       CACHE_UNCACHED);
		if (!registers) {
			log_warning("lapic: no address range for its registers");
			return;
		}
	}
	write_register(TASK_PRIORITY, 0);
	write_register(LVT_LINT0, DELIVER_EXTERNAL);
	write_register(LVT_LINT1, DELIVER_NMI);
	write_register(SPURIOUS_VECTOR, APIC_ENABLED | VECTOR_SPURIOUS);
}
