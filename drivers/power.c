/*
 * Turning the machine off and starting it again.
 *
 * Reset, from the politest way to the surest: the keyboard controller's reset line (IBM AT), the
 * chip set's reset register at 0xCF9 (Intel PIIX and later), and a triple fault, which no
 * processor survives. Power off: ACPI's S5 state, by what the firmware's tables say
 * (drivers/acpi.c), else by the fixed addresses that emulators give the PM1a control register.
 */
#include <drivers.h>

#include <log.h>
#include <trap.h>

#include "acpi.h"
#include "port.h"

#define KEYBOARD_STATUS 0x64
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_BUSY 0x02
#define KEYBOARD_PULSE_RESET 0xfe

#define RESET_CONTROL 0xcf9
#define RESET_CONTROL_ARM 0x02
#define RESET_CONTROL_GO 0x06

#define QEMU_EXIT 0xf4

#define POLLS_MAX 100000 /* some ten milliseconds: as long as a keyboard controller may be busy */

void power_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void reset_by_keyboard_controller(void)
{
	unsigned polls = 0;

	while ((port_read8(KEYBOARD_STATUS) & KEYBOARD_BUSY) && ++polls < POLLS_MAX)
		;
	port_write8(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
	for (polls = 0; polls < POLLS_MAX; polls++)
		port_delay();
}

/* An exception with no table to find its handler in, and none for the double fault that follows. */
static void reset_by_triple_fault(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint32_t base;
	} empty = { 0, 0 };

	__asm__ volatile("lidt %0; int3" : : "m"(empty));
}

void power_reboot(void)
{
	irq_save();
	reset_by_keyboard_controller();
	port_write8(RESET_CONTROL, RESET_CONTROL_ARM);
	port_delay();
	port_write8(RESET_CONTROL, RESET_CONTROL_GO);
	for (unsigned polls = 0; polls < POLLS_MAX; polls++)
		port_delay();
	reset_by_triple_fault();
	power_halt();
}

void power_off(void)
{
	static const struct {
		uint16_t port, value;
	} emulators[] = {
		{ 0x604, 0x2000 },  /* QEMU, machines pc and q35 */
		{ 0xb004, 0x2000 }, /* Bochs, old QEMU */
		{ 0x4004, 0x3400 }, /* VirtualBox */
	};

	irq_save();
	acpi_power_off();
	for (size_t i = 0; i < ARRAY_SIZE(emulators); i++)
		port_write16(emulators[i].port, emulators[i].value);
	for (unsigned polls = 0; polls < POLLS_MAX; polls++)
		port_delay();
	log_print(LOG_EMERG, "power: it is now safe to turn off the computer");
	power_halt();
}

void qemu_exit(uint8_t value)
{
	port_write32(QEMU_EXIT, value);
}
