/*
 * A port: memory for it, its command engine, its link.
 *
 * The engine is two: FISes from the disk are stored (RECEIVE), and commands are taken (START). It
 * must be stopped before the addresses of its memory change, and is stopped and started again after
 * an error (AHCI 1.3.1, 10.3 and 6.2.2). What waits for hardware here looks again at each tick of
 * the clock, and gives the processor away in between; that is only for ports with a disk, or of
 * which nobody can know yet.
 */
#include "ahci.h"

#include "port.h"

#include <format.h>
#include <frame.h>
#include <kheap.h>
#include <log.h>
#include <string.h>

#define STOP_NS (NSEC_PER_SEC / 2)   /* 10.1.2: at most 500 ms */
#define LINK_NS NSEC_PER_SEC	     /* after a reset of the link */
#define READY_NS (10 * NSEC_PER_SEC) /* for a disk that spins up */
#define RESTART_US 1000u

#define STATUS_NOT_READY (ATA_STATUS_BUSY | ATA_STATUS_DRQ)

/* ---- memory ---- */

static void *new_page(void)
{
	struct frame *frame = frame_alloc(FRAME_KERNEL, FRAME_LOW | FRAME_ZERO);

	return frame ? frame_virt(frame) : NULL;
}

static void free_page(void *page)
{
	if (page)
		frame_put(frame_from_pfn(virt_to_paddr(page) >> PAGE_SHIFT));
}

void ahci_port_free(struct ahci_port *port)
{
	free_page(port->lists);
	for (unsigned i = 0; i < AHCI_TAGS_MAX; i += 2)
		free_page(port->tables[i]);
	kfree(port);
}

static bool allocate_tables(struct ahci_port *port, unsigned ntags)
{
	for (unsigned i = 0; i < ntags; i++) {
		port->tables[i] = i % 2 ? port->tables[i - 1] + 1 : new_page();
		if (!port->tables[i])
			return false;
	}
	port->ntags = ntags;
	return true;
}

struct ahci_port *ahci_port_new(struct ahci_hba *hba, unsigned number, unsigned ntags)
{
	struct ahci_port *port = kzalloc(sizeof(*port));

	assert(ntags > 0 && ntags <= AHCI_TAGS_MAX && number < HBA_PORTS_MAX);
	if (!port)
		return NULL;
	port->hba = hba;
	port->number = number;
	port->registers = hba->registers + HBA_FIRST_PORT + number * HBA_PORT_WORDS;
	port->held = true;
	format(port->name, sizeof(port->name), "ahci%u.%u", hba->index, number);
	wait_queue_init(&port->wait);
	port->lists = new_page();
	if (!port->lists || !allocate_tables(port, ntags)) {
		ahci_port_free(port);
		return NULL;
	}
	return port;
}

/* ---- waiting ---- */

void ahci_sleep(struct wait_queue *wait)
{
	uint64_t deadline = clock_monotonic_ns() + NSEC_PER_TICK;

	(void)wait_until(wait, false, WAIT_UNINTERRUPTIBLE, deadline);
}

/* Sleeps until the bits of a register under mask have a value: false when they do not get it. */
static bool await_bits(struct ahci_port *port, enum port_register which, uint32_t mask,
		       uint32_t value, uint64_t patience)
{
	uint64_t deadline = clock_monotonic_ns() + patience;

	while ((port_get(port, which) & mask) != value) {
		if (clock_monotonic_ns() >= deadline)
			return false;
		ahci_sleep(&port->wait);
	}
	return true;
}

/* ---- the engine ---- */

static void clear_command(const struct ahci_port *port, uint32_t bits)
{
	port_set(port, PORT_COMMAND, port_get(port, PORT_COMMAND) & ~bits);
}

static void set_command(const struct ahci_port *port, uint32_t bits)
{
	port_set(port, PORT_COMMAND, port_get(port, PORT_COMMAND) | bits);
}

static void clear_errors(const struct ahci_port *port)
{
	port_set(port, PORT_SATA_ERROR, port_get(port, PORT_SATA_ERROR));
	port_set(port, PORT_INTERRUPT, port_get(port, PORT_INTERRUPT));
}

/* Both halves off: false when one goes on. */
static bool stop_engine(struct ahci_port *port)
{
	clear_command(port, PORT_COMMAND_START);
	if (!await_bits(port, PORT_COMMAND, PORT_COMMAND_RUNNING, 0, STOP_NS))
		return false;
	clear_command(port, PORT_COMMAND_RECEIVE);
	return await_bits(port, PORT_COMMAND, PORT_COMMAND_RECEIVING, 0, STOP_NS);
}

