/*
 * The first serial line, ttyS0: a 16550 UART with its FIFO, or a 16450 or 8250 without, at the
 * PC's usual place (National Semiconductor PC16550D data sheet; offsets and bits are its).
 *
 * Early it is a log sink that polls. Later it is a terminal as well: received bytes and room
 * for more to send come as IRQ 4, and log lines still go out by polling, so that they also do
 * in a panic.
 *
 * A UART that is not there is found out by writing and reading its registers; one that never
 * gets ready costs a bounded wait once, and then nothing more until it is ready again. Modem
 * lines are driven and can be read by programs; carrier is not waited for, as with CLOCAL. The
 * state below is touched with interrupts off.
 */
#include <drivers.h>

#include <abi/ioctls.h>
#include <assert.h>
#include <cmdline.h>
#include <err.h>
#include <log.h>
#include <string.h>
#include <task.h>
#include <trap.h>
#include <tty.h>
#include <uaccess.h>

#include "port.h"

#define BASE 0x3f8
#define IRQ 4

#define DATA (BASE + 0) /* receive and send; divisor's low byte when LCR_DIVISOR */
#define IER (BASE + 1)	/* interrupt enable; divisor's high byte */
#define IIR (BASE + 2)	/* read: what interrupts */
#define FCR (BASE + 2)	/* write: FIFO control */
#define LCR (BASE + 3)
#define MCR (BASE + 4)
#define LSR (BASE + 5)
#define MSR (BASE + 6)
#define SCRATCH (BASE + 7)

#define IER_RECEIVED 0x01
#define IER_SENT 0x02
#define IER_LINE 0x04
#define IER_MODEM 0x08
#define IIR_NONE 0x01
#define IIR_FIFO 0xc0
#define FCR_ON_AND_CLEAR 0x07
#define FCR_TRIGGER_8 0x80
#define LCR_STOP_2 0x04
#define LCR_PARITY 0x08
#define LCR_EVEN 0x10
#define LCR_BREAK 0x40
#define LCR_DIVISOR 0x80
#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define MCR_OUT2 0x08 /* on a PC: lets the interrupt through */
#define MCR_LOOP 0x10
#define LSR_RECEIVED 0x01
#define LSR_PARITY 0x04
#define LSR_FRAMING 0x08
#define LSR_BREAK 0x10
#define LSR_ROOM 0x20 /* the FIFO, or the holding register, is empty */
#define LSR_IDLE 0x40
#define MSR_CTS_CHANGED 0x01 /* since this register was last read */
#define MSR_CTS 0x10

#define CLOCK 115200u /* bits a second with divisor 1 */
#define SPEED_DEFAULT 115200u
/*
 * Reads of the line status: three seconds on a real bus. A full FIFO takes a seventh of one at
 * 1200 bits a second; an emulated line waits for whoever reads it, who may be slow.
 */
#define PATIENCE 3000000u
#define ROUNDS_MAX 256u /* of one interrupt */

static struct {
	bool present;
	bool stuck; /* did not get ready last time */
	bool hold;  /* the reader is behind: bytes stay in the UART */
	uint8_t fifo_size;
	uint8_t ier, lcr, mcr; /* as last written */
	int type;	       /* PORT_* of the ABI */
	struct tty *tty;
} uart;

static void write_ier(uint8_t ier)
{
	uart.ier = ier;
	port_write8(IER, ier);
}

/* ---- finding it ---- */

/* Registers that keep what is written, and modem lines that loop back (data sheet 8.7). */
static bool probe(void)
{
	uint8_t none, all, lines;

	port_write8(IER, 0);
	port_delay();
	none = port_read8(IER) & 0x0f;
	port_write8(IER, 0x0f);
	port_delay();
	all = port_read8(IER) & 0x0f;
	port_write8(IER, 0);
	if (none != 0 || all != 0x0f)
		return false;
	port_write8(MCR, MCR_LOOP | MCR_OUT2 | MCR_RTS);
	port_delay();
	lines = port_read8(MSR) & 0xf0; /* RTS shows as CTS, OUT2 as carrier */
	port_write8(MCR, 0);
	return lines == 0x90;
}

