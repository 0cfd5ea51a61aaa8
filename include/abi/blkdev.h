/*
 * Requests of ioctl(2) to block devices, Linux i386 ABI (linux/fs.h, linux/hdreg.h).
 */
#ifndef LOFT_ABI_BLKDEV_H
#define LOFT_ABI_BLKDEV_H

#include <types.h>

#define BLKROSET 0x125d
#define BLKROGET 0x125e
#define BLKRRPART 0x125f
#define BLKGETSIZE 0x1260 /* in 512 bytes, 32 bits of it */
#define BLKFLSBUF 0x1261
#define BLKRASET 0x1262
#define BLKRAGET 0x1263 /* in 512 bytes */
#define BLKSECTGET 0x1267
#define BLKSSZGET 0x1268
#define BLKBSZGET 0x80041270u
#define BLKBSZSET 0x40041271u
#define BLKGETSIZE64 0x80041272u /* in bytes, 64 bits */
#define BLKDISCARD 0x1277
#define BLKIOMIN 0x1278
#define BLKIOOPT 0x1279
#define BLKALIGNOFF 0x127a
#define BLKPBSZGET 0x127b
#define BLKDISCARDZEROES 0x127c
#define BLKSECDISCARD 0x127d
#define BLKROTATIONAL 0x127e
#define BLKZEROOUT 0x127f
#define HDIO_GETGEO 0x0301

struct hd_geometry {
	uint8_t heads, sectors;
	uint16_t cylinders;
	uint32_t start; /* of a partition, in sectors */
};

#endif
