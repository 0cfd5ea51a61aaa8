/*
 * drivers/ahci_io.c against an HBA and a disk that are a model: commands end in any order, some
 * sectors cannot be read, flushes come between, the engine does not always start again after an
 * error, and then the port is reset. Every request ends exactly once and with the outcome that its
 * sectors must have; and the disk is never asked what it must not be: NCQ commands and others at the
 * same time, anything after an error among NCQ commands before the link was reset, anything while
 * the engine is stopped.
 * SOURCES: drivers/ahci_command.c drivers/ata_taskfile.c lib/string.c
 */
#define LOFT_HOST_TEST
#include "unit.h"

#include <abi/errno.h>
#include <log.h>
#include <string.h>
#include <trap.h>

/* Interrupts are calls of the test's own, and registers are the model's. */
#define irq_save() 0u
#define irq_restore(flags) ((void)(flags))
#define port_get memory_port_get
#define port_set memory_port_set
#include "../../drivers/ahci.h"
#undef port_get
#undef port_set
#undef fail

static uint32_t port_get(const struct ahci_port *at, enum port_register which);
static void port_set(const struct ahci_port *at, enum port_register which, uint32_t value);

#define NFRAMES 64u
#define REQUESTS 24u
#define NSECTORS 4096u
#define ROUNDS 100000u

uintptr_t host_direct_map; /* physical addresses are pointers */
uint32_t host_lowmem_max = UINT32_MAX;
static struct frame frames[NFRAMES];
struct frame *frame_array = frames;
pfn_t frame_array_end = NFRAMES;
paddr_t frame_low_limit = UINT32_MAX;
static struct task_of_the_test {
	int unused;
} the_task;
struct task *current = (struct task *)&the_task;
static uint64_t now;

#include "../../drivers/ahci_io.c"

/* ---- the model ---- */

static struct ahci_port port;
static struct ahci_lists lists __attribute__((aligned(1024)));
static struct ahci_table tables[AHCI_TAGS_MAX] __attribute__((aligned(128)));
static uint32_t registers[HBA_PORT_WORDS];
static bool running;	   /* the engine */
static bool confused;	   /* an error among NCQ commands, and the link not reset since */
static bool link_down;	   /* being reset */
static bool link_comes;	   /* after a reset; not always */
static bool bad[NSECTORS]; /* sectors */
static bool refuses;	   /* IDENTIFY */
static bool timer_runs;
static bool wants_work; /* disk_work */
static unsigned nerrors, nlogs, nresets;

struct command {
	bool write, queued;
	uint8_t opcode;
	uint32_t sector, nsectors;
};
static struct command commands[AHCI_TAGS_MAX];
static uint32_t outstanding; /* slots */

static struct command read_fis(unsigned slot)
{
	const uint8_t *fis = tables[slot].fis;
	struct command command = { .opcode = fis[2] };
	uint32_t count = fis[12];

	assert_int_equal(fis[0], 0x27);
	assert_int_equal(fis[1], 0x80);
	command.queued = fis[2] == ATA_READ_NCQ || fis[2] == ATA_WRITE_NCQ;
	command.write = lists.headers[slot].flags & AHCI_HEADER_WRITE;
	command.sector = fis[4] | fis[5] << 8 | fis[6] << 16;
	if (command.queued) {
		assert_int_equal(fis[12], slot << 3);
		count = fis[3] | fis[11] << 8;
	}
	command.nsectors = count;
	return command;
}

/* As much memory as the command has sectors. */
static void check_memory(const struct command *command, unsigned slot)
{
	unsigned n = lists.headers[slot].flags >> 16;
	uint32_t size = 0;

	assert_int_equal(lists.headers[slot].table, (uint32_t)(uintptr_t)&tables[slot]);
	for (unsigned i = 0; i < n; i++)
		size += tables[slot].prds[i].size + 1;
	if (command->opcode == ATA_FLUSH_CACHE_EXT)
		assert_int_equal(n, 0);
	else
		assert_int_equal(size, command->nsectors * ATA_SECTOR_SIZE);
}