static void find_type(void)
{
	port_write8(FCR, FCR_ON_AND_CLEAR | FCR_TRIGGER_8);
	if ((port_read8(IIR) & IIR_FIFO) == IIR_FIFO) {
		uart.type = PORT_16550A;
		uart.fifo_size = 16;
		return;
	}
	port_write8(FCR, 0);
	uart.fifo_size = 1;
	port_write8(SCRATCH, 0x5a);
	port_delay();
	uart.type = port_read8(SCRATCH) == 0x5a ? PORT_16450 : PORT_8250;
}

static void set_line(uint32_t speed, uint8_t lcr)
{
	uint32_t divisor = speed > 0 ? (CLOCK + speed / 2) / speed : 1;

	divisor = MAX(1u, MIN(divisor, 0xffffu));
	uart.lcr = lcr;
	port_write8(LCR, lcr | LCR_DIVISOR);
	port_write8(DATA, (uint8_t)divisor);
	port_write8(IER, (uint8_t)(divisor >> 8));
	port_write8(LCR, lcr);
	port_write8(IER, uart.ier);
}

/* ---- the log ---- */

/* Waits, within bounds, until the UART takes bytes. */
static bool wait_ready(void)
{
	uint32_t patience = uart.stuck ? 1 : PATIENCE;

	for (; patience > 0; patience--) {
		if (port_read8(LSR) & LSR_ROOM) {
			uart.stuck = false;
			return true;
		}
	}
	uart.stuck = true;
	return false;
}

/* Sends one byte by polling; `room` is what still fits without looking again. */
static void send_polled(uint8_t byte, unsigned *room)
{
	if (*room == 0) {
		if (!wait_ready())
			return;
		*room = uart.fifo_size;
	}
	port_write8(DATA, byte);
	(*room)--;
}

static void sink_write(struct log_sink *sink, const char *text, size_t size)
{
	unsigned room = 0;
	uint32_t flags;

	(void)sink;
	if (!tty_console_wanted("ttyS0"))
		return;
	flags = irq_save();
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			send_polled('\r', &room);
		send_polled((uint8_t)text[i], &room);
	}
	irq_restore(flags);
}

void serial_early_init(void)
{
	static struct log_sink sink = { .write = sink_write };

	assert(!uart.present);
	if (!probe())
		return;
	uart.present = true;
	find_type();
	uart.mcr = MCR_DTR | MCR_RTS | MCR_OUT2;
	port_write8(MCR, uart.mcr);
	set_line(SPEED_DEFAULT, CS8 >> 4);
	log_add_sink(&sink);
}

/* ---- the terminal ---- */

static bool may_send(void)
{
	return !(tty_settings(uart.tty)->cflag & CRTSCTS) || (port_read8(MSR) & MSR_CTS);
}

static size_t serial_write(struct tty *tty, const char *bytes, size_t size)
{
	size_t done = 0;
	bool allowed = may_send();

	assert(tty == uart.tty || !uart.tty);
	while (done < size && allowed && (port_read8(LSR) & LSR_ROOM)) {
		for (unsigned room = uart.fifo_size; room > 0 && done < size; room--)
			port_write8(DATA, (uint8_t)bytes[done++]);
		allowed = may_send();
	}
	/* Held back by the other end, it is a change of CTS that goes on: there is room now. */
	if (done < size && allowed)
		write_ier(uart.ier | IER_SENT);
	return done;
}

/* Hands on what is in the UART, until it is empty or the reader is behind. */
static void receive(uint8_t status)
{
	for (unsigned limit = ROUNDS_MAX; limit > 0 && !uart.hold; limit--) {
		char byte;

		if (!(status & LSR_RECEIVED))
			return;
		byte = (char)port_read8(DATA);
		if (status & LSR_BREAK)
			tty_input_break(uart.tty);
		else if (status & (LSR_PARITY | LSR_FRAMING))
			tty_input_error(uart.tty, byte);
		else
			tty_input(uart.tty, &byte, 1);
		status = port_read8(LSR);
	}
}

