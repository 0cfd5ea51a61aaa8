/*
 * /proc: disks and their partitions, what was read and written (Documentation/admin-guide/
 * iostats.rst), and the devices on PCI, all as Linux prints them.
 */
#include "proc.h"

#include <block.h>
#include <pci.h>

#define MAJOR(device) ((device) >> 8)
#define MINOR(device) ((device)&0xff)

int proc_show_partitions(struct proc_text *text, struct process *process)
{
	const struct block_device *device = NULL;

	(void)process;
	if (block_next(NULL))
		proc_print(text, "major minor  #blocks  name\n\n");
	while ((device = block_next(device)))
		proc_print(text, "%4u  %7u %10llu %s\n", MAJOR(device->device),
			   MINOR(device->device), (unsigned long long)device->nsectors / 2,
			   device->name);
	return 0;
}

static uint32_t in_ms(uint64_t ns)
{
	return (uint32_t)(ns / 1000000);
}

static void show_stats(struct proc_text *text, const struct block_stats *stats, enum block_op op)
{
	proc_print(text, " %u %u %llu %u", stats->requests[op], stats->merges[op],
		   (unsigned long long)stats->sectors[op], in_ms(stats->ns[op]));
}

/* Nothing is ever discarded: four zeros. */
int proc_show_diskstats(struct proc_text *text, struct process *process)
{
	struct block_device *device = NULL;

	(void)process;
	while ((device = block_next(device))) {
		struct block_stats stats = block_stats_now(device);
		uint64_t all_ns = stats.ns[BLOCK_READ] + stats.ns[BLOCK_WRITE] + stats.flush_ns;

		proc_print(text, "%4u %7u %s", MAJOR(device->device), MINOR(device->device),
			   device->name);
		show_stats(text, &stats, BLOCK_READ);
		show_stats(text, &stats, BLOCK_WRITE);
		proc_print(text, " %u %u %u 0 0 0 0 %u %u\n", stats.in_flight, in_ms(stats.busy_ns),
			   in_ms(all_ns), stats.flushes, in_ms(stats.flush_ns));
	}
	return 0;
}

/* A base address with the flag bits that its register has. */
static uint32_t bar_value(const struct pci_bar *bar)
{
	if (bar->kind == PCI_BAR_NONE || bar->kind == PCI_BAR_UNPLACED)
		return 0;
	if (bar->kind == PCI_BAR_PORT)
		return bar->start | 1;
	return bar->start | (bar->wide ? 4 : 0) | (bar->prefetchable ? 8 : 0);
}

/* As the last of seven the ROM, which we do not look for. */
static int show_pci_devices(struct proc_text *text, struct process *process)
{
	const struct pci_device *device = NULL;

	(void)process;
	while ((device = pci_next(device))) {
		proc_print(text, "%02x%02x\t%04x%04x\t%x", device->bus,
			   device->slot << 3 | device->function, device->vendor, device->id,
			   device->irq == 255 ? 0 : device->irq);
		for (unsigned i = 0; i < PCI_BARS; i++)
			proc_print(text, "\t%16x", bar_value(&device->bars[i]));
		proc_print(text, "\t%16x", 0);
		for (unsigned i = 0; i < PCI_BARS; i++)
			proc_print(text, "\t%16x",
				   bar_value(&device->bars[i]) ? device->bars[i].size : 0);
		proc_print(text, "\t%16x\t%s\n", 0, device->driver ? device->driver : "");
	}
	return 0;
}

static const struct proc_entry pci_entries[] = {
	PROC_FILE("devices", 0444, show_pci_devices),
	{ .name = NULL },
};

const struct proc_entry proc_bus_entries[] = {
	PROC_DIRECTORY("pci", pci_entries),
	{ .name = NULL },
};
