/* EXPECT: serial_flow.txt */
/*
 * Hardware flow control on ttyS0: the UART's loop leads its own RTS to CTS and what it sends to
 * what it receives, so that both ends of the line are ours.
 */
#include "files.h"
#include <termios.h>

#ifndef TIOCM_LOOP
#define TIOCM_LOOP 0x8000
#endif

static void set_lines(int fd, unsigned lines)
{
	SHOW(ioctl(fd, TIOCMSET, &lines));
	ioctl(fd, TIOCMGET, &lines);
	printf("clear to send: %d\n", !!(lines & TIOCM_CTS));
}

static void show_queues(int fd)
{
	int waiting = -1, received = -1;

	usleep(100000);
	ioctl(fd, TIOCOUTQ, &waiting);
	ioctl(fd, FIONREAD, &received);
	printf("waiting %d, received %d\n", waiting, received);
}

int main(void)
{
	int fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_NONBLOCK);
	struct termios before, raw;
	unsigned lines;
	static char output[4096];
	char text[64] = "";

	/* What reads our output writes to this very line: not before it is as it was. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	tcgetattr(fd, &before);
	ioctl(fd, TIOCMGET, &lines);
	lines &= ~TIOCM_LOOP;
	raw = before;
	cfmakeraw(&raw);
	raw.c_cflag |= CRTSCTS;
	SHOW(tcsetattr(fd, TCSAFLUSH, &raw));
	set_lines(fd, TIOCM_LOOP | TIOCM_DTR);
	SHOW(write(fd, "held back ", 10));
	SHOW(write(fd, "now!", 4));
	show_queues(fd);
	set_lines(fd, TIOCM_LOOP | TIOCM_DTR | TIOCM_RTS);
	show_queues(fd);
	SHOW(read(fd, text, sizeof(text) - 1));
	puts(text);
	set_lines(fd, TIOCM_LOOP | TIOCM_DTR);
	SHOW(write(fd, "again", 5));
	show_queues(fd);
	raw.c_cflag &= ~CRTSCTS;
	SHOW(tcsetattr(fd, TCSANOW, &raw));
	show_queues(fd);
	SHOW(read(fd, text, sizeof(text) - 1));
	ioctl(fd, TIOCMSET, &lines);
	tcsetattr(fd, TCSAFLUSH, &before);
	close(fd);
	return 0;
}
