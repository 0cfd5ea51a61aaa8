/*
 * An IDE channel: one cable with up to two drives, of which one at a time has a command. What the
 * files of the IDE driver share:
 *
 *   ata.c          finds controllers and their channels
 *   ata_probe.c    finds the drives of a channel, and brings them back after a reset
 *   ata_channel.c  commands, the interrupt, whose turn it is
 *   ata_pio.c      data through the data register
 *   ata_dma.c      data by the controller's bus master
 *
 * (irq): touched by the interrupt handler too, and guarded by interrupt-off sections. The rest is
 * constant once the drives are found, or belongs to whoever has the channel.
 */
#ifndef LOFT_DRIVERS_ATA_CHANNEL_H
#define LOFT_DRIVERS_ATA_CHANNEL_H

#include "ata.h"
#include "port.h"

#include <assert.h>
#include <block.h>
#include <clock.h>
#include <wait.h>

/* Ports of the command block, by offset (ATA/ATAPI-6 7). */
enum ata_register {
	ATA_DATA = 0,	  /* 16 bits */
	ATA_ERROR = 1,	  /* read */
	ATA_FEATURES = 1, /* written */
	ATA_COUNT = 2,
	ATA_LBA_LOW = 3,
	ATA_LBA_MID = 4,
	ATA_LBA_HIGH = 5,
	ATA_DEVICE = 6,
	ATA_STATUS = 7,	 /* read; ends the interrupt */
	ATA_COMMAND = 7, /* written */
};

/* The device control register, and what is read there: the status, the interrupt left alone. */
#define ATA_CONTROL_NO_INTERRUPT 0x02u
#define ATA_CONTROL_RESET 0x04u

/* Physical region descriptor: a piece of memory for the bus master. */
struct ata_prd {
	uint32_t start; /* physical, even */
	uint32_t size;	/* lower 16 bits: bytes, even, 0: 64 KB; ATA_PRD_LAST */
};
#define ATA_PRD_LAST 0x80000000u
#define ATA_PRDS (PAGE_SIZE / sizeof(struct ata_prd))

struct ata_channel;

/* How far a PIO transfer has come: the request, the segment and the byte that are next. */
struct ata_cursor {
	struct block_request *request;
	unsigned segment, offset;
};

struct ata_drive {
	struct ata_channel *channel;
	unsigned number; /* 0 master, 1 slave */
	bool present;
	struct ata_identity identity;
	struct disk disk;
	/* (irq) what the drive is to do, or does when it is the channel's active one; NULL: nothing */
	struct block_request *request;
	struct ata_taskfile taskfile; /* of the request, once it is begun */

	/* PIO */
	struct ata_cursor cursor;
	unsigned sectors_left; /* the disk's own, not yet moved through the data register */

	/* DMA, and when to give it up */
	bool uses_dma, dma_has_worked;
	unsigned dma_failures; /* since it last worked */
};

struct ata_channel {
	char name[8];			   /* "ata1", for the log */
	uint16_t command, control, master; /* first ports; master 0: no DMA */
	bool shares_line;		   /* an interrupt may be another device's */
	struct ata_drive drives[2];
	uint8_t master_notes;	  /* what firmware has left in the bus master's status */
	unsigned selected;	  /* (irq) whose registers they are */
	struct ata_drive *active; /* (irq) the one whose request is under way */
	bool held;		  /* (irq) a task has the channel for itself: requests wait */
	struct ata_prd *prds;	  /* ATA_PRDS of them in one page; NULL: no DMA */
	struct timer look_again;  /* fires when a drive that gave no interrupt is to be asked */

	/* for the task that holds the channel */
	bool answered; /* (irq) the interrupt came */
	struct wait_queue wait;
};

static inline uint8_t ata_read(const struct ata_channel *channel, enum ata_register which)
{
	return port_read8(channel->command + which);
}

static inline void ata_write(const struct ata_channel *channel, enum ata_register which,
			     uint8_t value)
{
	port_write8(channel->command + which, value);
}

/* The status, without ending an interrupt. */
static inline uint8_t ata_peek_status(const struct ata_channel *channel)
{
	return port_read8(channel->control);
}

/* 400 ns and more: what a drive may take to show that it was selected, or got a command. */
static inline void ata_delay(const struct ata_channel *channel)
{
	for (unsigned i = 0; i < 4; i++)
		(void)ata_peek_status(channel);
}

/* ---- ata_channel.c ---- */

extern const struct disk_ops ata_disk_ops;

/* Makes number (0 or 1) the drive that the other registers belong to. */
void ata_select(struct ata_channel *channel, unsigned number);
/*
 * Writes a command for the selected drive, which is not busy; from here on the drive acts. Its
 * status means something after ata_delay.
 */
void ata_issue(const struct ata_channel *channel, const struct ata_taskfile *taskfile);
/*
 * The interrupt handler; polled: nobody says that there was an interrupt. True when it was the
 * channel's. Interrupts off.
 */
bool ata_interrupt(struct ata_channel *channel, bool polled);
/* (irq) Ends the active drive's request, and begins the next one. */
void ata_finish(struct ata_channel *channel, int error);
/* Says in the log what the drive reported. */
void ata_report(const struct ata_drive *drive, uint8_t status);
/* DMA did not work: counted, and given up when that is the rule. */
void ata_dma_failed(struct ata_drive *drive);

/* ---- ata_probe.c ---- */

/* Whether anything may be at the channel's ports; a few reads and writes, no waiting. */
__must_check bool ata_channel_occupied(struct ata_channel *channel);
/*
 * Finds the drives and registers their disks. The interrupt handler is in place. May sleep, for
 * drives that are there.
 */
void ata_channel_probe(struct ata_channel *channel);
/*
 * Resets both drives of the channel, which the caller holds, and sets them up again. True when the
 * drive `number` has come back. Sleeps, a few seconds at most.
 */
__must_check bool ata_channel_reset(struct ata_channel *channel, unsigned number);

/* ---- ata_pio.c ---- */

/* Makes ready the drive's PIO transfer of its request. */
void ata_pio_begin(struct ata_drive *drive);
/* The next step of the active drive's PIO transfer. In a task. */
void ata_pio_step(struct ata_drive *drive);

/* ---- ata_dma.c ---- */

/*
 * Lists the memory of a chain of requests in table: the number of entries, at most one for each
 * segment. None crosses a 64 KB boundary; neighbours are joined.
 */
unsigned ata_prd_build(struct ata_prd *table, unsigned room, const struct block_request *first);
/* Makes the bus master ready for the chain; before the drive gets its command. */
void ata_dma_prepare(const struct ata_channel *channel, const struct block_request *first,
		     bool to_memory);
/* After the drive got its command. */
void ata_dma_start(const struct ata_channel *channel, bool to_memory);
/* Stops the bus master, whatever it does: 0, or -EIO when it had failed. */
int ata_dma_stop(const struct ata_channel *channel);
/* The same for a bus master that does nothing: an interrupt has been taken note of. */
void ata_dma_acknowledge(const struct ata_channel *channel);
/* Begins to use the channel's bus master, which firmware may have left in any state. */
void ata_dma_init(struct ata_channel *channel);
/* Whether the controller has seen an interrupt of the drive. */
bool ata_dma_interrupted(const struct ata_channel *channel);
/* Of channels that must not both use the bus master at once. */
bool ata_dma_is_simplex(const struct ata_channel *channel);

#endif