static void take_command(unsigned slot)
{
	struct command command = read_fis(slot);

	assert_true(running || !port.failed);
	assert_false(outstanding & 1u << slot);
	check_memory(&command, slot);
	for (uint32_t left = outstanding; left; left &= left - 1)
		assert_true(command.queued && commands[__builtin_ctz(left)].queued);
	assert_int_equal(!!(registers[PORT_ACTIVE] & 1u << slot), command.queued);
	registers[PORT_ISSUE] |= 1u << slot;
	if (!running) /* an error that nobody knows of yet: it does not get any further */
		return;
	assert_false(confused || link_down);
	commands[slot] = command;
	outstanding |= 1u << slot;
}

static uint32_t port_get(const struct ahci_port *at, enum port_register which)
{
	assert_ptr_equal(at, &port);
	return registers[which];
}

static void port_set(const struct ahci_port *at, enum port_register which, uint32_t value)
{
	assert_ptr_equal(at, &port);
	if (which == PORT_INTERRUPT)
		registers[which] &= ~value;
	else if (which == PORT_ACTIVE)
		registers[which] |= value;
	else if (which == PORT_ISSUE)
		take_command((unsigned)__builtin_ctz(value));
	else
		registers[which] = value;
}

static bool is_bad(const struct command *command)
{
	if (command->opcode == ATA_IDENTIFY)
		return refuses;
	for (uint32_t i = 0; i < command->nsectors; i++) {
		if (command->opcode != ATA_FLUSH_CACHE_EXT && bad[command->sector + i])
			return true;
	}
	return false;
}

static void fail_command(unsigned slot)
{
	bool queued = commands[slot].queued;

	nerrors++;
	running = false;
	confused = queued;
	registers[PORT_TASKFILE] = ATA_ERROR_MEDIUM << 8 | ATA_STATUS_READY | ATA_STATUS_ERROR;
	registers[PORT_INTERRUPT] |= queued && unit_random() % 2 ? PORT_INTERRUPT_BITS : 1u << 30;
	/* Of NCQ commands none is taken back; of others, some HBAs say that it was. */
	if (!queued && unit_random() % 2)
		registers[PORT_ISSUE] = 0;
}

static void end_command(unsigned slot)
{
	outstanding &= ~(1u << slot);
	registers[PORT_ISSUE] &= ~(1u << slot);
	registers[PORT_TASKFILE] = ATA_STATUS_READY;
	if (commands[slot].queued) {
		registers[PORT_ACTIVE] &= ~(1u << slot);
		registers[PORT_INTERRUPT] |= PORT_INTERRUPT_BITS;
	} else {
		registers[PORT_INTERRUPT] |= PORT_INTERRUPT_REGISTER;
	}
}

/* The disk does something about one of its commands. */
static void disk_step(void)
{
	unsigned slot = unit_random() % AHCI_TAGS_MAX;

	while (!(outstanding & 1u << slot))
		slot = (slot + 1) % AHCI_TAGS_MAX;
	if (is_bad(&commands[slot]))
		fail_command(slot);
	else
		end_command(slot);
}

static void forget_commands(void)
{
	outstanding = 0;
	registers[PORT_ISSUE] = registers[PORT_ACTIVE] = registers[PORT_INTERRUPT] = 0;
}

/* ---- what the file needs of others ---- */

bool ahci_port_restart(struct ahci_port *at)
{
	assert_ptr_equal(at, &port);
	assert_false(running || confused || link_down);
	if (unit_random() % 50 == 0)
		return false;
	forget_commands();
	running = true;
	registers[PORT_INTERRUPT_ENABLE] = PORT_INTERRUPTS;
	return true;
}

void ahci_port_reset_begin(struct ahci_port *at)
{
	assert_ptr_equal(at, &port);
	assert_false(running || link_down);
	link_down = true;
}

/* Sometimes a link takes its time, or does not come up any more. */
void ahci_port_reset_end(struct ahci_port *at)
{
	assert_ptr_equal(at, &port);
	assert_true(link_down);
	forget_commands();
	link_comes = unit_random() % 20 != 0;
}

bool ahci_port_is_ready(struct ahci_port *at)
{
	assert_ptr_equal(at, &port);
	return link_comes && unit_random() % 2;
}

