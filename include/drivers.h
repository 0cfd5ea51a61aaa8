/*
 * What the rest of the kernel asks of the drivers. Each init survives the device not being there.
 */
#ifndef LOFT_DRIVERS_H
#define LOFT_DRIVERS_H

#include <types.h>

/* Early, before any memory is managed: serial port as a log sink (polled), text screen at 0xB8000 through the direct map. */
void serial_early_init(void);
void vga_early_init(void);

/* With interrupts, memory and files there: terminals ttyS0 and tty1 (also tty0), keyboard, frame buffer console. */
void serial_init(void);
void console_init(void);
void keyboard_init(void);

/* Power: do not return when they work. power_off tries ACPI ports QEMU and Bochs know, then says so and halts. */
void power_reboot(void);
void power_off(void);
void power_halt(void);
/* Writes value to QEMU's isa-debug-exit port, if that device is there. */
void qemu_exit(uint8_t value);

/* Interrupt controller and timer chips (8259, 8254, MC146818). */
void pic_init(void);
void pic_enable(unsigned irq);
void pic_disable(unsigned irq);
/* True when irq is spurious and must not be handled; sends what must be sent. */
bool pic_spurious(unsigned irq);
void pic_end(unsigned irq);
void pit_init(unsigned hz);
/* Nanoseconds since the last tick, from the counter; interrupts off. */
uint32_t pit_elapsed_ns(void);
/* Seconds since 1970 from the RTC, or 0 when none answers. */
uint64_t rtc_read(void);

/* Random words from RDRAND where the CPU has it, else timing; mixed by kernel/random.c. */

#endif
