/*
 * Turning the machine off through ACPI (ACPI specification 2.0: 5.2.4 RSDP, 5.2.6 table headers,
 * 5.2.8 FADT, 4.7.3 PM1 control registers, 7.3.4 \_S5).
 *
 * What to write is in a package of the DSDT, which is code in ACPI's byte code. We do not
 * interpret it: firmware keeps \_S5 a constant, and so it is enough to find its name and read
 * the numbers that follow. Tables may lie anywhere in physical memory and be wrong in any way:
 * each is checked by size and sum. All this happens when the machine is to go off, and so no
 * mapping is given back.
 */
#include "acpi.h"

#include <kvrange.h>
#include <layout.h>
#include <log.h>
#include <string.h>

#include "port.h"

#define BIOS_EBDA_SEGMENT 0x40e /* a real-mode segment, in the BIOS's data area */
#define EBDA_SEARCH_SIZE 1024
#define BIOS_START 0xe0000
#define BIOS_SIZE 0x20000
#define RSDP_ALIGN 16
#define RSDP_SIZE 20 /* of what revision 0 has, which the sum goes over */
#define RSDP_RSDT 16

#define HEADER_SIZE 36
#define HEADER_LENGTH 4
#define TABLE_SIZE_MAX (4 * MB)

#define FADT_SIZE_MIN 76
#define FADT_DSDT 40
#define FADT_SMI_COMMAND 48
#define FADT_ENABLE_VALUE 52
#define FADT_PM1A_CONTROL 64
#define FADT_PM1B_CONTROL 68

#define AML_NAME 0x08
#define AML_PACKAGE 0x12
#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_BYTE 0x0a

#define PM1_SLEEP_ENABLE (1u << 13)
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SCI_ENABLE 1u
#define ENABLE_POLLS_MAX 300000

/* How to enter S5. */
static struct {
	uint16_t pm1a, pm1b; /* ports of the control registers */
	uint8_t type_a, type_b;
	uint16_t smi_port;
	uint8_t enable_value;
} s5;

static uint32_t word_at(const uint8_t *table, size_t offset)
{
	uint32_t word;

	memcpy(&word, table + offset, sizeof(word));
	return word;
}

static bool sum_is_right(const uint8_t *table, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += table[i];
	return sum == 0;
}

/* A whole table, mapped, when its signature, size and sum are right; else NULL. */
static const uint8_t *map_table(paddr_t paddr, const char *signature, size_t size_min)
{
	uint8_t *table = kvrange_map_device(paddr, HEADER_SIZE, CACHE_WRITE_BACK);
	uint32_t size;

	if (!table)
		return NULL;
	size = word_at(table, HEADER_LENGTH);
	if (memcmp(table, signature, 4) != 0 || size < size_min || size > TABLE_SIZE_MAX)
		return NULL;
	table = kvrange_map_device(paddr, size, CACHE_WRITE_BACK);
	return table && sum_is_right(table, size) ? table : NULL;
}

/* The physical address of the RSDT, 0 when no valid pointer to it is in the range. */
static paddr_t find_rsdt(paddr_t start, size_t size)
{
	uint8_t *range = kvrange_map_device(start, size, CACHE_WRITE_BACK);
	paddr_t rsdt = 0;

	for (size_t at = 0; range && !rsdt && at + RSDP_SIZE <= size; at += RSDP_ALIGN) {
		if (memcmp(range + at, "RSD PTR ", 8) == 0 && sum_is_right(range + at, RSDP_SIZE))
			rsdt = word_at(range + at, RSDP_RSDT);
	}
	return rsdt;
}

static const uint8_t *find_fadt(paddr_t rsdt_at)
{
	const uint8_t *rsdt = map_table(rsdt_at, "RSDT", HEADER_SIZE), *fadt = NULL;

	if (!rsdt)
		return NULL;
	for (size_t at = HEADER_SIZE; !fadt && at + 4 <= word_at(rsdt, HEADER_LENGTH); at += 4)
		fadt = map_table(word_at(rsdt, at), "FACP", FADT_SIZE_MIN);
	return fadt;
}

/* One constant of a package; advances *at. */
static bool read_constant(const uint8_t *code, size_t size, size_t *at, uint8_t *value)
{
	if (*at < size && (code[*at] == AML_ZERO || code[*at] == AML_ONE)) {
		*value = code[(*at)++];
		return true;
	}
	if (*at + 1 < size && code[*at] == AML_BYTE) {
		*value = code[*at + 1];
		*at += 2;
		return true;
	}
	return false;
}

/*
 * Name(_S5_, Package { a, b, ... }): after the package's op a length of 1 to 4 bytes and the
 * number of elements.
 */
static bool read_package(const uint8_t *code, size_t size, size_t at)
{
	if (at >= size || code[at++] != AML_PACKAGE || at >= size)
		return false;
	at += 1 + (code[at] >> 6);
	at += 1;
	return read_constant(code, size, &at, &s5.type_a) &&
	       read_constant(code, size, &at, &s5.type_b);
}

static bool find_s5(const uint8_t *dsdt)
{
	size_t size = word_at(dsdt, HEADER_LENGTH);

	for (size_t at = HEADER_SIZE + 2; at + 4 < size; at++) {
		bool named = dsdt[at - 1] == AML_NAME ||
			     (dsdt[at - 1] == '\\' && dsdt[at - 2] == AML_NAME);

		if (named && memcmp(dsdt + at, "_S5_", 4) == 0)
			return read_package(dsdt, size, at + 4);
	}
	return false;
}

static bool read_fadt(const uint8_t *fadt)
{
	const uint8_t *dsdt = map_table(word_at(fadt, FADT_DSDT), "DSDT", HEADER_SIZE);

	if (!dsdt || !find_s5(dsdt))
		return false;
	s5.pm1a = word_at(fadt, FADT_PM1A_CONTROL);
	s5.pm1b = word_at(fadt, FADT_PM1B_CONTROL);
	s5.smi_port = word_at(fadt, FADT_SMI_COMMAND);
	s5.enable_value = fadt[FADT_ENABLE_VALUE];
	return s5.pm1a != 0;
}

static bool find_tables(void)
{
	const uint16_t *ebda = paddr_to_virt(BIOS_EBDA_SEGMENT);
	paddr_t rsdt = find_rsdt((paddr_t)*ebda << 4, EBDA_SEARCH_SIZE);
	const uint8_t *fadt;

	if (!rsdt)
		rsdt = find_rsdt(BIOS_START, BIOS_SIZE);
	fadt = rsdt ? find_fadt(rsdt) : NULL;
	return fadt && read_fadt(fadt);
}

/* Some firmware waits to be told that an operating system is in charge before it takes notice. */
static void enable(void)
{
	if ((port_read16(s5.pm1a) & PM1_SCI_ENABLE) || !s5.smi_port || !s5.enable_value)
		return;
	port_write8(s5.smi_port, s5.enable_value);
	for (unsigned polls = 0; polls < ENABLE_POLLS_MAX; polls++) {
		if (port_read16(s5.pm1a) & PM1_SCI_ENABLE)
			return;
	}
}

void acpi_power_off(void)
{
	if (!find_tables()) {
		log_info("power: no ACPI tables that say how to turn the machine off");
		return;
	}
	enable();
	port_write16(s5.pm1a, s5.type_a << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE);
	if (s5.pm1b)
		port_write16(s5.pm1b, s5.type_b << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE);
}
