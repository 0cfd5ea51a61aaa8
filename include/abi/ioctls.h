/*
 * Terminal and console requests of ioctl(2), Linux i386 ABI (asm-generic/ioctls.h, linux/kd.h,
 * linux/vt.h, linux/tiocl.h, linux/serial.h).
 */
#ifndef LOFT_ABI_IOCTLS_H
#define LOFT_ABI_IOCTLS_H

#include <types.h>

#define TCGETS 0x5401
#define TCSETS 0x5402
#define TCSETSW 0x5403
#define TCSETSF 0x5404
#define TCGETA 0x5405
#define TCSETA 0x5406
#define TCSETAW 0x5407
#define TCSETAF 0x5408
#define TCSBRK 0x5409
#define TCXONC 0x540A
#define TCFLSH 0x540B
#define TIOCEXCL 0x540C
#define TIOCNXCL 0x540D
#define TIOCSCTTY 0x540E
#define TIOCGPGRP 0x540F
#define TIOCSPGRP 0x5410
#define TIOCOUTQ 0x5411
#define TIOCSTI 0x5412
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define TIOCMGET 0x5415
#define TIOCMBIS 0x5416
#define TIOCMBIC 0x5417
#define TIOCMSET 0x5418
#define TIOCGSOFTCAR 0x5419
#define TIOCSSOFTCAR 0x541A
#define FIONREAD 0x541B
#define TIOCINQ FIONREAD
#define TIOCLINUX 0x541C
#define TIOCGSERIAL 0x541E
#define TIOCSSERIAL 0x541F
#define FIONBIO 0x5421
#define TIOCNOTTY 0x5422
#define TIOCSETD 0x5423
#define TIOCGETD 0x5424
#define TCSBRKP 0x5425
#define TIOCSBRK 0x5427
#define TIOCCBRK 0x5428
#define TIOCGSID 0x5429
#define TCGETS2 0x802C542Au
#define TCSETS2 0x402C542Bu
#define TCSETSW2 0x402C542Cu
#define TCSETSF2 0x402C542Du
#define TIOCPKT 0x5420
#define TIOCGPTN 0x80045430u
#define TIOCSPTLCK 0x40045431u
#define TIOCSIG 0x40045436u
#define TIOCGPKT 0x80045438u
#define TIOCGPTLCK 0x80045439u
#define TIOCGPTPEER 0x5441
#define TIOCGDEV 0x80045432u
#define TIOCVHANGUP 0x5437
#define TIOCGLCKTRMIOS 0x5456
#define TIOCSLCKTRMIOS 0x5457
#define TIOCGEXCL 0x80045440u
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451
#define FIOASYNC 0x5452

/* What a read of a pseudo-terminal's master in packet mode begins with; 0: data follow. */
#define TIOCPKT_FLUSHREAD 1
#define TIOCPKT_FLUSHWRITE 2
#define TIOCPKT_STOP 4
#define TIOCPKT_START 8
#define TIOCPKT_NOSTOP 16
#define TIOCPKT_DOSTOP 32
#define TIOCPKT_IOCTL 64

/* Modem lines, TIOCMGET and its kin. */
#define TIOCM_DTR 0x002u
#define TIOCM_RTS 0x004u
#define TIOCM_CTS 0x020u
#define TIOCM_CAR 0x040u
#define TIOCM_RNG 0x080u
#define TIOCM_DSR 0x100u
#define TIOCM_OUT1 0x2000u
#define TIOCM_OUT2 0x4000u
#define TIOCM_LOOP 0x8000u

#define KIOCSOUND 0x4B2F
#define KDMKTONE 0x4B30
#define KDGETLED 0x4B31
#define KDSETLED 0x4B32
#define KDGKBTYPE 0x4B33
#define KDSETMODE 0x4B3A
#define KDGETMODE 0x4B3B
#define KDGKBMODE 0x4B44
#define KDSKBMODE 0x4B45
#define KDGKBMETA 0x4B62
#define KDGKBLED 0x4B64
#define KDSKBLED 0x4B65
#define KB_101 2 /* a keyboard of 101 keys */
#define KD_TEXT 0
#define K_UNICODE 3   /* keys are sent as UTF-8 */
#define K_ESCPREFIX 4 /* Alt sends ESC and the key */

#define VT_OPENQRY 0x5600
#define VT_GETMODE 0x5601
#define VT_SETMODE 0x5602
#define VT_GETSTATE 0x5603
#define VT_ACTIVATE 0x5606
#define VT_WAITACTIVE 0x5607
#define VT_AUTO 0

struct vt_stat {
	uint16_t active, signal, state;
};

struct vt_mode {
	uint8_t mode, waitv;
	int16_t relsig, acqsig, frsig;
};

#define PORT_8250 1
#define PORT_16450 2
#define PORT_16550A 4

struct serial_struct {
	int32_t type, line;
	uint32_t port;
	int32_t irq, flags, xmit_fifo_size, custom_divisor, baud_base;
	uint16_t close_delay;
	int8_t io_type, reserved_char;
	int32_t hub6;
	uint16_t closing_wait, closing_wait2;
	uint32_t iomem_base;
	uint16_t iomem_reg_shift;
	uint32_t port_high, iomap_base;
};

/* Files on a disk: chattr and lsattr (linux/fs.h); _IOR and _IOW of a long. */
#define FS_IOC_GETFLAGS 0x80046601
#define FS_IOC_SETFLAGS 0x40046602
#define FS_IOC_GETVERSION 0x80047601
#define FS_IOC_SETVERSION 0x40047602

#endif
