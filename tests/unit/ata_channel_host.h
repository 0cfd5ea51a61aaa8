/*
 * An IDE channel that is a model: two drives that share registers, and a bus master. Commands take their
 * time, some sectors cannot be read, DMA breaks off, the cable garbles, drives fall silent and are reset.
 * No drive may get a command while one of the two is busy, nor data without asking for it. With it
 * drivers/ata_channel.c, ata_pio.c and ata_dma.c, which find the model at their ports. To be
 * included once.
 *
 * SOURCES: drivers/ata_taskfile.c lib/string.c
 */
#ifndef LOFT_ATA_CHANNEL_HOST_H
#define LOFT_ATA_CHANNEL_HOST_H

#define LOFT_HOST_TEST
#include "unit.h"

#include <abi/errno.h>
#include <block.h>
#include <kvrange.h>
#include <log.h>
#include <string.h>
#include <trap.h>

/* Interrupts are calls of the test's own, and ports are the model's. */
#define irq_save() 0u
#define irq_restore(flags) ((void)(flags))
#define irq_enabled() false
#define port_read8 real_port_read8
#define port_write8 real_port_write8
#define port_read16 real_port_read16
#define port_write32 real_port_write32
#define port_read16_many real_port_read16_many
#define port_write16_many real_port_write16_many
#define port_delay real_port_delay
#include "../../drivers/port.h"
#undef port_read8
#undef port_write8
#undef port_read16
#undef port_write32
#undef port_read16_many
#undef port_write16_many
#undef port_delay

static uint8_t port_read8(uint16_t port);
static void port_write8(uint16_t port, uint8_t value);
static uint16_t port_read16(uint16_t port);
static void port_write32(uint16_t port, uint32_t value);
static void port_read16_many(uint16_t port, void *to, unsigned count);
static void port_write16_many(uint16_t port, const void *from, unsigned count);
static void port_delay(void);

#define NSECTORS 1024u
#define NFRAMES (2 * BLOCK_SEGMENTS)
#define ARENA_SIZE ((NFRAMES + 1) * PAGE_SIZE)
#define ROUNDS 100000u

static uint8_t *arena; /* all of physical memory: the frames, then the table */
uintptr_t host_direct_map;
uint32_t host_lowmem_max = ARENA_SIZE;
static struct frame frames[NFRAMES + 1];
struct frame *frame_array = frames;
pfn_t frame_array_end = NFRAMES + 1;
paddr_t frame_low_limit = ARENA_SIZE;
static struct task_of_the_test {
	int unused;
} the_task;
struct task *current = (struct task *)&the_task;
unsigned kmaps_held;

#include "../../drivers/ata_channel.c"
#include "../../drivers/ata_dma.c"
#include "../../drivers/ata_pio.c"

#define COMMAND 0x1F0
#define CONTROL 0x3F6
#define MASTER 0xC000

/* ---- the model ---- */

static struct ata_channel channel;
static struct {
	uint8_t image[NSECTORS * ATA_SECTOR_SIZE];
	bool bad[NSECTORS];
	bool present;
	uint8_t status, error;
	bool acting;	   /* has a command */
	bool silent;	   /* and will never answer it */
	bool starts_write; /* is about to ask for the first block */
	uint8_t opcode;
	uint32_t sector, left; /* of the command: to be moved, or awaiting an answer */
	uint32_t block;	       /* bytes of the block that is being moved, not yet moved */
} drives[2];
static uint8_t registers[2][8]; /* what was written last, and before that */
static unsigned selected;
static bool asserted; /* the interrupt line */
static uint8_t master_command, master_status;
static paddr_t master_table;
static bool wants_work[2], looks_again;
static unsigned nerrors, nsilences;
static unsigned shift; /* the drives' sectors have 512 << shift bytes */

static bool is_write(uint8_t opcode)
{
	return opcode == ATA_WRITE_DMA || opcode == ATA_WRITE_DMA_EXT ||
	       opcode == ATA_WRITE_MULTIPLE || opcode == ATA_WRITE_MULTIPLE_EXT ||
	       opcode == ATA_WRITE_SECTORS || opcode == ATA_WRITE_SECTORS_EXT;
}

static bool is_dma(uint8_t opcode)
{
	return opcode == ATA_READ_DMA || opcode == ATA_READ_DMA_EXT || opcode == ATA_WRITE_DMA ||
	       opcode == ATA_WRITE_DMA_EXT;
}

static bool is_multiple(uint8_t opcode)
{
	return opcode == ATA_READ_MULTIPLE || opcode == ATA_READ_MULTIPLE_EXT ||
	       opcode == ATA_WRITE_MULTIPLE || opcode == ATA_WRITE_MULTIPLE_EXT;
}

static bool is_flush(uint8_t opcode)
{
	return opcode == ATA_FLUSH_CACHE || opcode == ATA_FLUSH_CACHE_EXT;
}

static void raise_interrupt(void)
{
	asserted = true;
	master_status |= 0x04;
}