void ahci_port_start(struct ahci_port *at)
{
	assert_ptr_equal(at, &port);
	assert_true(link_down && link_comes);
	link_down = confused = false;
	running = true;
	registers[PORT_TASKFILE] = ATA_STATUS_READY;
	registers[PORT_INTERRUPT_ENABLE] = PORT_INTERRUPTS;
}

void timer_init(struct timer *timer, void (*fire)(void *context), void *context)
{
	*timer = (struct timer){ .fire = fire, .context = context };
}

void timer_start(struct timer *timer, uint64_t deadline)
{
	(void)deadline;
	timer->pending = timer_runs = true;
}

bool timer_stop(struct timer *timer)
{
	timer->pending = timer_runs = false;
	return true;
}

int ahci_port_reset(struct ahci_port *at)
{
	assert_ptr_equal(at, &port);
	nresets++;
	forget_commands();
	running = true;
	confused = link_down = false;
	registers[PORT_TASKFILE] = ATA_STATUS_READY;
	registers[PORT_INTERRUPT_ENABLE] = PORT_INTERRUPTS;
	return 0;
}

void disk_work(struct disk *disk)
{
	assert_ptr_equal(disk, &port.disk);
	wants_work = true;
}

void ata_log_error(const char *name, const struct ata_taskfile *taskfile, uint8_t status,
		   uint8_t error)
{
	(void)name;
	assert_true(taskfile->protocol != ATA_NCQ);
	assert_true(status & ATA_STATUS_ERROR);
	assert_int_equal(error, ATA_ERROR_MEDIUM);
}

bool ata_may_log(void)
{
	nlogs++;
	return true;
}

void log_print(enum log_level level, const char *text, ...)
{
	(void)level;
	(void)text;
}

uint64_t clock_monotonic_ns(void)
{
	return now;
}

uint32_t block_chain_sectors(const struct block_request *first)
{
	return first->nsectors;
}

void wake_events(struct wait_queue *queue, uint32_t events)
{
	(void)queue;
	(void)events;
}

void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	(void)waiter;
	list_init(&queue->waiters);
}

void wait_leave(struct waiter *waiter)
{
	(void)waiter;
}

void wait_prepare(enum wait_kind kind)
{
	(void)kind;
}

void wait_cancel(void)
{
}

/* A task waits: the disk goes on. */
int wait_sleep(uint64_t deadline)
{
	(void)deadline;
	if (outstanding && running)
		disk_step();
	(void)ahci_port_interrupt(&port);
	return 0;
}

/* ---- requests ---- */

static struct block_request requests[REQUESTS];
static bool under_way[REQUESTS];
static unsigned nunder_way, nended[2];

static int expected(const struct block_request *request)
{
	if (request->op == BLOCK_FLUSH)
		return 0;
	for (uint32_t i = 0; i < request->nsectors; i++) {
		if (bad[request->disk_sector + i])
			return -EIO;
	}
	return 0;
}

void disk_complete(struct disk *disk, struct block_request *first, int error)
{
	size_t i = (size_t)(first - requests);

	assert_ptr_equal(disk, &port.disk);
	assert_true(i < REQUESTS && under_way[i]);
	assert_int_equal(error, expected(first));
	under_way[i] = false;
	nunder_way--;
	nended[error != 0]++;
}

static void make_request(struct block_request *request)
{
	memset(request, 0, sizeof(*request));
	request->op = unit_random() % 16 ? unit_random() % 2 : BLOCK_FLUSH;
	if (request->op == BLOCK_FLUSH)
		return;
	request->nsectors = 1 + unit_random() % 32;
	request->disk_sector = unit_random() % (NSECTORS - request->nsectors);
	for (uint32_t left = request->nsectors * SECTOR_SIZE; left > 0;) {
		uint32_t size = MIN(left, PAGE_SIZE);

		block_add_segment(request, &frames[unit_random() % NFRAMES], 0, size);
		left -= size;
	}
}

