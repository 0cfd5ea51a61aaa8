/*
 * Requests at a port.
 *
 * With NCQ up to ntags commands are under way, each by its tag, which is its slot; the disk says by
 * bits which are over. A flush is no NCQ command and must be alone: it waits until none is under
 * way, and nothing is begun before it is over. Without NCQ there is one command at a time, in slot 0.
 *
 * An error among NCQ commands stops all of them, and does not say whose it is; what else the disk
 * had is not to touch memory any more. So the link is reset, which makes the disk forget everything,
 * and what was under way is done once more, one command at a time and not by NCQ: each request gets
 * its own answer.
 *
 *   NORMAL -- error --> LINK_DOWN --> LINK_COMING --> ONE_BY_ONE -- none left --> NORMAL
 *
 * An error of a command that was alone needs no more than the port's engine to be started again; the
 * link is reset when that does not work. The handler leaves all this to the task "block", and a timer
 * calls that again. A link that does not come up again is lost: nothing is answered, and the block
 * layer's reset follows.
 *
 * Protected by interrupt-off sections: the fields marked (irq).
 */
#include "ahci.h"

#include <log.h>
#include <string.h>
#include <trap.h>

#define COMMAND_NS (5 * NSEC_PER_SEC)
#define LINK_PATIENCE_NS (2 * NSEC_PER_SEC)

#define SLOT_ALONE 0u /* of commands that are not queued */

/* Of a mask with a slot in it. */
static unsigned lowest(uint32_t slots)
{
	assert(slots);
	return (unsigned)__builtin_ctz(slots);
}

/* ---- issuing ---- */

/* Hands a slot to the HBA; its table and header are filled in. Interrupts off. */
static void issue(struct ahci_port *port, unsigned slot, bool queued)
{
	assert(!(port->issued & 1u << slot) && !port->failed);
	assert(!port->issued || (queued && port->queued));
	port->issued |= 1u << slot;
	port->queued = queued;
	/* What the HBA will read is in memory before it is told so. */
	__asm__ volatile("" : : : "memory");
	if (queued)
		port_set(port, PORT_ACTIVE, 1u << slot);
	port_set(port, PORT_ISSUE, 1u << slot);
}

static void fill_slot(struct ahci_port *port, unsigned slot, const struct ata_taskfile *taskfile,
		      unsigned nprds)
{
	struct ahci_table *table = port->tables[slot];

	ahci_fill_fis(table->fis, taskfile);
	ahci_fill_header(&port->lists->headers[slot], virt_to_paddr(table), taskfile->write, nprds);
}

static void issue_request(struct ahci_port *port, unsigned slot, bool queued)
{
	struct block_request *first = port->requests[slot];
	struct ata_taskfile taskfile;
	unsigned nprds = ahci_fill_prds(port->tables[slot]->prds, first);

	ata_taskfile_transfer(&taskfile, &port->identity, queued ? ATA_NCQ : ATA_DMA,
			      first->op == BLOCK_WRITE, first->disk_sector,
			      block_chain_sectors(first), slot);
	if (!queued)
		port->taskfile = taskfile;
	fill_slot(port, slot, &taskfile, nprds);
	issue(port, slot, queued);
}

/* A command that returns 512 bytes to the port's buffer, or nothing. */
static void issue_own(struct ahci_port *port, const struct ata_taskfile *taskfile)
{
	unsigned nprds = taskfile->protocol == ATA_NO_DATA ? 0 : 1;

	port->tables[SLOT_ALONE]->prds[0] = (struct ahci_prd){
		.start = virt_to_paddr(port->lists->words),
		.size = sizeof(port->lists->words) - 1,
	};
	port->taskfile = *taskfile;
	fill_slot(port, SLOT_ALONE, taskfile, nprds);
	issue(port, SLOT_ALONE, false);
}

/* ---- one by one ---- */

static void issue_flush(struct ahci_port *port)
{
	bool has_flush = ata_taskfile_flush(&port->taskfile, &port->identity);

	assert(has_flush);
	fill_slot(port, SLOT_ALONE, &port->taskfile, 0);
	issue(port, SLOT_ALONE, false);
}

