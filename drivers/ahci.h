/*
 * AHCI: a host bus adapter (HBA) with up to 32 ports, a SATA disk at each. Facts from Serial ATA
 * AHCI 1.3.1; section numbers in these files are its.
 *
 *   ahci.c          finds an HBA, takes it over from the firmware, starts its ports; the interrupt
 *   ahci_port.c     a port: its engine on and off, its link, who is at the other end
 *   ahci_io.c       requests: commands, their ends, errors, the reset
 *   ahci_command.c  a command in memory as the HBA reads it; touches no device
 *
 * (irq): touched by the interrupt handler too, and guarded by interrupt-off sections.
 */
#ifndef LOFT_DRIVERS_AHCI_H
#define LOFT_DRIVERS_AHCI_H

#include "ata.h"

#include <assert.h>
#include <block.h>
#include <wait.h>

/* ---- registers, by 32-bit word ---- */

/* Of the HBA (3.1). */
enum hba_register {
	HBA_CAPABILITIES = 0x00 / 4,
	HBA_CONTROL = 0x04 / 4,
	HBA_INTERRUPT = 0x08 / 4, /* a bit for each port; written as 1: cleared */
	HBA_PORTS = 0x0C / 4,	  /* implemented ones */
	HBA_VERSION = 0x10 / 4,	  /* major << 16 | minor */
	HBA_CAPABILITIES2 = 0x24 / 4,
	HBA_HANDOFF = 0x28 / 4,
	HBA_FIRST_PORT = 0x100 / 4
};
#define HBA_PORT_WORDS (0x80u / 4)
#define HBA_PORTS_MAX 32u
#define HBA_SIZE (0x100u + HBA_PORTS_MAX * 0x80u)

#define CAPABILITY_SLOTS(value) (((value) >> 8 & 0x1F) + 1)
#define CAPABILITY_OVERRIDE (1u << 24) /* PORT_COMMAND_OVERRIDE works */
#define CAPABILITY_STAGGERED (1u << 27)
#define CAPABILITY_NCQ (1u << 30)
#define VERSION_0_95 0x00000905u
#define CONTROL_RESET (1u << 0)
#define CONTROL_INTERRUPTS (1u << 1)
#define CONTROL_AHCI (1u << 31)
#define CAPABILITY2_HANDOFF (1u << 0)
#define HANDOFF_FIRMWARE (1u << 0) /* has the HBA */
#define HANDOFF_SYSTEM (1u << 1)   /* wants it, has it */
#define HANDOFF_BUSY (1u << 4)	   /* the firmware is finishing what it had begun */

/* Of a port (3.3). */
enum port_register {
	PORT_LIST = 0x00 / 4,
	PORT_LIST_HIGH = 0x04 / 4,
	PORT_FIS = 0x08 / 4,
	PORT_FIS_HIGH = 0x0C / 4,
	PORT_INTERRUPT = 0x10 / 4, /* written as 1: cleared */
	PORT_INTERRUPT_ENABLE = 0x14 / 4,
	PORT_COMMAND = 0x18 / 4,
	PORT_TASKFILE = 0x20 / 4, /* error << 8 | status */
	PORT_SIGNATURE = 0x24 / 4,
	PORT_SATA_STATUS = 0x28 / 4,
	PORT_SATA_CONTROL = 0x2C / 4,
	PORT_SATA_ERROR = 0x30 / 4, /* written as 1: cleared */
	PORT_ACTIVE = 0x34 / 4,	    /* NCQ tags that the disk has not finished */
	PORT_ISSUE = 0x38 / 4	    /* slots with a command */
};

#define PORT_COMMAND_START (1u << 0)
#define PORT_COMMAND_SPIN_UP (1u << 1)
#define PORT_COMMAND_POWER (1u << 2)
#define PORT_COMMAND_OVERRIDE (1u << 3) /* forget that the disk is busy */
#define PORT_COMMAND_RECEIVE (1u << 4)	/* FISes are stored */
#define PORT_COMMAND_RECEIVING (1u << 14)
#define PORT_COMMAND_RUNNING (1u << 15)
#define PORT_COMMAND_ICC (0xFu << 28) /* interface communication control */
#define PORT_COMMAND_ICC_ACTIVE (1u << 28)

