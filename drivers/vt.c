/*
 * The character screen: cells, cursor, erasing, inserting, scrolling. vt_parse.c reads the
 * sequences.
 *
 * Invariants, which the unit test holds against random input: the cursor is on the screen; 0 <=
 * top < bottom <= rows; the lines' cells are a permutation of those given; a pending wrap only
 * in the last column.
 */
#include "vt.h"

#include <assert.h>
#include <string.h>

#define REPLACEMENT 0xfffd

static unsigned rows(const struct vt *vt)
{
	return vt->display->rows;
}

static unsigned columns(const struct vt *vt)
{
	return vt->display->columns;
}

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

static void check(const struct vt *vt)
{
	assert(vt->at.row < rows(vt) && vt->at.column < columns(vt));
	assert(vt->top < vt->bottom && vt->bottom <= rows(vt));
	assert(!vt->wrap_pending || vt->at.column == columns(vt) - 1);
}

/* ---- cells ---- */

static struct cell blank(const struct vt *vt)
{
	struct vt_style plain = {
		.foreground = vt->at.style.foreground,
		.background = vt->at.style.background,
	};

	return (struct cell){ .symbol = ' ', .colour = vt_colour(&plain, vt->reverse_screen) };
}

static void mark(struct vt *vt, unsigned row, unsigned from, unsigned to)
{
	struct vt_line *line = &vt->lines[row];

	assert(row < rows(vt) && to <= columns(vt));
	if (line->dirty_from >= line->dirty_to) {
		line->dirty_from = (uint16_t)from;
		line->dirty_to = (uint16_t)to;
		return;
	}
	line->dirty_from = MIN(line->dirty_from, (uint16_t)from);
	line->dirty_to = MAX(line->dirty_to, (uint16_t)to);
}

/* Blanks columns [from, to) of a row. */
static void clear(struct vt *vt, unsigned row, unsigned from, unsigned to)
{
	struct cell space = blank(vt);
	struct cell *cells = vt->lines[row].cells;

	assert(row < rows(vt) && to <= columns(vt));
	if (from >= to)
		return;
	for (unsigned column = from; column < to; column++)
		cells[column] = space;
	mark(vt, row, from, to);
}

static void clear_rows(struct vt *vt, unsigned from, unsigned to)
{
	for (unsigned row = from; row < to; row++)
		clear(vt, row, 0, columns(vt));
}

/* ---- scrolling ---- */

static void reverse_lines(struct vt_line *lines, unsigned count)
{
	for (unsigned i = 0, j = count; i + 1 < j; i++) {
		struct vt_line line = lines[i];

		lines[i] = lines[--j];
		lines[j] = line;
	}
}

/* Moves rows [top, bottom) up by lines (down if negative); blanks what becomes free. */
static void scroll_rows(struct vt *vt, unsigned top, unsigned bottom, int lines)
{
	unsigned height = bottom - top, distance = lines < 0 ? -lines : lines;

	assert(top <= bottom && bottom <= rows(vt));
	if (distance >= height) {
		clear_rows(vt, top, bottom);
		return;
	}
	if (distance == 0)
		return;
	/* A rotation by three reversals. */
	unsigned first = lines > 0 ? distance : height - distance;

	reverse_lines(vt->lines + top, first);
	reverse_lines(vt->lines + top + first, height - first);
	reverse_lines(vt->lines + top, height);
	if (vt->display->scroll) {
		vt->display->scroll(vt->display, top, bottom, lines);
	} else {
		for (unsigned row = top; row < bottom; row++)
			mark(vt, row, 0, columns(vt));
	}
	if (lines > 0)
		clear_rows(vt, bottom - distance, bottom);
	else
		clear_rows(vt, top, top + distance);
}

void vt_scroll(struct vt *vt, int count)
{
	scroll_rows(vt, vt->top, vt->bottom, count);
}