static void take_command(uint8_t opcode)
{
	bool extended = opcode == ATA_READ_DMA_EXT || opcode == ATA_WRITE_DMA_EXT;
	uint32_t count = registers[0][ATA_COUNT];

	assert_true(drives[selected].present);
	for (unsigned i = 0; i < 2; i++)
		assert_false(drives[i].acting);
	assert_false(drives[selected].status & (ATA_STATUS_BUSY | ATA_STATUS_DRQ));
	assert_int_equal(registers[0][ATA_DEVICE] >> 4 & 1, selected);
	drives[selected].opcode = opcode;
	drives[selected].sector = registers[0][ATA_LBA_LOW] | registers[0][ATA_LBA_MID] << 8;
	drives[selected].left = count || extended ? count : 256;
	if (extended)
		drives[selected].left |= (uint32_t)registers[1][ATA_COUNT] << 8;
	drives[selected].acting = true;
	drives[selected].silent = unit_random() % 200 == 0;
	drives[selected].starts_write = is_write(opcode) && !is_dma(opcode);
	drives[selected].status = ATA_STATUS_BUSY;
	drives[selected].block = 0;
	asserted = false;
}

static uint8_t port_read8(uint16_t port)
{
	switch (port) {
	case COMMAND + ATA_STATUS:
		asserted = false;
		return drives[selected].status;
	case CONTROL:
		return drives[selected].status;
	case COMMAND + ATA_ERROR:
		return drives[selected].error;
	case MASTER + 2:
		return master_status;
	default:
		fail_msg("read of port %x", port);
		return 0;
	}
}

static void port_write8(uint16_t port, uint8_t value)
{
	if (port == MASTER) {
		if (value & 1) /* the direction is known before the start, and fits */
			assert_int_equal(!(value & 8), is_write(drives[selected].opcode));
		master_command = value;
		master_status = value & 1 ? master_status | 1 : master_status & ~1;
	} else if (port == MASTER + 2) {
		assert_int_equal(value & 0x60, 0x20); /* firmware's notes stay */
		master_status &= ~(value & 0x06);
	} else if (port == COMMAND + ATA_COMMAND) {
		take_command(value);
	} else {
		assert_in_range(port, COMMAND + 1, COMMAND + 6);
		registers[1][port - COMMAND] = registers[0][port - COMMAND];
		registers[0][port - COMMAND] = value;
		selected = port == COMMAND + ATA_DEVICE ? value >> 4 & 1 : selected;
	}
}

static void port_write32(uint16_t port, uint32_t value)
{
	assert_int_equal(port, MASTER + 4);
	assert_false(master_command & 1);
	master_table = value;
}

/* ---- data by PIO ---- */

static void end_command(uint8_t error)
{
	drives[selected].acting = false;
	drives[selected].error = error;
	drives[selected].status = ATA_STATUS_READY | (error ? ATA_STATUS_ERROR : 0);
	nerrors += error != 0;
}

/* Where the next bytes of the block are; they are moved. */
static uint8_t *move_bytes(unsigned size)
{
	uint32_t unit = ATA_SECTOR_SIZE << shift;
	uint32_t in_sector = -drives[selected].block % unit;
	uint8_t *at = &drives[selected].image[drives[selected].sector * unit + in_sector];

	assert_true(drives[selected].status & ATA_STATUS_DRQ);
	assert_true(size > 0 && size <= drives[selected].block);
	drives[selected].block -= size;
	return at;
}

static void end_of_sector(void)
{
	drives[selected].sector++;
	drives[selected].left--;
	if (drives[selected].block > 0)
		return;
	drives[selected].status = ATA_STATUS_BUSY;
	if (drives[selected].left == 0 && !is_write(drives[selected].opcode))
		end_command(0);
}

static void move(uint8_t *memory, unsigned size, bool out)
{
	uint32_t unit = ATA_SECTOR_SIZE << shift;

	assert_int_equal(is_write(drives[selected].opcode), out);
	while (size > 0) {
		unsigned part = (drives[selected].block - 1) % unit + 1;
		uint8_t *at;

		part = MIN(part, size);
		at = move_bytes(part);
		memcpy(out ? at : memory, out ? memory : at, part);
		memory += part;
		size -= part;
		if (drives[selected].block % unit == 0)
			end_of_sector();
	}
}

static void port_read16_many(uint16_t port, void *to, unsigned count)
{
	assert_int_equal(port, COMMAND + ATA_DATA);
	move(to, 2 * count, false);
}

static void port_write16_many(uint16_t port, const void *from, unsigned count)
{
	assert_int_equal(port, COMMAND + ATA_DATA);
	move((void *)(uintptr_t)from, 2 * count, true);
}

static uint16_t port_read16(uint16_t port)
{
	(void)port; /* what a drive that failed still had */
	drives[selected].status &= ~ATA_STATUS_DRQ;
	return 0;
}

static bool next_is_bad(uint32_t n)
{
	for (uint32_t i = 0; i < MIN(n, drives[selected].left); i++) {
		if (drives[selected].bad[drives[selected].sector + i])
			return true;
	}
	return false;
}