#define PORT_INTERRUPT_REGISTER (1u << 0) /* a FIS from the disk: a command is over */
#define PORT_INTERRUPT_PIO (1u << 1)
#define PORT_INTERRUPT_DMA (1u << 2)
#define PORT_INTERRUPT_BITS (1u << 3) /* "set device bits": NCQ commands are over */
/* Overflow, interface, host bus and task file errors (6.1). */
#define PORT_INTERRUPT_FATAL ((1u << 24) | (1u << 27) | (1u << 28) | (1u << 29) | (1u << 30))
#define PORT_INTERRUPTS \
	(PORT_INTERRUPT_REGISTER | PORT_INTERRUPT_PIO | PORT_INTERRUPT_DMA | PORT_INTERRUPT_BITS | \
	 PORT_INTERRUPT_FATAL)

#define SATA_DETECTION 0xFu /* of PORT_SATA_STATUS and _CONTROL */
#define SATA_DETECTED 1u    /* somebody, not yet understood */
#define SATA_CONNECTED 3u
#define SATA_CONTROL_RESET 1u
#define SATA_CONTROL_NO_SLEEP 0x300u /* the link stays awake */

#define SIGNATURE_DISK 0x00000101u
#define SIGNATURE_ATAPI 0xEB140101u
#define SIGNATURE_MULTIPLIER 0x96690101u

/* ---- memory that the HBA reads and writes ---- */

/* A slot of the command list (4.2.2). */
struct ahci_header {
	uint32_t flags; /* AHCI_HEADER_*, entries of the table << 16 */
	uint32_t moved; /* bytes, by the HBA */
	uint32_t table, table_high;
	uint32_t reserved[4];
};
#define AHCI_FIS_WORDS 5u /* length of a register FIS */
#define AHCI_HEADER_WRITE (1u << 6)
#define AHCI_SLOTS_MAX 32u

/* A piece of memory (4.2.3.3). */
struct ahci_prd {
	uint32_t start, start_high;
	uint32_t reserved;
	uint32_t size; /* in bytes, less one: odd */
};
#define AHCI_PRD_SIZE_MAX (4u << 20)
#define AHCI_PRDS 120u

/* A command table (4.2.3): two in a page. */
struct ahci_table {
	uint8_t fis[64];
	uint8_t packet[16];
	uint8_t reserved[48];
	struct ahci_prd prds[AHCI_PRDS];
};
_Static_assert(sizeof(struct ahci_table) == PAGE_SIZE / 2, "as the comment says");

/* One page of each port. */
struct ahci_lists {
	struct ahci_header headers[AHCI_SLOTS_MAX]; /* 1 KB, aligned to that */
	uint8_t received[256];			    /* FISes, aligned to that */
	uint8_t unused[768];
	uint16_t words[ATA_IDENTIFY_WORDS]; /* what IDENTIFY returns */
};
_Static_assert(offsetof(struct ahci_lists, received) % 256 == 0, "4.2.1");

#define AHCI_TAGS_MAX 16u /* that we use: each has a command table */

struct ahci_hba {
	volatile uint32_t *registers;
	unsigned index;
	uint32_t capabilities;
	uint32_t started; /* ports that have a struct; constant once the interrupt is there */
	struct ahci_port *ports[HBA_PORTS_MAX];
};

/* What the port does besides taking requests; see ahci_io.c. */
enum ahci_mode {
	AHCI_NORMAL,
	AHCI_LINK_DOWN,	  /* after an error: the link is being reset */
	AHCI_LINK_COMING, /* and is to come up again */
	AHCI_LINK_LOST,	  /* it did not: silence, until the block layer's reset */
	AHCI_ONE_BY_ONE	  /* what was under way, again */
};

struct ahci_port {
	struct ahci_hba *hba;
	unsigned number;
	char name[12]; /* "ahci0.1", for the log */
	volatile uint32_t *registers;
	struct ahci_lists *lists;
	struct ahci_table *tables[AHCI_TAGS_MAX]; /* ntags of them */
	unsigned ntags;
	bool ncq;
	struct ata_identity identity;
	struct disk disk;