void vt_set_region(struct vt *vt, unsigned top, unsigned bottom)
{
	if (top >= bottom || bottom > rows(vt))
		return;
	vt->top = (uint16_t)top;
	vt->bottom = (uint16_t)bottom;
	vt_move(vt, 0, 0);
}

/* ---- the cursor ---- */

void vt_move(struct vt *vt, int row, int column)
{
	int top = 0, bottom = (int)rows(vt);

	if (vt->at.origin) {
		top = vt->top;
		bottom = vt->bottom;
		row += top;
	}
	vt->at.row = (uint16_t)clamp(row, top, bottom - 1);
	vt->at.column = (uint16_t)clamp(column, 0, (int)columns(vt) - 1);
	vt->wrap_pending = false;
}

void vt_move_by(struct vt *vt, int by_rows, int by_columns)
{
	int row = vt->at.row, top = 0, bottom = (int)rows(vt);

	/* The region's edges stop who comes from inside; from outside only the screen's do. */
	if (row >= vt->top)
		top = vt->top;
	if (row < vt->bottom)
		bottom = vt->bottom;
	vt->at.row = (uint16_t)clamp(row + by_rows, top, bottom - 1);
	vt->at.column = (uint16_t)clamp(vt->at.column + by_columns, 0, (int)columns(vt) - 1);
	vt->wrap_pending = false;
}

void vt_line_feed(struct vt *vt)
{
	if (vt->at.row + 1u == vt->bottom)
		vt_scroll(vt, 1);
	else if (vt->at.row + 1u < rows(vt))
		vt->at.row++;
	vt->wrap_pending = false;
}

void vt_reverse_line_feed(struct vt *vt)
{
	if (vt->at.row == vt->top)
		vt_scroll(vt, -1);
	else if (vt->at.row > 0)
		vt->at.row--;
	vt->wrap_pending = false;
}

void vt_carriage_return(struct vt *vt)
{
	vt->at.column = 0;
	vt->wrap_pending = false;
}

void vt_backspace(struct vt *vt)
{
	if (vt->at.column > 0)
		vt->at.column--;
	vt->wrap_pending = false;
}

void vt_tab(struct vt *vt)
{
	unsigned column = vt->at.column;

	while (column < columns(vt) - 1) {
		column++;
		if (vt->tabs[column / 8] & (1u << (column % 8)))
			break;
	}
	vt->at.column = (uint16_t)column;
	vt->wrap_pending = false;
}

void vt_save(struct vt *vt)
{
	vt->saved = vt->at;
	vt->saved.wrap = vt->wrap_pending;
}

void vt_restore(struct vt *vt)
{
	vt->at = vt->saved;
	vt->at.row = (uint16_t)MIN(vt->at.row, rows(vt) - 1);
	vt->at.column = (uint16_t)MIN(vt->at.column, columns(vt) - 1);
	vt->wrap_pending = vt->saved.wrap && vt->at.column == columns(vt) - 1;
}

/* ---- putting characters ---- */

struct code_range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct code_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* Columns that a character takes: 0 for what combines with the one before (not shown), 2 for
 * East Asian wide ones (Unicode Standard Annex 11). */