static void interrupt(void *context)
{
	(void)context;
	for (unsigned rounds = ROUNDS_MAX; rounds > 0; rounds--) {
		uint8_t status, lines;

		if (port_read8(IIR) & IIR_NONE)
			return;
		status = port_read8(LSR);
		receive(status);
		lines = port_read8(MSR);
		if ((uart.ier & IER_SENT) && (status & LSR_ROOM)) {
			write_ier(uart.ier & ~IER_SENT);
			tty_output_ready(uart.tty);
		} else if (lines & MSR_CTS_CHANGED) {
			tty_output_ready(uart.tty);
		}
	}
	/* The 8259 wants an edge: take the request away, so that it can come again. */
	port_write8(IER, 0);
	port_write8(IER, uart.ier);
}

static void serial_throttle(struct tty *tty, bool hold)
{
	bool hardware = tty_settings(tty)->cflag & CRTSCTS;

	uart.hold = hold;
	write_ier(hold ? uart.ier & ~(IER_RECEIVED | IER_LINE)
		       : uart.ier | IER_RECEIVED | IER_LINE);
	if (hardware)
		uart.mcr = hold ? uart.mcr & ~MCR_RTS : uart.mcr | MCR_RTS;
	port_write8(MCR, uart.mcr);
}

static bool serial_busy(struct tty *tty)
{
	(void)tty;
	return !uart.stuck && !(port_read8(LSR) & LSR_IDLE);
}

static void serial_send_break(struct tty *tty, bool on)
{
	uint32_t flags = irq_save();

	(void)tty;
	uart.lcr = on ? uart.lcr | LCR_BREAK : uart.lcr & ~LCR_BREAK;
	port_write8(LCR, uart.lcr);
	irq_restore(flags);
}

static void serial_set_termios(struct tty *tty)
{
	const struct termios2 *settings = tty_settings(tty);
	uint32_t cflag = settings->cflag;
	uint8_t lcr = (cflag & CSIZE) >> 4;
	uint32_t flags = irq_save();

	lcr |= cflag & CSTOPB ? LCR_STOP_2 : 0;
	if (cflag & PARENB)
		lcr |= LCR_PARITY | (cflag & PARODD ? 0 : LCR_EVEN);
	set_line(settings->ospeed, lcr);
	/* Speed 0 means to hang up. */
	uart.mcr = settings->ospeed == 0 ? MCR_OUT2 : uart.mcr | MCR_DTR | MCR_RTS;
	port_write8(MCR, uart.mcr);
	write_ier(cflag & CRTSCTS ? uart.ier | IER_MODEM : uart.ier & ~IER_MODEM);
	irq_restore(flags);
	/* What CTS held back may go now. */
	tty_output_ready(tty);
}

/* ---- requests ---- */

static const struct {
	uint8_t mcr, msr;
	uint32_t line;
} modem_lines[] = {
	{ MCR_DTR, 0, TIOCM_DTR }, { MCR_RTS, 0, TIOCM_RTS }, { MCR_LOOP, 0, TIOCM_LOOP },
	{ 0, 0x10, TIOCM_CTS },	   { 0, 0x20, TIOCM_DSR },    { 0, 0x40, TIOCM_RNG },
	{ 0, 0x80, TIOCM_CAR },
};

static int get_modem(uint32_t __user *to)
{
	uint8_t msr = port_read8(MSR);
	uint32_t lines = 0;

	for (size_t i = 0; i < ARRAY_SIZE(modem_lines); i++) {
		if ((uart.mcr & modem_lines[i].mcr) || (msr & modem_lines[i].msr))
			lines |= modem_lines[i].line;
	}
	return put_user(to, lines);
}

