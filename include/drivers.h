/*
 * What the rest of the kernel asks of the drivers. Each init survives the device not being there.
 */
#ifndef LOFT_DRIVERS_H
#define LOFT_DRIVERS_H

#include <types.h>

/*
 * Early, before any memory is managed: serial port as a log sink (polled), text screen at
 * 0xB8000 through the direct map.
 */
void serial_early_init(void);
void vga_early_init(void);

/*
 * With interrupts, memory and files there: terminals ttyS0 and tty1 (also tty0), keyboard,
 * frame buffer console.
 */
void serial_init(void);
void console_init(void);
void keyboard_init(void);

/*
 * Power. power_reboot and power_off do not return where they work; power_off says so and halts
 * where nothing does. Neither syncs anything.
 */
__noreturn void power_reboot(void);
__noreturn void power_off(void);
__noreturn void power_halt(void);
/*
 * Writes value to QEMU's isa-debug-exit port, if that device is there: QEMU ends with 2 * value
 * + 1.
 */
void qemu_exit(uint8_t value);

/* Interrupt controller and timer chips (8259, 8254, MC146818). */
void pic_init(void);
/*
 * Makes the processor's local APIC, if it has one in use, pass on the 8259s' interrupts. Wants
 * kvrange_init and the kernel ranges; interrupts off.
 */
void lapic_pass_interrupts(void);
void pic_enable(unsigned irq);
void pic_disable(unsigned irq);
/* Line irq is one of PCI's: it interrupts while it is held, not when it rises. */
void pic_make_level(unsigned irq);
/* True when irq waits to be taken; interrupts off. */
bool pic_pending(unsigned irq);
/* True when irq is spurious and must not be handled; sends what must be sent. Interrupts off. */
bool pic_spurious(unsigned irq);
void pic_end(unsigned irq);

#define PIT_HZ 1193182u /* what the 8254 counts at: a third of the NTSC colour carrier */
/* Starts IRQ 0 at hz, or as near as the divisor allows. */
void pit_init(unsigned hz);
/* Nanoseconds from one IRQ 0 to the next. */
uint32_t pit_period_ns(void);
/* Nanoseconds since the last IRQ 0 that was taken, from the counter; interrupts off. */
uint32_t pit_elapsed_ns(void);
/* Polls until ms have passed: for a panic, with interrupts off for good. */
void pit_wait_ms(uint32_t ms);
/* Seconds since 1970 from the RTC, or 0 when none answers. */
uint64_t rtc_read(void);

#endif
