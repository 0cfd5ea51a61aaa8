/*
 * Terminal settings of the Linux i386 ABI (asm-generic/termbits.h, asm-generic/termios.h).
 */
#ifndef LOFT_ABI_TERMIOS_H
#define LOFT_ABI_TERMIOS_H

#include <types.h>

#define NCCS 19

/* What TCGETS and TCSETS carry: without the speeds. */
struct termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[NCCS];
};

/* What TCGETS2 and TCSETS2 carry, and what the kernel keeps. */
struct termios2 {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[NCCS];
	uint32_t ispeed, ospeed; /* bits a second */
};

/* What TCGETA and TCSETA carry (System V). */
#define NCC 8
struct termio {
	uint16_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[NCC];
};

struct winsize {
	uint16_t rows, columns, xpixels, ypixels;
};

/* Control characters; 0 in cc[] means that there is none. */
#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VTIME 5
#define VMIN 6
#define VSWTC 7
#define VSTART 8
#define VSTOP 9
#define VSUSP 10
#define VEOL 11
#define VREPRINT 12
#define VDISCARD 13
#define VWERASE 14
#define VLNEXT 15
#define VEOL2 16

/* iflag */
#define IGNBRK 0x1u
#define BRKINT 0x2u
#define IGNPAR 0x4u
#define PARMRK 0x8u
#define INPCK 0x10u
#define ISTRIP 0x20u
#define INLCR 0x40u
#define IGNCR 0x80u
#define ICRNL 0x100u
#define IUCLC 0x200u
#define IXON 0x400u
#define IXANY 0x800u
#define IXOFF 0x1000u
#define IMAXBEL 0x2000u
#define IUTF8 0x4000u

/* oflag */
#define OPOST 0x1u
#define OLCUC 0x2u
#define ONLCR 0x4u
#define OCRNL 0x8u
#define ONOCR 0x10u
#define ONLRET 0x20u
#define TABDLY 0x1800u
#define XTABS 0x1800u

/* cflag */
#define CBAUD 0x100fu
#define CBAUDEX 0x1000u
#define BOTHER 0x1000u
#define CSIZE 0x30u
#define CS5 0x00u
#define CS6 0x10u
#define CS7 0x20u
#define CS8 0x30u
#define CSTOPB 0x40u
#define CREAD 0x80u
#define PARENB 0x100u
#define PARODD 0x200u
#define HUPCL 0x400u
#define CLOCAL 0x800u
#define CIBAUD_SHIFT 16
#define CRTSCTS 0x80000000u
#define B9600 0x000du
#define B38400 0x000fu
#define B115200 0x1002u

/* lflag */
#define ISIG 0x1u
#define ICANON 0x2u
#define ECHO 0x8u
#define ECHOE 0x10u
#define ECHOK 0x20u
#define ECHONL 0x40u
#define NOFLSH 0x80u
#define TOSTOP 0x100u
#define ECHOCTL 0x200u
#define ECHOPRT 0x400u
#define ECHOKE 0x800u
#define EXTPROC 0x10000u
#define IEXTEN 0x8000u

/* Arguments of TCFLSH and TCXONC. */
#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2
#define TCOOFF 0
#define TCOON 1
#define TCIOFF 2
#define TCION 3

#endif
