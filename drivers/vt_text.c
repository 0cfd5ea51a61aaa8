/*
 * The character screen's text: UTF-8 (RFC 3629), and the character sets of times before it.
 */
#include "vt.h"

#define REPLACEMENT 0xfffd

/* The VT100's second character set: lines and corners in the place of small letters. */
static uint32_t graphics(uint8_t byte)
{
	static const uint16_t lines[] = {
		0x00a0, 0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0,
		0x00b1, 0x2591, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c,
		0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534,
		0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
	};

	return byte >= '_' && byte <= '~' ? lines[byte - '_'] : byte;
}

static void put_byte(struct vt *vt, uint8_t byte)
{
	if (vt->raw)
		byte ^= vt->raw_turned ? 0x80 : 0;
	if (vt->raw || vt->at.charset[vt->at.shift] == VT_CHARSET_CP437)
		vt_put(vt, cp437_to_unicode[byte]);
	else if (vt->at.charset[vt->at.shift] == VT_CHARSET_GRAPHICS)
		vt_put(vt, graphics(byte));
	else
		vt_put(vt, byte);
}

/* The first byte of a UTF-8 character of several. */
static void utf8_first(struct vt *vt, uint8_t byte)
{
	if (byte >= 0xc2 && byte <= 0xdf) {
		vt->code_left = 1;
		vt->code = byte & 0x1f;
		vt->code_least = 0x80;
	} else if (byte >= 0xe0 && byte <= 0xef) {
		vt->code_left = 2;
		vt->code = byte & 0x0f;
		vt->code_least = 0x800;
	} else if (byte >= 0xf0 && byte <= 0xf4) {
		vt->code_left = 3;
		vt->code = byte & 0x07;
		vt->code_least = 0x10000;
	} else {
		vt_put(vt, REPLACEMENT);
	}
}

static void utf8_byte(struct vt *vt, uint8_t byte)
{
	bool continues = (byte & 0xc0) == 0x80;

	if (vt->code_left > 0 && !continues) {
		vt->code_left = 0;
		vt_put(vt, REPLACEMENT); /* a character cut short */
	}
	if (byte < 0x80) {
		put_byte(vt, byte);
	} else if (vt->code_left > 0) {
		vt->code = vt->code << 6 | (byte & 0x3f);
		if (--vt->code_left > 0)
			return;
		if (vt->code < vt->code_least || vt->code > 0x10ffff ||
		    (vt->code >= 0xd800 && vt->code <= 0xdfff))
			vt->code = REPLACEMENT;
		vt_put(vt, vt->code);
	} else {
		utf8_first(vt, byte);
	}
}

void vt_text_byte(struct vt *vt, uint8_t byte)
{
	if (vt->utf8 && !vt->raw)
		utf8_byte(vt, byte);
	else
		put_byte(vt, byte);
}