/* The next of those that are done again, if there is one. Interrupts off. */
static void issue_next(struct ahci_port *port)
{
	unsigned slot;

	assert(!port->issued);
	if (!port->again) {
		port->mode = AHCI_NORMAL;
		return;
	}
	slot = lowest(port->again);
	port->mode = AHCI_ONE_BY_ONE;
	port->again &= ~(1u << slot);
	issue_request(port, slot, false);
}

/* ---- ends ---- */

/* The request in a slot is over. Interrupts off. */
static void complete(struct ahci_port *port, unsigned slot, int error)
{
	struct block_request *request = port->requests[slot];

	assert(request);
	port->requests[slot] = NULL;
	disk_complete(&port->disk, request, error);
}

static void complete_all(struct ahci_port *port, uint32_t slots)
{
	for (; slots; slots &= slots - 1)
		complete(port, lowest(slots), 0);
}

/* The command that was alone has ended. */
static void end_alone(struct ahci_port *port, int error)
{
	unsigned slot = lowest(port->issued);

	port->issued = 0;
	if (port->held) {
		port->answered = true;
		wake_all(&port->wait);
	} else {
		struct block_request *request = port->requests[slot];

		/* First what follows: the block layer must see the port as it is then. */
		port->requests[slot] = NULL;
		if (port->mode == AHCI_ONE_BY_ONE)
			issue_next(port);
		disk_complete(&port->disk, request, error);
	}
}

/* NCQ commands that the disk has finished. */
static uint32_t end_queued(struct ahci_port *port)
{
	uint32_t pending = port_get(port, PORT_ACTIVE) | port_get(port, PORT_ISSUE);
	uint32_t done = port->issued & ~pending;

	port->issued &= pending;
	complete_all(port, done);
	return done;
}

/* ---- the interrupt ---- */

/* The status is that of the last FIS: without one since, it is about a command before. */
static bool has_failed(const struct ahci_port *port, uint32_t causes)
{
	if (causes & PORT_INTERRUPT_FATAL)
		return true;
	return causes && port_get(port, PORT_TASKFILE) & (ATA_STATUS_ERROR | ATA_STATUS_FAULT);
}

/* The engine is to be started anew: by the task that waits for its command, or by ahci_work. */
static void fail(struct ahci_port *port)
{
	port->failed = true;
	port->error = port_get(port, PORT_TASKFILE);
	port_set(port, PORT_INTERRUPT_ENABLE, 0);
	if (port->held)
		wake_all(&port->wait);
	else
		disk_work(&port->disk);
}

bool ahci_port_interrupt(struct ahci_port *port)
{
	uint32_t causes = port_get(port, PORT_INTERRUPT);
	bool ended = false;

	port_set(port, PORT_INTERRUPT, causes);
	if (port->failed || !port->issued)
		return false;
	if (port->queued)
		ended = end_queued(port) != 0;
	if (port->issued && has_failed(port, causes)) {
		fail(port);
	} else if (!port->queued && !(port_get(port, PORT_ISSUE) & port->issued)) {
		end_alone(port, 0);
		ended = true;
	}
	return ended;
}

/* ---- after an error ---- */

static const char *port_name(const struct ahci_port *port)
{
	return port->disk.whole ? port->disk.whole->name : port->name;
}

/* The engine runs again: what becomes of what was under way? */
static void go_on(struct ahci_port *port)
{
	uint32_t flags = irq_save();

	port->failed = false;
	if (!port->queued) {
		ata_log_error(port_name(port), &port->taskfile, (uint8_t)port->error,
			      (uint8_t)(port->error >> 8));
		port->mode = AHCI_ONE_BY_ONE;
		end_alone(port, -EIO);
	} else {
		if (ata_may_log())
			log_warning("%s: an error among queued commands: one by one again",
				    port_name(port));
		port->again |= port->issued;
		port->issued = 0;
		issue_next(port);
	}
	irq_restore(flags);
}

static void look_soon(struct ahci_port *port)
{
	timer_start(&port->timer, clock_monotonic_ns() + NSEC_PER_TICK);
}

