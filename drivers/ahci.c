/*
 * AHCI host bus adapters: from finding one to the disks at its ports (AHCI 1.3.1, 10.1 and 10.6).
 *
 * The firmware gives it up where it can be asked to. The reset that follows takes down all links, so
 * which ports have a device is read before: a port whose link was on and saw nobody has nobody, and
 * costs nothing more. Only where the firmware had not let a port spin up is it not known; then the
 * link gets the time that it may take to see a device (10.1.1: 10 ms). A disk that is there is waited
 * for. With staggered spin-up, one disk after the other is let run up.
 *
 * An HBA without any disk is left as the reset has left it: quiet, without an interrupt, and nothing
 * is kept of it.
 */
#include "ahci.h"

#include "disks.h"

#include <abi/errno.h>
#include <cmdline.h>
#include <kheap.h>
#include <log.h>
#include <pci.h>
#include <string.h>
#include <trap.h>

#define BAR_REGISTERS 5
#define SUBCLASS_RAID 0x04
#define VENDOR_INTEL 0x8086
#define VENDOR_AMD 0x1022
#define VENDOR_ATI 0x1002
#define HANDOFF_NS (NSEC_PER_SEC / 40)	   /* 10.6.3: 25 ms; then, while it is busy, */
#define HANDOFF_BUSY_NS (2 * NSEC_PER_SEC) /* two seconds */
#define RESET_NS NSEC_PER_SEC		   /* 10.4.3 */
#define LINK_NS (2 * NSEC_PER_TICK)
#define LINK_EXPECTED_NS NSEC_PER_SEC

static struct wait_queue nobody_wakes = WAIT_QUEUE_INIT(nobody_wakes);

static uint32_t hba_get(const struct ahci_hba *hba, enum hba_register which)
{
	return hba->registers[which];
}

static void hba_set(const struct ahci_hba *hba, enum hba_register which, uint32_t value)
{
	hba->registers[which] = value;
}

static uint32_t raw_port_get(const struct ahci_hba *hba, unsigned port, enum port_register which)
{
	return hba->registers[HBA_FIRST_PORT + port * HBA_PORT_WORDS + which];
}

/* Sleeps until all bits are 0: false when they are not in time. */
static bool await_clear(const struct ahci_hba *hba, enum hba_register which, uint32_t bits,
			uint64_t patience)
{
	uint64_t deadline = clock_monotonic_ns() + patience;

	while (hba_get(hba, which) & bits) {
		if (clock_monotonic_ns() >= deadline)
			return false;
		ahci_sleep(&nobody_wakes);
	}
	return true;
}

/* ---- taking over ---- */

static void take_from_firmware(const struct ahci_hba *hba)
{
	if (!(hba_get(hba, HBA_CAPABILITIES2) & CAPABILITY2_HANDOFF))
		return;
	if (!(hba_get(hba, HBA_HANDOFF) & HANDOFF_FIRMWARE))
		return;
	hba_set(hba, HBA_HANDOFF, hba_get(hba, HBA_HANDOFF) | HANDOFF_SYSTEM);
	if (await_clear(hba, HBA_HANDOFF, HANDOFF_FIRMWARE, HANDOFF_NS))
		return;
	if (!(hba_get(hba, HBA_HANDOFF) & HANDOFF_BUSY) ||
	    !await_clear(hba, HBA_HANDOFF, HANDOFF_FIRMWARE, HANDOFF_BUSY_NS))
		log_warning("ahci%u: the firmware does not let go", hba->index);
}

/* Which ports have a device, in *seen, and of which that is not known, in *unknown. */
static void look_at_ports(const struct ahci_hba *hba, uint32_t *seen, uint32_t *unknown)
{
	uint32_t ports = hba_get(hba, HBA_PORTS);

	*seen = *unknown = 0;
	for (unsigned i = 0; i < HBA_PORTS_MAX; i++) {
		if (!(ports & 1u << i))
			continue;
		if (raw_port_get(hba, i, PORT_SATA_STATUS) & SATA_DETECTION)
			*seen |= 1u << i;
		else if (hba->capabilities & CAPABILITY_STAGGERED &&
			 !(raw_port_get(hba, i, PORT_COMMAND) & PORT_COMMAND_SPIN_UP))
			*unknown |= 1u << i;
	}
}

