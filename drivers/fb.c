/*
 * A linear frame buffer as a character display: 32, 24 or 16 bits a pixel, mapped write-combining.
 *
 * Device memory is never read, and written only where the screen changes: a copy of the cells
 * that are shown tells which of those to be drawn are different. So a scroll, which hands in
 * every row anew, costs what has changed and not what there is. The cursor is two lines at the
 * foot of its cell.
 */
#include "screen.h"

#include <assert.h>
#include <boot.h>
#include <kvrange.h>
#include <layout.h>
#include <log.h>
#include <string.h>

#define NOTHING_SHOWN 0xffff /* no character: differs from every cell */
#define CURSOR_LINES 2u

static struct {
	struct display display;
	uint8_t *memory;
	uint32_t pitch;
	unsigned pixel_size;  /* bytes */
	uint32_t colours[16]; /* as the frame buffer has them */
	struct cell *shown;
	unsigned cursor_row, cursor_column;
	bool cursor_visible;
} fb;

static uint32_t component(uint32_t value, uint8_t at, uint8_t bits)
{
	return bits > 8 ? value << (at + bits - 8) : (value >> (8 - bits)) << at;
}

static uint32_t pixel_of_rgb(uint32_t rgb)
{
	const struct framebuffer_info *info = &boot_info.framebuffer;

	return component(rgb >> 16 & 0xff, info->red_at, info->red_bits) |
	       component(rgb >> 8 & 0xff, info->green_at, info->green_bits) |
	       component(rgb & 0xff, info->blue_at, info->blue_bits);
}

/* ---- drawing ---- */

/* The glyph of a character, or of the replacement character where the font has none. */
static const uint8_t *glyph_of(uint16_t symbol)
{
	unsigned low = 0, high = font_nplaces;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (font_places[middle].symbol == symbol)
			return font_glyphs[font_places[middle].glyph];
		if (font_places[middle].symbol < symbol)
			low = middle + 1;
		else
			high = middle;
	}
	assert(symbol != 0xfffd);
	return glyph_of(0xfffd);
}

/* One row of a glyph: eight pixels. */
static void draw_row(uint8_t *to, uint8_t bits, uint32_t foreground, uint32_t background)
{
	uint32_t difference = foreground ^ background;

	for (unsigned x = 0; x < GLYPH_WIDTH; x++, bits <<= 1) {
		uint32_t pixel = background ^ (difference & -(uint32_t)(bits >> 7));

		if (fb.pixel_size == 4) {
			((uint32_t *)to)[x] = pixel;
		} else if (fb.pixel_size == 2) {
			((uint16_t *)to)[x] = (uint16_t)pixel;
		} else {
			to[3 * x] = (uint8_t)pixel;
			to[3 * x + 1] = (uint8_t)(pixel >> 8);
			to[3 * x + 2] = (uint8_t)(pixel >> 16);
		}
	}
}

static uint8_t *cell_address(unsigned row, unsigned column)
{
	return fb.memory + row * GLYPH_HEIGHT * fb.pitch + column * GLYPH_WIDTH * fb.pixel_size;
}

static void draw_cell(unsigned row, unsigned column, struct cell cell)
{
	const uint8_t *glyph = glyph_of(cell.symbol);
	uint8_t *to = cell_address(row, column);
	uint32_t foreground = fb.colours[cell.colour & 15];
	uint32_t background = fb.colours[cell.colour >> 4];

	for (unsigned y = 0; y < GLYPH_HEIGHT; y++, to += fb.pitch)
		draw_row(to, glyph[y], foreground, background);
}

static struct cell *shown_at(unsigned row, unsigned column)
{
	assert(row < fb.display.rows && column < fb.display.columns);
	return &fb.shown[row * fb.display.columns + column];
}

static void fb_draw(struct display *display, unsigned row, unsigned column,
		    const struct cell *cells, unsigned count)
{
	struct cell *shown = shown_at(row, column);

	assert(column + count <= display->columns);
	for (unsigned i = 0; i < count; i++) {
		if (shown[i].symbol == cells[i].symbol && shown[i].colour == cells[i].colour)
			continue;
		shown[i] = cells[i];
		draw_cell(row, column + i, cells[i]);
	}
}

static void draw_cursor(unsigned row, unsigned column)
{
	uint8_t *to = cell_address(row, column) + (GLYPH_HEIGHT - CURSOR_LINES) * fb.pitch;
	uint32_t colour = fb.colours[shown_at(row, column)->colour & 15];

	for (unsigned y = 0; y < CURSOR_LINES; y++, to += fb.pitch)
		draw_row(to, 0xff, colour, colour);
}

static void fb_cursor(struct display *display, unsigned row, unsigned column, bool visible)
{
	(void)display;
	if (fb.cursor_visible && (row != fb.cursor_row || column != fb.cursor_column || !visible))
		draw_cell(fb.cursor_row, fb.cursor_column,
			  *shown_at(fb.cursor_row, fb.cursor_column));
	/* Drawn again even where it was: the cell below it may have been. */
	if (visible)
		draw_cursor(row, column);
	fb.cursor_row = row;
	fb.cursor_column = column;
	fb.cursor_visible = visible;
}

static void forget_shown(void)
{
	unsigned count = fb.display.rows * fb.display.columns;

	for (unsigned i = 0; i < count; i++)
		fb.shown[i].symbol = NOTHING_SHOWN;
}

static bool fb_palette(struct display *display, unsigned colour, uint32_t rgb)
{
	(void)display;
	assert(colour < ARRAY_SIZE(fb.colours));
	fb.colours[colour] = pixel_of_rgb(rgb);
	/* The cursor's cell must not be drawn before the redraw that follows. */
	fb.cursor_visible = false;
	forget_shown();
	return true;
}

/* ---- start ---- */

static bool usable(const struct framebuffer_info *info)
{
	unsigned bits = info->bits_per_pixel;

	if (info->kind != FRAMEBUFFER_RGB)
		return false;
	if (bits != 32 && bits != 24 && bits != 16 && bits != 15)
		return false;
	if (info->width < GLYPH_WIDTH || info->height < GLYPH_HEIGHT)
		return false;
	return info->pitch >= info->width * ((bits + 7) / 8) && info->pitch < 65536 &&
	       info->height < 16384;
}

struct display *fb_find(void)
{
	const struct framebuffer_info *info = &boot_info.framebuffer;

	if (!usable(info))
		return NULL;
	fb.pixel_size = (info->bits_per_pixel + 7u) / 8;
	fb.pitch = info->pitch;
	fb.display = (struct display){
		.rows = info->height / GLYPH_HEIGHT,
		.columns = MIN(info->width / GLYPH_WIDTH, (unsigned)VT_COLUMNS_MAX),
		.draw = fb_draw,
		.cursor = fb_cursor,
		.palette = fb_palette,
	};
	fb.shown = kvrange_alloc(DIV_ROUND_UP(
		fb.display.rows * fb.display.columns * sizeof(struct cell), PAGE_SIZE));
	fb.memory = kvrange_map_device(info->paddr, info->pitch * info->height,
				       CACHE_WRITE_COMBINING);
	if (!fb.shown || !fb.memory) {
		log_error("fb: no memory for a screen of %u x %u", info->width, info->height);
		if (fb.shown)
			kvrange_free(fb.shown);
		return NULL;
	}
	for (unsigned colour = 0; colour < 16; colour++)
		fb.colours[colour] = pixel_of_rgb(vt_default_palette[colour]);
	forget_shown();
	for (uint32_t y = 0; y < info->height; y++)
		memset(fb.memory + y * fb.pitch, 0, info->width * fb.pixel_size);
	return &fb.display;
}