static void reset_link(struct ahci_port *port)
{
	ahci_port_reset_begin(port);
	port->mode = AHCI_LINK_DOWN;
	port->patience = clock_monotonic_ns() + LINK_PATIENCE_NS;
	look_soon(port);
}

static void await_link(struct ahci_port *port)
{
	if (port->mode == AHCI_LINK_DOWN)
		ahci_port_reset_end(port);
	port->mode = AHCI_LINK_COMING;
	if (ahci_port_is_ready(port)) {
		ahci_port_start(port);
		go_on(port);
	} else if (clock_monotonic_ns() < port->patience) {
		look_soon(port);
	} else {
		port->mode = AHCI_LINK_LOST;
	}
}

/* A port that has failed takes no requests and no interrupts: all is left to this. */
static void ahci_work(struct disk *disk)
{
	struct ahci_port *port = disk->data;

	if (!port->failed || !port->issued || port->timer.pending)
		return;
	if (port->mode == AHCI_LINK_DOWN || port->mode == AHCI_LINK_COMING)
		await_link(port);
	else if (port->mode == AHCI_LINK_LOST)
		return;
	else if (!port->queued && ahci_port_restart(port))
		go_on(port);
	else
		reset_link(port);
}

static void look_again(void *context)
{
	struct ahci_port *port = context;

	disk_work(&port->disk);
}

void ahci_io_init(struct ahci_port *port)
{
	timer_init(&port->timer, look_again, port);
}

static int ahci_reset(struct disk *disk)
{
	struct ahci_port *port = disk->data;
	uint32_t flags = irq_save();

	(void)timer_stop(&port->timer);
	port->failed = false;
	port->issued = 0;
	port->again = 0;
	port->mode = AHCI_NORMAL;
	memset(port->requests, 0, sizeof(port->requests));
	port_set(port, PORT_INTERRUPT_ENABLE, 0);
	irq_restore(flags);
	return ahci_port_reset(port);
}

/* ---- what the block layer calls ---- */

/* A slot for another command, or -EBUSY. */
static int free_slot(const struct ahci_port *port, bool queued)
{
	if (port->mode != AHCI_NORMAL || port->failed)
		return -EBUSY;
	if (!port->issued)
		return SLOT_ALONE;
	if (!queued || !port->queued)
		return -EBUSY;
	for (unsigned slot = 0; slot < port->ntags; slot++) {
		if (!(port->issued & 1u << slot))
			return (int)slot;
	}
	return -EBUSY;
}

static int ahci_start(struct disk *disk, struct block_request *first)
{
	struct ahci_port *port = disk->data;
	bool queued = port->ncq && first->op != BLOCK_FLUSH;
	uint32_t flags = irq_save();
	int slot = free_slot(port, queued);

	if (slot >= 0) {
		assert(!port->requests[slot]);
		port->requests[slot] = first;
		if (first->op == BLOCK_FLUSH)
			issue_flush(port);
		else
			issue_request(port, (unsigned)slot, queued);
	}
	irq_restore(flags);
	return MIN(slot, 0);
}

static bool ahci_poll(struct disk *disk)
{
	return ahci_port_interrupt(disk->data);
}

const struct disk_ops ahci_disk_ops = {
	.start = ahci_start,
	.reset = ahci_reset,
	.poll = ahci_poll,
	.work = ahci_work,
};

/* ---- a task's own commands ---- */

int ahci_run_command(struct ahci_port *port, const struct ata_taskfile *taskfile)
{
	uint64_t deadline = clock_monotonic_ns() + COMMAND_NS;
	uint32_t flags = irq_save();
	int error;

	assert(port->held && !port->issued && !port->failed);
	port->answered = false;
	issue_own(port, taskfile);
	irq_restore(flags);
	error = wait_until(&port->wait, port->answered || port->failed, WAIT_UNINTERRUPTIBLE,
			   deadline);
	flags = irq_save();
	if (port->failed)
		error = ahci_port_restart(port) ? -EIO : -ETIMEDOUT;
	port->issued = 0;
	port->failed = false;
	irq_restore(flags);
	return error;
}