void ahci_port_wake(struct ahci_port *port)
{
	paddr_t lists = virt_to_paddr(port->lists);

	port_set(port, PORT_INTERRUPT_ENABLE, 0);
	if (!stop_engine(port))
		log_warning("%s: does not stop", port->name);
	port_set(port, PORT_LIST, lists);
	port_set(port, PORT_LIST_HIGH, 0);
	port_set(port, PORT_FIS, lists + offsetof(struct ahci_lists, received));
	port_set(port, PORT_FIS_HIGH, 0);
	clear_errors(port);
	set_command(port, PORT_COMMAND_RECEIVE | PORT_COMMAND_POWER | PORT_COMMAND_SPIN_UP);
	port_set(port, PORT_COMMAND,
		 (port_get(port, PORT_COMMAND) & ~PORT_COMMAND_ICC) | PORT_COMMAND_ICC_ACTIVE);
	port_set(port, PORT_SATA_CONTROL,
		 port_get(port, PORT_SATA_CONTROL) | SATA_CONTROL_NO_SLEEP);
}

static bool is_seen(const struct ahci_port *port)
{
	uint32_t detection = port_get(port, PORT_SATA_STATUS) & SATA_DETECTION;

	return detection == SATA_DETECTED || detection == SATA_CONNECTED;
}

int ahci_port_await(struct ahci_port *port, uint64_t link_ns)
{
	uint64_t deadline = clock_monotonic_ns() + link_ns;

	while (!is_seen(port)) {
		if (clock_monotonic_ns() >= deadline)
			return -ENODEV;
		ahci_sleep(&port->wait);
	}
	if (!await_bits(port, PORT_SATA_STATUS, SATA_DETECTION, SATA_CONNECTED, LINK_NS))
		return -ETIMEDOUT;
	/* The errors of coming up; then the disk's first FIS, which says that it is ready. */
	clear_errors(port);
	return await_bits(port, PORT_TASKFILE, STATUS_NOT_READY, 0, READY_NS) ? 0 : -ETIMEDOUT;
}

void ahci_port_start(struct ahci_port *port)
{
	clear_errors(port);
	set_command(port, PORT_COMMAND_START);
	port_set(port, PORT_INTERRUPT_ENABLE, PORT_INTERRUPTS);
}

bool ahci_port_quiet(struct ahci_port *port)
{
	port_set(port, PORT_INTERRUPT_ENABLE, 0);
	return stop_engine(port);
}

/* 6.2.2.1: stop; a disk that is still busy takes more than that. */
bool ahci_port_restart(struct ahci_port *port)
{
	clear_command(port, PORT_COMMAND_START);
	for (unsigned i = 0; port_get(port, PORT_COMMAND) & PORT_COMMAND_RUNNING; i++) {
		if (i == RESTART_US)
			return false;
		port_delay();
	}
	if (port_get(port, PORT_TASKFILE) & STATUS_NOT_READY)
		return false;
	ahci_port_start(port);
	return true;
}

/* 10.4.2. */
void ahci_port_reset_begin(struct ahci_port *port)
{
	uint32_t control = port_get(port, PORT_SATA_CONTROL) & ~SATA_DETECTION;

	port_set(port, PORT_INTERRUPT_ENABLE, 0);
	clear_command(port, PORT_COMMAND_START);
	port_set(port, PORT_SATA_CONTROL, control | SATA_CONTROL_RESET);
}

void ahci_port_reset_end(struct ahci_port *port)
{
	port_set(port, PORT_SATA_CONTROL, port_get(port, PORT_SATA_CONTROL) & ~SATA_DETECTION);
}

/* The disk's first FIS is taken only when the errors of coming up are cleared. */
bool ahci_port_is_ready(struct ahci_port *port)
{
	if ((port_get(port, PORT_SATA_STATUS) & SATA_DETECTION) != SATA_CONNECTED)
		return false;
	clear_errors(port);
	return !(port_get(port, PORT_TASKFILE) & STATUS_NOT_READY) &&
	       !(port_get(port, PORT_COMMAND) & PORT_COMMAND_RUNNING);
}

int ahci_port_reset(struct ahci_port *port)
{
	clear_command(port, PORT_COMMAND_START);
	(void)await_bits(port, PORT_COMMAND, PORT_COMMAND_RUNNING, 0, STOP_NS);
	ahci_port_reset_begin(port);
	ahci_sleep(&port->wait); /* a millisecond at least */
	ahci_sleep(&port->wait);
	ahci_port_reset_end(port);
	if (ahci_port_await(port, LINK_NS) != 0 || !ahci_port_is_ready(port))
		return -EIO;
	ahci_port_start(port);
	return 0;
}
