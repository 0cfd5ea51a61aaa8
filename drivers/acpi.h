/*
 * As much of ACPI as turning the machine off takes.
 */
#ifndef LOFT_DRIVERS_ACPI_H
#define LOFT_DRIVERS_ACPI_H

/*
 * Enters S5 as the firmware's tables say. Returns when there are none, or broken ones, or when the
 * machine takes no notice. Maps device memory, so it wants kvrange_init.
 */
void acpi_power_off(void);

#endif
