/*
 * What the compiler asks for by these names where the processor has no instruction: division of
 * 64-bit integers, and counting bits. Its own library has them too, but for the usual calling
 * convention, while the kernel passes arguments in registers.
 *
 * The processor's DIV makes 32 bits of quotient from 64 bits and a 32-bit divisor, and faults if
 * they are too few (Intel SDM 2A, DIV). With a divisor that fits it, the quotient is made in two
 * halves, as on paper. A larger divisor is shortened to its 32 highest bits first; what DIV then
 * says is the quotient or one more.
 */
#include <types.h>

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder);
int64_t __divmoddi4(int64_t dividend, int64_t divisor, int64_t *remainder);
uint64_t __udivdi3(uint64_t dividend, uint64_t divisor);
uint64_t __umoddi3(uint64_t dividend, uint64_t divisor);
int64_t __divdi3(int64_t dividend, int64_t divisor);
int64_t __moddi3(int64_t dividend, int64_t divisor);
int __popcountsi2(uint32_t value);

static uint32_t high_half(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

/* DIV. high < divisor, which 0 as a divisor never lets hold. */
static uint32_t divide_step(uint32_t high, uint32_t low, uint32_t divisor, uint32_t *remainder)
{
	uint32_t quotient;

	__asm__("divl %[divisor]"
		: "=a"(quotient), "=d"(*remainder)
		: "a"(low), "d"(high), [divisor] "rm"(divisor)
		: "cc");
	return quotient;
}

static uint64_t divide_by_short(uint64_t dividend, uint32_t divisor, uint64_t *remainder)
{
	uint32_t rest = 0, high = 0, low;

	if (high_half(dividend) >= divisor)
		high = divide_step(0, high_half(dividend), divisor, &rest);
	else
		rest = high_half(dividend);
	low = divide_step(rest, (uint32_t)dividend, divisor, &rest);
	*remainder = rest;
	return (uint64_t)high << 32 | low;
}

/* high_half(divisor) is not 0, so that the quotient has less than 32 bits. */
static uint64_t divide_by_long(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
	unsigned unused = (unsigned)__builtin_clz(high_half(divisor));
	uint32_t shortened = high_half(divisor << unused), rest;
	/* Half the dividend: its high half is then below the divisor, whose highest bit is set. */
	uint32_t guess = divide_step(high_half(dividend >> 1), (uint32_t)(dividend >> 1), shortened,
				     &rest);
	uint64_t quotient = guess >> (31 - unused);

	if (quotient > 0)
		quotient--; /* now it is right, or one less */
	*remainder = dividend - quotient * divisor;
	if (*remainder >= divisor) {
		quotient++;
		*remainder -= divisor;
	}
	return quotient;
}

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
	uint64_t unwanted;

	if (!remainder)
		remainder = &unwanted;
	if (high_half(divisor) == 0)
		return divide_by_short(dividend, (uint32_t)divisor, remainder);
	return divide_by_long(dividend, divisor, remainder);
}

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Towards 0; the remainder has the dividend's sign (C11 6.5.5). */
int64_t __divmoddi4(int64_t dividend, int64_t divisor, int64_t *remainder)
{
	uint64_t rest;
	uint64_t quotient = __udivmoddi4(magnitude(dividend), magnitude(divisor), &rest);

	*remainder = (int64_t)(dividend < 0 ? -rest : rest);
	return (int64_t)((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor)
{
	return __udivmoddi4(dividend, divisor, NULL);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor)
{
	uint64_t remainder;

	__udivmoddi4(dividend, divisor, &remainder);
	return remainder;
}

int64_t __divdi3(int64_t dividend, int64_t divisor)
{
	int64_t remainder;

	return __divmoddi4(dividend, divisor, &remainder);
}

int64_t __moddi3(int64_t dividend, int64_t divisor)
{
	int64_t remainder;

	__divmoddi4(dividend, divisor, &remainder);
	return remainder;
}

/* Sums in fields of 2, 4 and 8 bits; the product's highest byte is the sum of the bytes. */
int __popcountsi2(uint32_t value)
{
	value -= (value >> 1) & 0x55555555;
	value = (value & 0x33333333) + ((value >> 2) & 0x33333333);
	value = (value + (value >> 4)) & 0x0f0f0f0f;
	return (int)((value * 0x01010101) >> 24);
}
