/*
 * The random number generator: ChaCha20 (RFC 8439, 2.3) with fast key erasure. A refill makes four
 * blocks; the first 32 bytes of them are the next key, the rest is given out and wiped as it goes,
 * so that whoever reads this memory later learns nothing about what was given out before.
 *
 * The first key comes from RDRAND where the processor has it, the time stamp counter and the
 * wall clock; interrupts stir their moments into a pool, which goes into the key at each
 * refill. On a machine without RDRAND the first numbers after boot can be guessed by who knows
 * the boot to the cycle: getrandom does not wait for better ones.
 */
#include <random.h>

#include <abi/errno.h>
#include <assert.h>
#include <clock.h>
#include <cpu.h>
#include <layout.h>
#include <signal.h>
#include <string.h>
#include <task.h>
#include <uaccess.h>

#define KEY_WORDS 8
#define BLOCK_WORDS 16
#define BLOCKS 4
#define ROUND_PAIRS 10
#define RDRAND_TRIES 10 /* Intel SDM 1, 7.3.17.1 */
#define POOL_WORDS 8
#define COPY_SIZE 256
#define SIZE_MAX_CALL 0x7ffff000u /* as much as Linux takes in one call */

static uint32_t key[KEY_WORDS];
static uint32_t output[BLOCKS * BLOCK_WORDS];
static size_t used = sizeof(output); /* bytes of output that are gone */
static volatile uint32_t pool[POOL_WORDS], pool_at;

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

static void quarter_round(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 7);
}

void chacha20_block(const uint32_t *with_key, uint32_t counter, uint32_t *to)
{
	uint32_t start[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(start + 4, with_key, KEY_WORDS * sizeof(uint32_t));
	start[12] = counter;
	memcpy(to, start, sizeof(start));
	for (unsigned i = 0; i < ROUND_PAIRS; i++) {
		quarter_round(to, 0, 4, 8, 12);
		quarter_round(to, 1, 5, 9, 13);
		quarter_round(to, 2, 6, 10, 14);
		quarter_round(to, 3, 7, 11, 15);
		quarter_round(to, 0, 5, 10, 15);
		quarter_round(to, 1, 6, 11, 12);
		quarter_round(to, 2, 7, 8, 13);
		quarter_round(to, 3, 4, 9, 14);
	}
	for (unsigned i = 0; i < BLOCK_WORDS; i++)
		to[i] += start[i];
}

void random_stir(uint32_t word)
{
	uint32_t at = pool_at++ % POOL_WORDS;

	pool[at] = rotate(pool[at], 7) ^ word;
}

static void refill(void)
{
	for (unsigned i = 0; i < KEY_WORDS; i++)
		key[i] ^= pool[i];
	for (unsigned i = 0; i < BLOCKS; i++)
		chacha20_block(key, i, output + i * BLOCK_WORDS);
	memcpy(key, output, sizeof(key));
	memset(output, 0, sizeof(key));
	used = sizeof(key);
}

static uint32_t rdrand(void)
{
	for (unsigned i = 0; i < RDRAND_TRIES; i++) {
		uint32_t word;
		uint8_t valid;

		__asm__ volatile(".byte 0x0f, 0xc7, 0xf0; setc %1" : "=a"(word), "=qm"(valid));
		if (valid)
			return word;
	}
	return 0;
}

void random_init(void)
{
	for (unsigned i = 0; i < KEY_WORDS; i++) {
		if (cpu_has(CPU_RDRAND))
			key[i] ^= rdrand();
		if (cpu_has(CPU_TSC))
			random_stir((uint32_t)cpu_read_tsc());
	}
	random_stir((uint32_t)clock_realtime_ns());
	refill();
}

void random_bytes(void *to, size_t size)
{
	char *at = to;

	while (size > 0) {
		if (used == sizeof(output))
			refill();
		size_t part = MIN(size, sizeof(output) - used);
		char *from = (char *)output + used;

		memcpy(at, from, part);
		memset(from, 0, part);
		used += part;
		at += part;
		size -= part;
	}
}

/*
 * Bytes written; fewer when a signal or a bad page comes in between, but a signal never cuts
 * less than a page.
 */
int32_t sys_getrandom(void __user *to, size_t size, uint32_t flags)
{
	char bytes[COPY_SIZE];
	size_t done = 0;

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE))
		return -EINVAL;
	size = MIN(size, SIZE_MAX_CALL);
	if (!user_range_ok(to, size))
		return -EFAULT;
	while (done < size) {
		size_t part = MIN(size - done, sizeof(bytes));

		random_bytes(bytes, part);
		size_t left = copy_to_user_partial((char *)to + done, bytes, part);

		done += part - left;
		if (left)
			return done ? (int32_t)done : -EFAULT;
		if (done % PAGE_SIZE == 0 && (sched_give_way() || signal_pending()))
			break;
	}
	memset(bytes, 0, sizeof(bytes));
	return done;
}
