/*
 * Displays that a character screen can be shown on: what screen.c, vga.c and fb.c know of each
 * other.
 */
#ifndef LOFT_DRIVERS_SCREEN_H
#define LOFT_DRIVERS_SCREEN_H

#include "vt.h"

/* VGA text (vga.c): NULL when there is no VGA in text mode. May be called before memory is
 * managed. */
struct display *vga_find(void);

/* The frame buffer of boot_info (fb.c), mapped: NULL when there is none that we can draw on,
 * or no memory. */
struct display *fb_find(void);

/*
 * Glyphs, 8 by 16 bits, of a console font that tools/font.py turns into font_data.c when Loft
 * is built: rows of a glyph from the top, bit 7 the leftmost; and which character has which,
 * sorted by character.
 */
#define GLYPH_WIDTH 8u
#define GLYPH_HEIGHT 16u
struct font_place {
	uint16_t symbol, glyph;
};
extern const uint8_t font_glyphs[][GLYPH_HEIGHT];
extern const struct font_place font_places[];
extern const unsigned font_nplaces;

/* What was typed (keyboard.c) goes to the screen's terminal. */
void screen_input(const char *bytes, size_t size);
/* True when cursor keys send ESC O A and not ESC [ A; when the keypad sends sequences and
 * not digits. */
bool screen_application_cursor(void);
bool screen_application_keypad(void);

/* The keyboard's lights (keyboard.c): bit 0 scroll lock, 1 num lock, 2 caps lock, as
 * KDGETLED has them. */
uint8_t keyboard_leds(void);
void keyboard_set_leds(uint8_t leds);

#endif