/* One more request, if the port has room for it; it may say no only while something is under way. */
static void start_one(void)
{
	unsigned i = unit_random() % REQUESTS;
	int error;

	if (under_way[i] || nunder_way >= port.disk.depth)
		return;
	make_request(&requests[i]);
	under_way[i] = true;
	nunder_way++;
	error = ahci_disk_ops.start(&port.disk, &requests[i]);
	if (!error)
		return;
	assert_int_equal(error, -EBUSY);
	assert_true(nunder_way > 1);
	under_way[i] = false;
	nunder_way--;
}

/* Nothing more comes back: the block layer's reset. */
static void reset_port(void)
{
	assert_int_equal(ahci_disk_ops.reset(&port.disk), 0);
	memset(under_way, 0, sizeof(under_way));
	nunder_way = 0;
}

static void set_up_port(bool ncq)
{
	static struct ahci_hba hba;

	memset(&port, 0, sizeof(port));
	port.hba = &hba;
	port.lists = &lists;
	port.ntags = ncq ? AHCI_TAGS_MAX : 1;
	port.ncq = ncq;
	port.identity = (struct ata_identity){
		.nsectors = NSECTORS, .lba48 = true, .flush = true, .flush_ext = true
	};
	port.disk.depth = port.ntags;
	port.disk.data = &port;
	wait_queue_init(&port.wait);
	ahci_io_init(&port);
	for (unsigned i = 0; i < AHCI_TAGS_MAX; i++)
		port.tables[i] = &tables[i];
	memset(bad, 0, sizeof(bad));
	for (unsigned i = 0; i < NSECTORS; i += 512)
		bad[i + unit_random() % 512] = true;
	forget_commands();
	running = true;
	confused = link_down = wants_work = timer_runs = false;
	nunder_way = nerrors = nlogs = nresets = nended[0] = nended[1] = 0;
	memset(under_way, 0, sizeof(under_way));
}

static void go_on_once(void)
{
	if (unit_random() % 2)
		start_one();
	if (outstanding && running && unit_random() % 2)
		disk_step();
	if (registers[PORT_INTERRUPT] && registers[PORT_INTERRUPT_ENABLE] && unit_random() % 2)
		(void)ahci_port_interrupt(&port);
	if (wants_work && unit_random() % 2) {
		wants_work = false;
		ahci_disk_ops.work(&port.disk);
	}
	if (unit_random() % 64 == 0)
		(void)ahci_disk_ops.poll(&port.disk);
	if (timer_runs && unit_random() % 4 == 0) {
		port.timer.pending = timer_runs = false;
		now += NSEC_PER_TICK;
		port.timer.fire(port.timer.context);
	}
	/* Whatever happened: something comes back as long as there is anything under way. */
	if (nunder_way > 0 && !outstanding && !registers[PORT_INTERRUPT] && !wants_work)
		assert_true(port.failed);
	if (port.failed && !wants_work && !timer_runs) {
		assert_int_equal(port.mode, AHCI_LINK_LOST);
		reset_port();
	}
}

static void run_rounds(bool ncq)
{
	set_up_port(ncq);
	for (unsigned round = 0; round < ROUNDS; round++)
		go_on_once();
	assert_true(nended[0] > ROUNDS / 20 && nended[1] > 100);
	/* Only what errs among others wants a reset each time. */
	assert_true(nerrors > 100 && (nresets > 0 || !ncq));
	assert_int_equal(nlogs > 0, ncq);
}

static void with_ncq(void **state)
{
	(void)state;
	run_rounds(true);
}

static void one_at_a_time(void **state)
{
	(void)state;
	run_rounds(false);
}

/* Commands of a task that holds the port. */
static void own_commands(void **state)
{
	struct ata_taskfile taskfile;

	(void)state;
	set_up_port(true);
	port.held = true;
	refuses = false;
	ata_taskfile_simple(&taskfile, ATA_IDENTIFY, ATA_PIO, 0, 1);
	assert_int_equal(ahci_run_command(&port, &taskfile), 0);
	refuses = true;
	for (unsigned i = 0; i < 100; i++) {
		int error = ahci_run_command(&port, &taskfile);

		assert_true(error == -EIO || error == -ETIMEDOUT);
		if (error == -ETIMEDOUT)
			assert_int_equal(ahci_port_reset(&port), 0);
	}
	refuses = false;
	assert_int_equal(ahci_run_command(&port, &taskfile), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_ncq),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(own_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
