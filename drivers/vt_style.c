/*
 * Colours of the character screen: what SGR says (ECMA-48, and the 16, 256 and 2^24 colours
 * that programs ask for), and the sixteen colours of VGA text that come of it, by Linux's rules
 * (console_codes(4)).
 */
#include "vt.h"

/* ANSI numbers colours red first, VGA blue first. */
static const uint8_t ansi_to_vga[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

#define COLOUR_ITALIC 2
#define COLOUR_UNDERLINE 3
#define COLOUR_HALF 8

void vt_default_style(struct vt_style *style, const struct vt *vt)
{
	*style = (struct vt_style){
		.foreground = vt->default_foreground,
		.background = vt->default_background,
	};
}

uint8_t vt_colour(const struct vt_style *style, bool reverse_screen)
{
	uint8_t foreground = style->foreground, colour;

	if (style->italic)
		foreground = COLOUR_ITALIC;
	else if (style->underline)
		foreground = COLOUR_UNDERLINE;
	else if (style->half)
		foreground = COLOUR_HALF;
	colour = (uint8_t)(style->background << 4 | foreground);
	if (style->reverse != reverse_screen)
		colour = (uint8_t)((colour & 0x88) | (colour & 0x07) << 4 | (colour & 0x70) >> 4);
	if (style->blink)
		colour ^= 0x80;
	if (style->bold)
		colour |= 0x08;
	return colour;
}

/* The nearest of the sixteen. */
static uint8_t nearest(unsigned red, unsigned green, unsigned blue)
{
	unsigned most = MAX(red, MAX(green, blue)), half = most / 2;
	uint8_t colour = (uint8_t)((red > half ? 4 : 0) | (green > half ? 2 : 0) |
				   (blue > half ? 1 : 0));

	if (most <= 0x2a)
		return 0;
	if (colour == 7 && most <= 0x7f)
		return 8;
	return most > 0xaa ? colour | 8 : colour;
}

/* The 256 colours: 16 named, a cube of 6 x 6 x 6, 24 greys. */
static uint8_t indexed(unsigned index)
{
	if (index < 16)
		return ansi_to_vga[index & 7] | (index & 8);
	if (index < 232) {
		index -= 16;
		return nearest(index / 36 * 51, index / 6 % 6 * 51, index % 6 * 51);
	}
	index = MIN((index - 232) * 10 + 8, 255u);
	return nearest(index, index, index);
}

/* 38 and 48 are followed by 5;INDEX or 2;RED;GREEN;BLUE: stores the colour, returns how many
 * parameters they took. */
static unsigned extended(const struct vt *vt, unsigned at, uint8_t *colour)
{
	const uint16_t *parameters = vt->parameters + at;
	unsigned left = vt->nparameters - at;

	if (left >= 2 && parameters[0] == 5) {
		*colour = indexed(MIN(parameters[1], (uint16_t)255));
		return 2;
	}
	if (left >= 4 && parameters[0] == 2) {
		*colour = nearest(MIN(parameters[1], (uint16_t)255),
				  MIN(parameters[2], (uint16_t)255),
				  MIN(parameters[3], (uint16_t)255));
		return 4;
	}
	return left;
}

static void select_colour(struct vt *vt, unsigned code)
{
	struct vt_style *style = &vt->at.style;

	if (code >= 30 && code <= 37)
		style->foreground = ansi_to_vga[code - 30];
	else if (code >= 40 && code <= 47)
		style->background = ansi_to_vga[code - 40];
	else if (code >= 90 && code <= 97)
		style->foreground = ansi_to_vga[code - 90] | 8;
	else if (code >= 100 && code <= 107)
		style->background = ansi_to_vga[code - 100] | 8;
	else if (code == 39)
		style->foreground = vt->default_foreground;
	else if (code == 49)
		style->background = vt->default_background;
}

/* 10, 11, 12: fonts to a VT, ways to reach the PC's characters to Linux. */
static void select_font(struct vt *vt, unsigned code)
{
	vt->raw = code != 10;
	vt->raw_turned = code == 12;
}

static void select_one(struct vt *vt, unsigned code)
{
	struct vt_style *style = &vt->at.style;

	switch (code) {
	case 0:
		vt_default_style(style, vt);
		break;
	case 1:
	case 2:
	case 22:
		style->bold = code == 1;
		style->half = code == 2;
		break;
	case 3:
	case 23:
		style->italic = code == 3;
		break;
	case 4:
	case 21:
	case 24:
		style->underline = code != 24;
		break;
	case 5:
	case 25:
		style->blink = code == 5;
		break;
	case 7:
	case 27:
		style->reverse = code == 7;
		break;
	case 10:
	case 11:
	case 12:
		select_font(vt, code);
		break;
	default:
		select_colour(vt, code);
	}
}

void vt_select_graphics(struct vt *vt)
{
	for (unsigned i = 0; i < vt->nparameters; i++) {
		unsigned code = vt->parameters[i];

		if (code == 38)
			i += extended(vt, i + 1, &vt->at.style.foreground);
		else if (code == 48)
			i += extended(vt, i + 1, &vt->at.style.background);
		else
			select_one(vt, code);
	}
}

/* ---- the palette ---- */

/* The colours of VGA text as its palette has them after a reset. */
const uint32_t vt_default_palette[16] = {
	0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500, 0xaaaaaa,
	0x555555, 0x5555ff, 0x55ff55, 0x55ffff, 0xff5555, 0xff55ff, 0xffff55, 0xffffff,
};

static void set_palette(struct vt *vt, unsigned colour, uint32_t rgb)
{
	if (vt->display->palette && vt->display->palette(vt->display, colour, rgb))
		vt_redraw(vt);
}

static unsigned hex_digit(char digit)
{
	return digit <= '9' ? (unsigned)(digit - '0') : ((unsigned)digit & 7) + 9;
}

/* ESC ] P, then one digit of the ANSI colour and six of red, green and blue. */
void vt_palette_byte(struct vt *vt, uint8_t byte)
{
	unsigned colour;
	uint32_t rgb = 0;
	char letter = (char)(byte | 0x20);

	if (!(byte >= '0' && byte <= '9') && !(letter >= 'a' && letter <= 'f')) {
		vt->state = VT_GROUND;
		return;
	}
	vt->palette[vt->palette_size++] = (char)byte;
	if (vt->palette_size < sizeof(vt->palette))
		return;
	for (unsigned i = 1; i < sizeof(vt->palette); i++)
		rgb = rgb << 4 | hex_digit(vt->palette[i]);
	colour = hex_digit(vt->palette[0]);
	set_palette(vt, ansi_to_vga[colour & 7] | (colour & 8), rgb);
	vt->state = VT_GROUND;
}

void vt_palette_reset(struct vt *vt)
{
	for (unsigned colour = 0; colour < ARRAY_SIZE(vt_default_palette); colour++)
		set_palette(vt, colour, vt_default_palette[colour]);
}