/* Some firmware's list of ports does not outlive the reset: it is written back. */
static bool reset_hba(const struct ahci_hba *hba)
{
	uint32_t ports = hba_get(hba, HBA_PORTS);

	hba_set(hba, HBA_CONTROL, hba_get(hba, HBA_CONTROL) | CONTROL_RESET);
	if (!await_clear(hba, HBA_CONTROL, CONTROL_RESET, RESET_NS))
		return false;
	hba_set(hba, HBA_CONTROL, CONTROL_AHCI);
	if (hba_get(hba, HBA_PORTS) != ports)
		hba_set(hba, HBA_PORTS, ports);
	return true;
}

/* ---- the interrupt ---- */

static bool handle_interrupt(void *context)
{
	struct ahci_hba *hba = context;
	uint32_t ports = hba_get(hba, HBA_INTERRUPT);

	if (!ports)
		return false;
	for (uint32_t left = ports & hba->started; left; left &= left - 1)
		(void)ahci_port_interrupt(hba->ports[__builtin_ctz(left)]);
	hba_set(hba, HBA_INTERRUPT, ports);
	return true;
}

/* ---- ports ---- */

/* libata.force=noncq, as on Linux; among others of its values, for all ports. */
static bool ncq_wanted(void)
{
	const char *value = cmdline_get("libata.force");

	return !value || !strstr(value, "noncq");
}

static int identify(struct ahci_port *port)
{
	struct ata_taskfile taskfile;
	int error;

	ata_taskfile_simple(&taskfile, ATA_IDENTIFY, ATA_PIO, 0, 0);
	error = ahci_run_command(port, &taskfile);
	return error ? error : ata_identity_read(&port->identity, port->lists->words);
}

static void register_port(struct ahci_port *port)
{
	struct ata_identity *identity = &port->identity;
	struct disk *disk = &port->disk;

	port->ntags = MIN(port->ntags, MAX(identity->queue_depth, 1u));
	port->ncq = port->ntags > 1 && port->hba->capabilities & CAPABILITY_NCQ && ncq_wanted();
	disk->ops = &ahci_disk_ops;
	disk->data = port;
	disk->kind = DISK_SD;
	disk->nsectors = identity->nsectors;
	disk->block_size = ata_sector_size(identity);
	disk->max_sectors = ata_max_sectors(identity);
	disk->max_segments = AHCI_PRDS;
	disk->depth = port->ncq ? port->ntags : 1;
	disk->write_cache = identity->write_cache && (identity->flush || identity->flush_ext);
	strlcpy(disk->model, identity->model, sizeof(disk->model));
	ahci_io_init(port);
	port->held = false;
	log_info("%s: %s, %s", port->name, identity->model,
		 port->ncq ? "NCQ" : "one command at a time");
	if (disk_register(disk) != 0)
		log_error("%s: no room for another disk", port->name);
}

/* What is at a port that is awake: 0 when it is a disk that we drive. */
static int examine(struct ahci_port *port, uint64_t link_ns)
{
	int error = ahci_port_await(port, link_ns);
	uint32_t signature = port_get(port, PORT_SIGNATURE);

	if (error == -ENODEV)
		return error;
	if (error) {
		log_warning("%s: a device that does not get ready", port->name);
		return error;
	}
	if (signature != SIGNATURE_DISK) {
		log_info("%s: %s, left alone", port->name,
			 signature == SIGNATURE_ATAPI	     ? "a CD-ROM or another packet device"
			 : signature == SIGNATURE_MULTIPLIER ? "a port multiplier"
							     : "not a disk");
		return -ENODEV;
	}
	ahci_port_start(port);
	error = identify(port);
	if (error)
		log_warning("%s: %s: cannot be used (error %d)", port->name, port->identity.model,
			    -error);
	return error;
}

static void add_port(struct ahci_hba *hba, unsigned number)
{
	unsigned slots = CAPABILITY_SLOTS(hba->capabilities);
	struct ahci_port *port = ahci_port_new(hba, number, MIN(slots, AHCI_TAGS_MAX));

	if (!port) {
		log_error("ahci%u: no memory for port %u", hba->index, number);
		return;
	}
	hba->ports[number] = port;
	hba->started |= 1u << number;
}