static unsigned width(uint32_t code)
{
	static const struct code_range none[] = {
		{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },     { 0x610, 0x61a },
		{ 0x64b, 0x65f },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },   { 0x200b, 0x200f },
		{ 0x202a, 0x202e }, { 0x2060, 0x2064 }, { 0x20d0, 0x20f0 },   { 0xfe00, 0xfe0f },
		{ 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xe0001, 0xe01ef },
	};
	static const struct code_range wide[] = {
		{ 0x1100, 0x115f },   { 0x2329, 0x232a },   { 0x2e80, 0x303e },
		{ 0x3040, 0xa4cf },   { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },   { 0xfe30, 0xfe6f },
		{ 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
		{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	if (code < 0x300)
		return 1;
	if (in_ranges(code, none, ARRAY_SIZE(none)))
		return 0;
	return in_ranges(code, wide, ARRAY_SIZE(wide)) ? 2 : 1;
}

static void put_cell(struct vt *vt, uint32_t code)
{
	struct cell *cells;

	if (vt->wrap_pending) {
		vt_carriage_return(vt);
		vt_line_feed(vt);
	}
	if (vt->insert)
		vt_insert_characters(vt, 1);
	cells = vt->lines[vt->at.row].cells;
	cells[vt->at.column] = (struct cell){
		.symbol = code > 0xffff ? REPLACEMENT : (uint16_t)code,
		.colour = vt_colour(&vt->at.style, vt->reverse_screen),
	};
	mark(vt, vt->at.row, vt->at.column, vt->at.column + 1u);
	if (vt->at.column + 1u < columns(vt))
		vt->at.column++;
	else
		vt->wrap_pending = vt->autowrap;
}

void vt_put(struct vt *vt, uint32_t code)
{
	unsigned places = width(code);

	if (places == 0)
		return;
	/* A wide character is not split between two lines. */
	if (places == 2 && vt->autowrap && columns(vt) > 1 && vt->at.column == columns(vt) - 1)
		vt->wrap_pending = true;
	put_cell(vt, code);
	if (places == 2 && !vt->wrap_pending)
		put_cell(vt, ' ');
	check(vt);
}

/* ---- erasing, inserting, deleting ---- */

void vt_erase_line(struct vt *vt, unsigned which)
{
	vt->wrap_pending = false;
	if (which == 0)
		clear(vt, vt->at.row, vt->at.column, columns(vt));
	else if (which == 1)
		clear(vt, vt->at.row, 0, vt->at.column + 1u);
	else if (which == 2)
		clear(vt, vt->at.row, 0, columns(vt));
}

void vt_erase_display(struct vt *vt, unsigned which)
{
	vt->wrap_pending = false;
	if (which == 0) {
		vt_erase_line(vt, 0);
		clear_rows(vt, vt->at.row + 1u, rows(vt));
	} else if (which == 1) {
		clear_rows(vt, 0, vt->at.row);
		vt_erase_line(vt, 1);
	} else if (which == 2 || which == 3) {
		clear_rows(vt, 0, rows(vt));
	}
}

void vt_erase_characters(struct vt *vt, unsigned count)
{
	vt->wrap_pending = false;
	clear(vt, vt->at.row, vt->at.column, MIN(vt->at.column + count, columns(vt)));
}

void vt_insert_characters(struct vt *vt, unsigned count)
{
	struct cell *cells = vt->lines[vt->at.row].cells;
	unsigned column = vt->at.column, rest = columns(vt) - column;

	count = MIN(count, rest);
	vt->wrap_pending = false;
	memmove(cells + column + count, cells + column, (rest - count) * sizeof(*cells));
	clear(vt, vt->at.row, column, column + count);
	mark(vt, vt->at.row, column, columns(vt));
}

void vt_delete_characters(struct vt *vt, unsigned count)
{
	struct cell *cells = vt->lines[vt->at.row].cells;
	unsigned column = vt->at.column, rest = columns(vt) - column;

	count = MIN(count, rest);
	vt->wrap_pending = false;
	memmove(cells + column, cells + column + count, (rest - count) * sizeof(*cells));
	clear(vt, vt->at.row, columns(vt) - count, columns(vt));
	mark(vt, vt->at.row, column, columns(vt));
}

/* IL and DL work from the cursor's row to the region's end, and nowhere outside of it. */
static void move_lines(struct vt *vt, int lines)
{
	if (vt->at.row < vt->top || vt->at.row >= vt->bottom)
		return;
	vt->wrap_pending = false;
	scroll_rows(vt, vt->at.row, vt->bottom, lines);
}

void vt_insert_lines(struct vt *vt, unsigned count)
{
	move_lines(vt, -(int)MIN(count, rows(vt)));
}

void vt_delete_lines(struct vt *vt, unsigned count)
{
	move_lines(vt, (int)MIN(count, rows(vt)));
}

void vt_set_reverse_screen(struct vt *vt, bool reverse)
{
	if (vt->reverse_screen == reverse)
		return;
	vt->reverse_screen = reverse;
	for (unsigned row = 0; row < rows(vt); row++) {
		for (unsigned column = 0; column < columns(vt); column++) {
			struct cell *cell = &vt->lines[row].cells[column];

			cell->colour = (uint8_t)((cell->colour & 0x88) |
						 (cell->colour & 0x07) << 4 |
						 (cell->colour & 0x70) >> 4);
		}
	}
	vt_redraw(vt);
}

void vt_alignment_test(struct vt *vt)
{
	struct cell cell = blank(vt);

	cell.symbol = 'E';
	for (unsigned row = 0; row < rows(vt); row++) {
		for (unsigned column = 0; column < columns(vt); column++)
			vt->lines[row].cells[column] = cell;
		mark(vt, row, 0, columns(vt));
	}
}

/* ---- start, kernel messages, showing ---- */

void vt_reset(struct vt *vt)
{
	vt->top = 0;
	vt->bottom = (uint16_t)rows(vt);
	vt->insert = vt->newline_mode = vt->reverse_screen = false;
	vt->application_cursor = vt->application_keypad = false;
	vt->cursor_visible = vt->autowrap = vt->utf8 = true;
	vt->raw = vt->raw_turned = false;
	vt->wrap_pending = false;
	vt->default_foreground = 7;
	vt->default_background = 0;
	vt->state = VT_GROUND;
	vt->code_left = 0;
	memset(vt->tabs, 0x01, sizeof(vt->tabs)); /* every eighth column */
	vt->at = (struct vt_place){ .charset = { VT_CHARSET_LATIN1, VT_CHARSET_GRAPHICS } };
	vt_default_style(&vt->at.style, vt);
	vt_save(vt);
	vt_erase_display(vt, 2);
}

void vt_init(struct vt *vt, struct display *display, struct vt_line *lines)
{
	assert(display->rows > 0 && display->columns > 0 && display->columns <= VT_COLUMNS_MAX);
	memset(vt, 0, sizeof(*vt));
	vt->display = display;
	vt->lines = lines;
	vt_reset(vt);
	check(vt);
}

void vt_write_plain(struct vt *vt, const char *text, size_t size)
{
	struct vt_style style = vt->at.style;
	bool insert = vt->insert, autowrap = vt->autowrap;

	vt_default_style(&vt->at.style, vt);
	vt->insert = false;
	vt->autowrap = true;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n') {
			vt_carriage_return(vt);
			vt_line_feed(vt);
		} else if (text[i] == '\t') {
			vt_tab(vt);
		} else {
			vt_put(vt, text[i] >= ' ' && text[i] < 0x7f ? (uint8_t)text[i] : '?');
		}
	}
	vt->at.style = style;
	vt->insert = insert;
	vt->autowrap = autowrap;
	vt_flush(vt);
}

void vt_flush(struct vt *vt)
{
	struct display *display = vt->display;

	check(vt);
	for (unsigned row = 0; row < rows(vt); row++) {
		struct vt_line *line = &vt->lines[row];

		if (line->dirty_from < line->dirty_to)
			display->draw(display, row, line->dirty_from,
				      line->cells + line->dirty_from,
				      line->dirty_to - line->dirty_from);
		line->dirty_from = line->dirty_to = 0;
	}
	display->cursor(display, vt->at.row, vt->at.column, vt->cursor_visible);
}

void vt_redraw(struct vt *vt)
{
	for (unsigned row = 0; row < rows(vt); row++)
		mark(vt, row, 0, columns(vt));
	vt_flush(vt);
}
