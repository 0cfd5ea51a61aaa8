/*
 * VGA text: 80 by 25 places of two bytes, character and colour, at 0xB8000, and a cursor that
 * the hardware blinks (IBM PS/2 hardware reference, video subsystem; register names are its).
 *
 * A copy of the screen is kept in ordinary memory: scrolling moves that, and device memory,
 * which is slow, is only ever written, whole rows at a time.
 */
#include "screen.h"

#include <boot.h>
#include <assert.h>
#include <layout.h>
#include <string.h>
#include <trap.h>

#include "port.h"

#define ROWS 25u
#define COLUMNS 80u
#define TEXT_PADDR 0xb8000u

#define ATTRIBUTE_WRITE 0x3c0
#define ATTRIBUTE_READ 0x3c1
#define DAC_INDEX 0x3c8
#define DAC_DATA 0x3c9
#define GRAPHICS_INDEX 0x3ce
#define GRAPHICS_DATA 0x3cf
#define CRTC_INDEX 0x3d4
#define CRTC_DATA 0x3d5
#define STATUS 0x3da

#define CRTC_CURSOR_START 0x0a
#define CRTC_CURSOR_END 0x0b
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW 0x0f
#define CURSOR_OFF 0x20
#define GRAPHICS_MISC 0x06
#define ATTRIBUTE_MODE 0x10
#define ATTRIBUTE_VIDEO_ON 0x20
#define MODE_BLINK 0x08

static uint16_t shadow[ROWS * COLUMNS];
static unsigned dirty_from = ROWS, dirty_to; /* rows of it that the screen does not show yet */

static volatile uint16_t *text_memory(void)
{
	return paddr_to_virt(TEXT_PADDR);
}

static uint8_t crtc_read(uint8_t index)
{
	port_write8(CRTC_INDEX, index);
	return port_read8(CRTC_DATA);
}

static void crtc_write(uint8_t index, uint8_t value)
{
	port_write8(CRTC_INDEX, index);
	port_write8(CRTC_DATA, value);
}

static void mark(unsigned from, unsigned to)
{
	dirty_from = MIN(dirty_from, from);
	dirty_to = MAX(dirty_to, to);
}

static void vga_draw(struct display *display, unsigned row, unsigned column,
		     const struct cell *cells, unsigned count)
{
	uint16_t *to = shadow + row * COLUMNS + column;

	(void)display;
	assert(row < ROWS && column + count <= COLUMNS);
	for (unsigned i = 0; i < count; i++) {
		int place = cp437_from_unicode(cells[i].symbol);

		to[i] = (uint16_t)(cells[i].colour << 8 | (place < 0 ? 0xfe : place));
	}
	mark(row, row + 1);
}

static void vga_scroll(struct display *display, unsigned top, unsigned bottom, int lines)
{
	unsigned distance = (unsigned)(lines < 0 ? -lines : lines);
	uint16_t *first = shadow + top * COLUMNS, *second = first + distance * COLUMNS;
	size_t size = (bottom - top - distance) * COLUMNS * sizeof(*first);

	(void)display;
	assert(bottom <= ROWS && distance < bottom - top);
	if (lines > 0)
		memmove(first, second, size);
	else
		memmove(second, first, size);
	mark(top, bottom);
}

/* Puts the changed rows on the screen. */
static void show(void)
{
	if (dirty_from < dirty_to)
		memcpy((void *)(text_memory() + dirty_from * COLUMNS),
		       shadow + dirty_from * COLUMNS,
		       (dirty_to - dirty_from) * COLUMNS * sizeof(*shadow));
	dirty_from = ROWS;
	dirty_to = 0;
}

static void vga_cursor_set(struct display *display, unsigned row, unsigned column, bool visible)
{
	static unsigned shown_at = ~0u;
	static bool shown_visible = true;
	unsigned at = row * COLUMNS + column;

	(void)display;
	show();
	if (at != shown_at) {
		crtc_write(CRTC_CURSOR_HIGH, (uint8_t)(at >> 8));
		crtc_write(CRTC_CURSOR_LOW, (uint8_t)at);
		shown_at = at;
	}
	if (visible != shown_visible) {
		uint8_t start = crtc_read(CRTC_CURSOR_START) & ~CURSOR_OFF;

		crtc_write(CRTC_CURSOR_START, start | (visible ? 0 : CURSOR_OFF));
		shown_visible = visible;
	}
}

/* In text mode the sixteen colours go through the attribute controller's palette to these
 * DAC entries. */
static bool vga_palette(struct display *display, unsigned colour, uint32_t rgb)
{
	static const uint8_t dac[16] = { 0, 1, 2, 3, 4, 5, 20, 7, 56, 57, 58, 59, 60, 61, 62, 63 };

	(void)display;
	assert(colour < ARRAY_SIZE(dac));
	port_write8(DAC_INDEX, dac[colour]);
	port_write8(DAC_DATA, (uint8_t)(rgb >> 18) & 0x3f);
	port_write8(DAC_DATA, (uint8_t)(rgb >> 10) & 0x3f);
	port_write8(DAC_DATA, (uint8_t)(rgb >> 2) & 0x3f);
	return false;
}

/* Bit 7 of the colour is to mean a bright background and not blinking. */
static void blink_off(void)
{
	uint8_t mode;

	(void)port_read8(STATUS); /* the next write to 0x3c0 is an index */
	port_write8(ATTRIBUTE_WRITE, ATTRIBUTE_MODE | ATTRIBUTE_VIDEO_ON);
	mode = port_read8(ATTRIBUTE_READ);
	(void)port_read8(STATUS);
	port_write8(ATTRIBUTE_WRITE, ATTRIBUTE_MODE | ATTRIBUTE_VIDEO_ON);
	port_write8(ATTRIBUTE_WRITE, mode & ~MODE_BLINK);
	(void)port_read8(STATUS);
}

/* Is there a VGA, does it keep what is written to it, and does it show text from 0xB8000? */
static bool probe(void)
{
	uint8_t misc, low = crtc_read(CRTC_CURSOR_LOW);
	bool keeps;

	crtc_write(CRTC_CURSOR_LOW, 0x5a);
	keeps = crtc_read(CRTC_CURSOR_LOW) == 0x5a;
	crtc_write(CRTC_CURSOR_LOW, low);
	if (!keeps)
		return false;
	port_write8(GRAPHICS_INDEX, GRAPHICS_MISC);
	misc = port_read8(GRAPHICS_DATA);
	if ((misc & 0x01) || (misc & 0x0c) != 0x0c)
		return false;
	volatile uint16_t *cell = text_memory();
	uint16_t was = *cell;

	*cell = 0x0741;
	keeps = *cell == 0x0741;
	*cell = was;
	return keeps;
}

struct display *vga_find(void)
{
	static struct display display = {
		.rows = ROWS,
		.columns = COLUMNS,
		.draw = vga_draw,
		.scroll = vga_scroll,
		.cursor = vga_cursor_set,
		.palette = vga_palette,
	};

	if (boot_info.framebuffer.kind == FRAMEBUFFER_RGB || !probe())
		return NULL;
	blink_off();
	/* A cursor of two lines at the foot of the character, on. */
	crtc_write(CRTC_CURSOR_START, 13);
	crtc_write(CRTC_CURSOR_END, 14);
	return &display;
}