/* The port has no disk: it is quiet from here on. */
static void drop_port(struct ahci_port *port)
{
	struct ahci_hba *hba = port->hba;

	if (!ahci_port_quiet(port))
		return; /* what it may still write to stays its own */
	hba->started &= ~(1u << port->number);
	hba->ports[port->number] = NULL;
	ahci_port_free(port);
}

static void start_ports(struct ahci_hba *hba, uint32_t seen)
{
	bool staggered = hba->capabilities & CAPABILITY_STAGGERED;

	for (unsigned i = 0; i < HBA_PORTS_MAX; i++) {
		if (hba->ports[i] && !staggered)
			ahci_port_wake(hba->ports[i]);
	}
	for (unsigned i = 0; i < HBA_PORTS_MAX; i++) {
		struct ahci_port *port = hba->ports[i];

		if (!port)
			continue;
		if (staggered)
			ahci_port_wake(port);
		if (examine(port, seen & 1u << i ? LINK_EXPECTED_NS : LINK_NS) == 0)
			register_port(port);
		else
			drop_port(port);
	}
}

/* ---- the HBA ---- */

static int start_hba(struct ahci_hba *hba, struct pci_device *device)
{
	uint32_t seen, unknown;
	int error;

	/* 3.1.5: 1.0 and above; 0.95 was the first that was built. */
	if (hba_get(hba, HBA_VERSION) >> 16 != 1 && hba_get(hba, HBA_VERSION) != VERSION_0_95)
		return -ENXIO;
	hba_set(hba, HBA_CONTROL, hba_get(hba, HBA_CONTROL) | CONTROL_AHCI);
	take_from_firmware(hba);
	hba->capabilities = hba_get(hba, HBA_CAPABILITIES);
	look_at_ports(hba, &seen, &unknown);
	if (!reset_hba(hba))
		return -EIO;
	for (unsigned i = 0; i < HBA_PORTS_MAX; i++) {
		if ((seen | unknown) & 1u << i)
			add_port(hba, i);
	}
	if (!hba->started)
		return -ENODEV;
	error = pci_irq_register(device, handle_interrupt, hba);
	if (error)
		return error;
	hba_set(hba, HBA_CONTROL, CONTROL_AHCI | CONTROL_INTERRUPTS);
	start_ports(hba, seen);
	return 0;
}

static void free_hba(struct ahci_hba *hba)
{
	for (unsigned i = 0; i < HBA_PORTS_MAX; i++) {
		if (hba->ports[i])
			ahci_port_free(hba->ports[i]);
	}
	kfree(hba);
}

/*
 * Chip sets of these makers whose firmware is set to RAID say so in their class, and are the same
 * AHCI as ever; other RAID controllers are something else.
 */
static bool is_ahci(const struct pci_device *device)
{
	if (device->base_class != PCI_CLASS_STORAGE)
		return false;
	if (device->subclass == PCI_SUBCLASS_SATA)
		return device->interface == PCI_INTERFACE_AHCI;
	return device->subclass == SUBCLASS_RAID &&
	       device->bars[BAR_REGISTERS].kind == PCI_BAR_MEMORY &&
	       (device->vendor == VENDOR_INTEL || device->vendor == VENDOR_AMD ||
		device->vendor == VENDOR_ATI);
}

int ahci_probe_pci(struct pci_device *device)
{
	static unsigned nhbas;
	const struct pci_bar *bar = &device->bars[BAR_REGISTERS];
	struct ahci_hba *hba;
	int error;

	if (!is_ahci(device))
		return -ENODEV;
	if (bar->kind != PCI_BAR_MEMORY)
		return -ENXIO;
	hba = kzalloc(sizeof(*hba));
	if (!hba)
		return -ENOMEM;
	pci_enable(device);
	device->driver = "ahci";
	hba->registers = pci_map(device, BAR_REGISTERS, 0, MIN(bar->size, HBA_SIZE));
	hba->index = nhbas++;
	error = hba->registers ? start_hba(hba, device) : -ENOMEM;
	if (error)
		free_hba(hba);
	return error == -ENODEV ? 0 : error;
}
