/*
 * Bitmaps of blocks and inodes: 1 is in use. Looking goes by words of 32 bits where it can; a
 * block is at least 1 KB and aligned to words, and so is every bitmap here.
 */
#include "geometry.h"

#include <assert.h>

bool ext2_bit_test(const uint8_t *bits, uint32_t at)
{
	return bits[at / 8] & (1u << at % 8);
}

void ext2_bit_set(uint8_t *bits, uint32_t at)
{
	bits[at / 8] |= (uint8_t)(1u << at % 8);
}

void ext2_bit_clear(uint8_t *bits, uint32_t at)
{
	bits[at / 8] &= (uint8_t) ~(1u << at % 8);
}

uint32_t ext2_bit_find(const uint8_t *bits, uint32_t from, uint32_t end)
{
	const uint32_t *words = (const uint32_t *)(const void *)bits;

	while (from < end) {
		uint32_t word = ~words[from / 32] >> from % 32;

		if (word) {
			from += (uint32_t)__builtin_ctz(word);
			break;
		}
		from = ROUND_DOWN(from, 32u) + 32;
	}
	return MIN(from, end);
}

uint32_t ext2_bit_find_byte(const uint8_t *bits, uint32_t from, uint32_t end)
{
	for (uint32_t byte = DIV_ROUND_UP(from, 8u); (byte + 1) * 8 <= end; byte++)
		if (bits[byte] == 0)
			return byte * 8;
	return end;
}

uint32_t ext2_bit_run(const uint8_t *bits, uint32_t at, uint32_t end, uint32_t max)
{
	uint32_t count = 0;

	while (count < max && at + count < end && !ext2_bit_test(bits, at + count))
		count++;
	return count;
}