/* The drive goes on: the next block, the end. */
static void pio_step(void)
{
	uint32_t n = is_multiple(drives[selected].opcode) ? 16 : 1;
	bool first = drives[selected].starts_write;

	drives[selected].starts_write = false;
	n = MIN(n, drives[selected].left);
	if (n == 0) {
		end_command(0);
	} else if (next_is_bad(n)) {
		end_command(ATA_ERROR_MEDIUM);
		if (!is_write(drives[selected].opcode) && unit_random() % 2)
			drives[selected].status |= ATA_STATUS_DRQ;
		first = false;
	} else {
		drives[selected].block = n * ATA_SECTOR_SIZE << shift;
		drives[selected].status = ATA_STATUS_READY | ATA_STATUS_DRQ;
	}
	if (!first)
		raise_interrupt();
}

/* ---- data by DMA ---- */

static void move_all(void)
{
	const struct ata_prd *prd = (const struct ata_prd *)(arena + master_table);
	uint32_t done = 0, total = drives[selected].left * ATA_SECTOR_SIZE << shift;
	uint32_t first = drives[selected].sector * ATA_SECTOR_SIZE << shift;

	do {
		uint32_t size = prd->size & 0xFFFF;

		assert_true(done + size <= total);
		uint8_t *disk = &drives[selected].image[first + done];
		uint8_t *memory = arena + prd->start;

		if (is_write(drives[selected].opcode))
			memcpy(disk, memory, size);
		else
			memcpy(memory, disk, size);
		done += size;
	} while (!(prd++->size & ATA_PRD_LAST));
	assert_int_equal(done, total);
}

static void dma_step(void)
{
	if (!(master_command & 1))
		return;
	if (next_is_bad(drives[selected].left)) {
		end_command(ATA_ERROR_MEDIUM);
	} else if (unit_random() % 500 == 0) {
		end_command(ATA_ERROR_CRC | ATA_ERROR_ABORTED);
	} else if (unit_random() % 500 == 0) {
		end_command(0); /* the bus master could not reach memory */
		master_status |= 0x02;
		nerrors++;
	} else {
		move_all();
		end_command(0);
	}
	raise_interrupt();
}

static void drive_step(void)
{
	if (!drives[selected].acting || drives[selected].silent ||
	    drives[selected].status & ATA_STATUS_DRQ)
		return;
	if (is_flush(drives[selected].opcode)) {
		end_command(0);
		raise_interrupt();
	} else if (is_dma(drives[selected].opcode)) {
		dma_step();
	} else {
		pio_step();
	}
}

/* A drive may be ready for the first block while it is waited for. */
static void port_delay(void)
{
	if (unit_random() % 4 == 0 && drives[selected].starts_write)
		drive_step();
}

/* ---- what the files need of others ---- */

bool ata_channel_reset(struct ata_channel *at, unsigned number)
{
	assert_ptr_equal(at, &channel);
	assert_true(channel.held && !channel.active);
	assert_false(master_command & 1);
	for (unsigned i = 0; i < 2; i++) {
		drives[i].acting = false;
		drives[i].status = ATA_STATUS_READY;
	}
	asserted = false;
	selected = channel.selected = 1;
	return drives[number].present;
}

void disk_work(struct disk *disk)
{
	wants_work[disk == &channel.drives[1].disk] = true;
}

void ata_log_error(const char *name, const struct ata_taskfile *taskfile, uint8_t status,
		   uint8_t error)
{
	(void)name;
	assert_int_equal(taskfile->command, drives[selected].opcode);
	assert_true(status & ATA_STATUS_ERROR && error != 0);
}

void log_print(enum log_level level, const char *text, ...)
{
	(void)level;
	(void)text;
}

uint64_t clock_monotonic_ns(void)
{
	return 0;
}

uint64_t clock_coarse_ns(void)
{
	return 0;
}

void timer_start(struct timer *timer, uint64_t deadline)
{
	(void)deadline;
	assert_ptr_equal(timer, &channel.look_again);
	looks_again = true;
}

bool timer_stop(struct timer *timer)
{
	(void)timer;
	looks_again = false;
	return true;
}

uint32_t block_chain_sectors(const struct block_request *first)
{
	return first->nsectors;
}

void *kmap_high(struct frame *frame)
{
	(void)frame;
	fail_msg("no frame is high");
	return NULL;
}

void kunmap_high(const void *window)
{
	(void)window;
}

void wake_events(struct wait_queue *queue, uint32_t events)
{
	(void)queue;
	(void)events;
}

void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue;
	(void)waiter;
}

void wait_leave(struct waiter *waiter)
{
	(void)waiter;
}

void wait_prepare(enum wait_kind kind)
{
	(void)kind;
	fail_msg("nothing here waits");
}

void wait_cancel(void)
{
}

int wait_sleep(uint64_t deadline)
{
	(void)deadline;
	return 0;
}

#endif