	/* (irq) */
	enum ahci_mode mode;
	bool held;	    /* a task has the port: `commands` below */
	bool failed;	    /* the engine must be started anew, by ahci_work */
	bool queued;	    /* what is issued is NCQ */
	uint32_t issued;    /* slots whose command the HBA has */
	uint32_t error;	    /* PORT_TASKFILE when it failed */
	uint64_t patience;  /* until when AHCI_LINK_COMING may take */
	struct timer timer; /* the next look at the link */
	uint32_t again;	    /* slots that wait for their turn in AHCI_ONE_BY_ONE */
	struct block_request *requests[AHCI_TAGS_MAX]; /* by slot */
	struct ata_taskfile taskfile;		       /* of the last command that was no NCQ one */

	/* commands of a task that holds the port */
	bool answered; /* (irq) */
	struct wait_queue wait;
};

static inline uint32_t port_get(const struct ahci_port *port, enum port_register which)
{
	return port->registers[which];
}

static inline void port_set(const struct ahci_port *port, enum port_register which, uint32_t value)
{
	port->registers[which] = value;
}

/* ---- ahci_command.c ---- */

/* Writes the FIS that brings a command to the disk. */
void ahci_fill_fis(uint8_t fis[64], const struct ata_taskfile *taskfile);
/* Lists the memory of a chain of requests: the number of entries, at most one for each segment. */
unsigned ahci_fill_prds(struct ahci_prd *prds, const struct block_request *first);
/* The header of a command with so many entries. */
void ahci_fill_header(struct ahci_header *header, paddr_t table, bool write, unsigned nprds);

/* ---- ahci_port.c ---- */

/* The memory for a port, with ntags command tables. NULL when there is none. */
__must_check struct ahci_port *ahci_port_new(struct ahci_hba *hba, unsigned number, unsigned ntags);
void ahci_port_free(struct ahci_port *port);
/* Stops what firmware left running, and lets the link come up; does not wait. */
void ahci_port_wake(struct ahci_port *port);
/*
 * Waits until a disk is there and ready, at most link_ns until it is seen at all: 0, -ENODEV
 * (nobody), -ETIMEDOUT (somebody, who is not ready after ten seconds). May sleep.
 */
__must_check int ahci_port_await(struct ahci_port *port, uint64_t link_ns);
/* Commands are taken from here on; interrupts come. */
void ahci_port_start(struct ahci_port *port);
/*
 * Stops the engine without waiting longer than a millisecond, and starts it again: false when that
 * takes a reset of the link. Does not sleep.
 */
__must_check bool ahci_port_restart(struct ahci_port *port);
/* Stops the port for good: false when it may still write to its memory. May sleep. */
__must_check bool ahci_port_quiet(struct ahci_port *port);
/*
 * A reset of the link in steps that do not sleep: begun; ended, a millisecond later at least; then the
 * port is ready for ahci_port_start soon, or never.
 */
void ahci_port_reset_begin(struct ahci_port *port);
void ahci_port_reset_end(struct ahci_port *port);
bool ahci_port_is_ready(struct ahci_port *port);
/* Resets the link, and with it the disk. 0, -EIO. Sleeps, up to some seconds. */
__must_check int ahci_port_reset(struct ahci_port *port);
/* Lets others run for a tick or so. */
void ahci_sleep(struct wait_queue *wait);

/* ---- ahci_io.c ---- */

extern const struct disk_ops ahci_disk_ops;

/* Before the port's disk is registered. */
void ahci_io_init(struct ahci_port *port);
/* The interrupt handler of one port, interrupts off. True when something came to an end. */
bool ahci_port_interrupt(struct ahci_port *port);
/*
 * Runs a command without data, or one that fills lists->words, in a task that holds the port: 0,
 * -EIO, -ETIMEDOUT. Sleeps.
 */
__must_check int ahci_run_command(struct ahci_port *port, const struct ata_taskfile *taskfile);

#endif
