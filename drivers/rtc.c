/*
 * The MC146818 real-time clock, read once while booting (data sheet; the CMOS ports of the IBM AT).
 *
 * It keeps local or universal time as somebody set it; we take it for universal time. Its
 * registers are not to be trusted while it counts on, once a second and for about 2 ms; two
 * readings that agree and do not straddle such a moment are one time. There is no century
 * register that can be relied on: years below 70 belong to the 2000s.
 */
#include <drivers.h>

#include <string.h>

#include "port.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define INDEX_NMI_OFF 0x80

enum rtc_register {
	RTC_SECOND = 0,
	RTC_MINUTE = 2,
	RTC_HOUR = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_STATUS_A = 10,
	RTC_STATUS_B = 11
};

#define STATUS_A_UPDATING 0x80
#define STATUS_B_24_HOURS 0x02
#define STATUS_B_BINARY 0x04
#define HOUR_PM 0x80

#define READINGS_MAX 10000 /* longer than an update takes on any machine */

struct reading {
	uint8_t second, minute, hour, day, month, year, status_b;
};

static uint8_t read_register(enum rtc_register which)
{
	port_write8(CMOS_INDEX, INDEX_NMI_OFF | which);
	uint8_t value = port_read8(CMOS_DATA);

	port_write8(CMOS_INDEX, RTC_STATUS_A);
	return value;
}

static void read_all(struct reading *reading)
{
	*reading = (struct reading){
		.second = read_register(RTC_SECOND),
		.minute = read_register(RTC_MINUTE),
		.hour = read_register(RTC_HOUR),
		.day = read_register(RTC_DAY),
		.month = read_register(RTC_MONTH),
		.year = read_register(RTC_YEAR),
		.status_b = read_register(RTC_STATUS_B),
	};
}

/* False when no two readings agree, as with no clock there, or one that is broken. */
static bool read_stable(struct reading *reading)
{
	struct reading again;

	for (unsigned i = 0; i < READINGS_MAX; i++) {
		if (read_register(RTC_STATUS_A) & STATUS_A_UPDATING)
			continue;
		read_all(reading);
		read_all(&again);
		if (memcmp(reading, &again, sizeof(again)) == 0)
			return true;
	}
	return false;
}

static unsigned from_bcd(unsigned value)
{
	return (value >> 4) * 10 + (value & 0x0f);
}

/* To plain numbers: binary, hours from 0 to 23. */
static void make_plain(struct reading *reading)
{
	bool pm = !(reading->status_b & STATUS_B_24_HOURS) && (reading->hour & HOUR_PM);

	if (pm)
		reading->hour &= ~HOUR_PM;
	if (!(reading->status_b & STATUS_B_BINARY)) {
		reading->second = from_bcd(reading->second);
		reading->minute = from_bcd(reading->minute);
		reading->hour = from_bcd(reading->hour);
		reading->day = from_bcd(reading->day);
		reading->month = from_bcd(reading->month);
		reading->year = from_bcd(reading->year);
	}
	if (!(reading->status_b & STATUS_B_24_HOURS))
		reading->hour = reading->hour % 12 + (pm ? 12 : 0);
}

static bool is_sane(const struct reading *reading)
{
	return reading->second < 60 && reading->minute < 60 && reading->hour < 24 &&
	       reading->day >= 1 && reading->day <= 31 && reading->month >= 1 &&
	       reading->month <= 12 && reading->year < 100;
}

/*
 * Days since 1970-01-01 in the Gregorian calendar: a year here starts in March, so that a leap
 * day is its last.
 */
static uint32_t days_since_1970(uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t march_year = month > 2 ? year : year - 1;
	uint32_t march_month = month > 2 ? month - 3 : month + 9;
	uint32_t leap_days = march_year / 4 - march_year / 100 + march_year / 400;
	uint32_t days = march_year * 365 + leap_days + (march_month * 153 + 2) / 5 + day - 1;

	return days - 719468; /* the same for 1970-01-01 */
}

uint64_t rtc_read(void)
{
	struct reading now;

	if (!read_stable(&now))
		return 0;
	make_plain(&now);
	if (!is_sane(&now))
		return 0;
	uint32_t year = now.year < 70 ? 2000u + now.year : 1900u + now.year;
	uint64_t days = days_since_1970(year, now.month, now.day);

	return ((days * 24 + now.hour) * 60 + now.minute) * 60 + now.second;
}
