/*
 * As much of ACPI as turning the machine off takes.
 */
#ifndef LOFT_DRIVERS_ACPI_H
#define LOFT_DRIVERS_ACPI_H

/*
 * Looks for the firmware's tables and remembers how to enter S5. Maps device memory, so it wants kvrange_init;
 * says on the log what it found. Survives tables that are missing or broken.
 */
void acpi_init(void);

/* Enters S5 if acpi_init found how. Returns when it did not, or when the machine takes no notice. */
void acpi_power_off(void);

#endif
