/*
 * The memory of evicted pages: buckets of eight, chosen by a hash of the page's number.
 *
 * Of each page 16 bits of its hash are kept, other ones than those that chose the bucket, and the 16
 * low bits of the time in units. A unit is as many ticks as make the 16 bits go four times as far as
 * there are frames; what is older than that has been replaced in its bucket long since. A new page
 * takes the place of the oldest in its bucket.
 */
#include <policy_history.h>

#include <assert.h>
#include <policy.h>

#define WAYS 8u
#define TIME_BITS 16

struct memory {
	uint16_t check; /* 0: nothing here */
	uint16_t time;
};

static struct memory *memories; /* NULL: none */
static uint32_t nbuckets;
static uint32_t now;
static unsigned unit_shift;

void policy_history_init(uint32_t nframes)
{
	nbuckets = MAX(nframes / WAYS, 1u);
	now = 0;
	unit_shift = 0;
	while (((uint64_t)4 * nframes >> unit_shift) >= 1u << TIME_BITS)
		unit_shift++;
	memories = policy_memory(nbuckets * WAYS * sizeof(*memories));
}

void policy_history_tick(void)
{
	now++;
}

/* Bits that depend on all bits of the key (the finisher of MurmurHash3). */
static uint32_t mix(uint32_t key)
{
	key ^= key >> 16;
	key *= 0x85ebca6bu;
	key ^= key >> 13;
	key *= 0xc2b2ae35u;
	return key ^ key >> 16;
}

static struct memory *bucket_of(uint32_t hash)
{
	assert(memories && nbuckets > 0);
	return memories + (hash % nbuckets) * WAYS;
}

static uint16_t check_of(uint32_t hash)
{
	return (uint16_t)(hash >> 16) ? (uint16_t)(hash >> 16) : 1;
}

static uint16_t time_now(void)
{
	return (uint16_t)(now >> unit_shift);
}

void policy_history_enter(uint32_t key)
{
	uint32_t hash = mix(key);
	struct memory *bucket, *oldest;

	now++;
	if (!memories)
		return;
	bucket = oldest = bucket_of(hash);
	for (unsigned i = 0; i < WAYS && oldest->check; i++)
		if (!bucket[i].check ||
		    (uint16_t)(time_now() - bucket[i].time) > (uint16_t)(time_now() - oldest->time))
			oldest = &bucket[i];
	*oldest = (struct memory){ check_of(hash), time_now() };
}

bool policy_history_take(uint32_t key, uint32_t *age)
{
	uint32_t hash = mix(key);
	struct memory *bucket;

	if (!memories)
		return false;
	bucket = bucket_of(hash);
	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket[i].check != check_of(hash))
			continue;
		bucket[i].check = 0;
		*age = (uint32_t)(uint16_t)(time_now() - bucket[i].time) << unit_shift;
		return true;
	}
	return false;
}
