/*
 * lib/integer.c: quotient and remainder are those of the compiler's own functions, over random
 * numbers and the ends of their range. SOURCES: lib/integer.c
 */
#include "unit.h"

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder);
int64_t __divmoddi4(int64_t dividend, int64_t divisor, int64_t *remainder);
int __popcountsi2(uint32_t value);

/* Of any size, and often next to a power of two. */
static uint64_t random_wide(void)
{
	uint64_t value = (uint64_t)unit_random() << 32 | unit_random();

	switch (unit_random() % 4) {
	case 0:
		return value;
	case 1:
		return (1ull << unit_random() % 64) + unit_random() % 3 - 1;
	case 2:
		return -(1ull << unit_random() % 64) + unit_random() % 3;
	default:
		return value >> unit_random() % 64;
	}
}

static void check_unsigned(uint64_t dividend, uint64_t divisor)
{
	uint64_t remainder;
	uint64_t quotient = __udivmoddi4(dividend, divisor, &remainder);

	assert_true(quotient == dividend / divisor);
	assert_true(remainder == dividend % divisor);
}

static void unsigned_division(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000000; i++) {
		uint64_t divisor = random_wide();

		check_unsigned(random_wide(), divisor ? divisor : 1);
	}
}

static void unsigned_extremes(void **state)
{
	static const uint64_t some[] = { 1,
					 2,
					 0xffffffff,
					 0x100000000,
					 0x100000001,
					 0x7fffffffffffffff,
					 0x8000000000000000,
					 0x8000000000000001,
					 0xfffffffffffffffe,
					 0xffffffffffffffff };

	(void)state;
	for (unsigned i = 0; i < sizeof(some) / sizeof(*some); i++) {
		check_unsigned(0, some[i]);
		for (unsigned j = 0; j < sizeof(some) / sizeof(*some); j++)
			check_unsigned(some[i], some[j]);
	}
}

static void signed_division(void **state)
{
	int64_t remainder;

	(void)state;
	assert_true(__divmoddi4(7, 2, &remainder) == 3 && remainder == 1);
	assert_true(__divmoddi4(-7, 2, &remainder) == -3 && remainder == -1);
	assert_true(__divmoddi4(7, -2, &remainder) == -3 && remainder == 1);
	assert_true(__divmoddi4(-7, -2, &remainder) == 3 && remainder == -1);
	assert_true(__divmoddi4(INT64_MIN, 1, &remainder) == INT64_MIN && remainder == 0);
	assert_true(__divmoddi4(INT64_MIN, INT64_MIN, &remainder) == 1 && remainder == 0);
}

static void counted_bits(void **state)
{
	(void)state;
	assert_int_equal(__popcountsi2(0), 0);
	assert_int_equal(__popcountsi2(0xffffffff), 32);
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t value = unit_random(), left = value;
		int count = 0;

		for (; left; left &= left - 1)
			count++;
		assert_int_equal(__popcountsi2(value), count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsigned_division),
		cmocka_unit_test(unsigned_extremes),
		cmocka_unit_test(signed_division),
		cmocka_unit_test(counted_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