/* TIOCMBIS, TIOCMBIC and TIOCMSET. */
static int set_modem(struct tty *tty, uint32_t command, const uint32_t __user *from)
{
	uint32_t lines, flags;

	if (get_user(&lines, from))
		return -EFAULT;
	flags = irq_save();
	for (size_t i = 0; i < ARRAY_SIZE(modem_lines); i++) {
		bool named = lines & modem_lines[i].line;

		if (named && command != TIOCMBIC)
			uart.mcr |= modem_lines[i].mcr;
		else if (command == TIOCMSET || (named && command == TIOCMBIC))
			uart.mcr &= ~modem_lines[i].mcr;
	}
	port_write8(MCR, uart.mcr);
	irq_restore(flags);
	/* In the loop, RTS is CTS, and no interrupt tells. */
	tty_output_ready(tty);
	return 0;
}

static int get_serial(void __user *to)
{
	struct serial_struct serial = {
		.type = uart.type,
		.line = 0,
		.port = BASE,
		.irq = IRQ,
		.xmit_fifo_size = uart.fifo_size,
		.baud_base = CLOCK,
		.close_delay = 50,
		.closing_wait = 3000,
	};

	return copy_to_user(to, &serial, sizeof(serial));
}

static int serial_ioctl(struct tty *tty, uint32_t command, uint32_t argument)
{
	uint32_t __user *user = (uint32_t __user *)argument;

	switch (command) {
	case TIOCMGET:
		return get_modem(user);
	case TIOCMBIS:
	case TIOCMBIC:
	case TIOCMSET:
		return set_modem(tty, command, user);
	case TIOCGSERIAL:
		return get_serial(user);
	default:
		return -ENOTTY;
	}
}

static const struct tty_driver serial_driver = {
	.write = serial_write,
	.set_termios = serial_set_termios,
	.throttle = serial_throttle,
	.busy = serial_busy,
	.send_break = serial_send_break,
	.ioctl = serial_ioctl,
};

/* ---- start ---- */

/* The speed in console=ttyS0,SPEED..., or the usual one. */
static uint32_t asked_speed(void)
{
	const char *value;
	uint32_t speed = 0;

	for (unsigned i = 0; (value = cmdline_get_nth("console", i)) != NULL; i++) {
		if (strncmp(value, "ttyS0,", 6) != 0)
			continue;
		speed = 0;
		for (value += 6; *value >= '0' && *value <= '9' && speed < CLOCK; value++)
			speed = speed * 10 + (uint32_t)(*value - '0');
	}
	return speed >= 50 && speed <= CLOCK ? speed : SPEED_DEFAULT;
}

/* The code of a speed in cflag: the nearest that has one is not looked for, BOTHER says any
 * number. */
static uint32_t speed_code(uint32_t speed)
{
	switch (speed) {
	case 9600:
		return B9600;
	case 38400:
		return B38400;
	case 115200:
		return B115200;
	default:
		return BOTHER;
	}
}

void serial_init(void)
{
	struct termios2 settings;
	uint32_t speed = asked_speed();
	int error;

	if (!uart.present)
		return;
	uart.tty = tty_register("ttyS0", 4, 64, &serial_driver, NULL, 0, 0);
	if (!uart.tty) {
		log_error("serial: no memory for ttyS0");
		return;
	}
	settings = *tty_settings(uart.tty);
	settings.cflag = speed_code(speed) | CS8 | CREAD | HUPCL | CLOCAL;
	settings.ispeed = settings.ospeed = speed;
	tty_set_initial_settings(uart.tty, &settings);
	serial_set_termios(uart.tty);
	error = irq_register(IRQ, interrupt, NULL);
	if (error) {
		log_error("serial: IRQ %u cannot be had: error %d", IRQ, -error);
		return;
	}
	write_ier(uart.ier | IER_RECEIVED | IER_LINE);
	log_info("serial: ttyS0 at 0x%x, IRQ %u, %s", BASE, IRQ,
		 uart.fifo_size > 1 ? "16550A" : "without FIFO");
}
