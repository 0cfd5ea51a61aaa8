/*
 * Directory entries of the Linux i386 ABI, as getdents and getdents64 write them.
 */
#ifndef LOFT_ABI_DIRENT_H
#define LOFT_ABI_DIRENT_H

#include <types.h>

/* getdents: name, zero bytes, and the type in the record's last byte. Records are aligned to 4. */
struct dirent32 {
	uint32_t ino, offset;
	uint16_t size;
	char name[];
};

/* getdents64: records are aligned to 8, whatever the compiler thinks of 64-bit fields. */
struct dirent64 {
	uint64_t ino;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
} __attribute__((packed));

/* A directory entry's type is the file type's bits of its mode, shifted down. */
#define DT_OF_MODE(mode) (((mode)&0170000u) >> 12)
#define DT_UNKNOWN 0u
#define DT_DIR 4u
#define DT_REG 8u
#define DT_LNK 10u

#endif
