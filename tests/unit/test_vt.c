/*
 * The character screen: what sequences do, and random bytes, which never break an invariant nor
 * show anything but what the cells hold.
 * SOURCES: drivers/vt.c drivers/vt_parse.c drivers/vt_text.c drivers/vt_style.c drivers/cp437.c
 * lib/format.c
 */
#include "unit.h"

#include "../../drivers/vt.h"

#include <string.h>

#define ROWS 6
#define COLUMNS 20

struct screen {
	struct vt vt;
	struct display display;
	struct vt_line lines[ROWS];
	struct cell cells[ROWS][COLUMNS];
	/* What the display was told to show. */
	struct cell shown[ROWS][COLUMNS];
	unsigned row, column;
	bool visible;
	char replies[200];
	unsigned bells;
};

static struct screen *screen_of(struct display *display)
{
	return container_of(display, struct screen, display);
}

static void on_draw(struct display *display, unsigned row, unsigned column,
		    const struct cell *cells, unsigned count)
{
	assert_true(row < ROWS && count > 0 && column + count <= COLUMNS);
	memcpy(&screen_of(display)->shown[row][column], cells, count * sizeof(*cells));
}

static void on_scroll(struct display *display, unsigned top, unsigned bottom, int lines)
{
	struct screen *screen = screen_of(display);
	unsigned distance = lines < 0 ? -lines : lines;

	assert_true(bottom <= ROWS && top < bottom && distance > 0 && distance < bottom - top);
	if (lines > 0)
		memmove(screen->shown[top], screen->shown[top + distance],
			(bottom - top - distance) * sizeof(screen->shown[0]));
	else
		memmove(screen->shown[top + distance], screen->shown[top],
			(bottom - top - distance) * sizeof(screen->shown[0]));
}

static void on_cursor(struct display *display, unsigned row, unsigned column, bool visible)
{
	struct screen *screen = screen_of(display);

	assert_true(row < ROWS && column < COLUMNS);
	screen->row = row;
	screen->column = column;
	screen->visible = visible;
}

static bool on_palette(struct display *display, unsigned colour, uint32_t rgb)
{
	(void)display;
	assert_true(colour < 16 && rgb <= 0xffffff);
	return true;
}

static void on_reply(struct vt *vt, const char *bytes, size_t size)
{
	struct screen *screen = container_of(vt, struct screen, vt);
	size_t at = strlen(screen->replies);

	if (at + size < sizeof(screen->replies))
		memcpy(screen->replies + at, bytes, size);
}

static void on_bell(struct vt *vt)
{
	container_of(vt, struct screen, vt)->bells++;
}

static int setup(void **state)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	screen->display = (struct display){
		.rows = ROWS,
		.columns = COLUMNS,
		.draw = on_draw,
		.cursor = on_cursor,
		.palette = on_palette,
		.scroll = unit_random() % 2 ? on_scroll : NULL,
	};
	for (unsigned row = 0; row < ROWS; row++)
		screen->lines[row].cells = screen->cells[row];
	vt_init(&screen->vt, &screen->display, screen->lines);
	screen->vt.reply = on_reply;
	screen->vt.bell = on_bell;
	*state = screen;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

#define WRITE(screen, text) vt_write(&(screen)->vt, text, sizeof(text) - 1)

/* The display shows this in a row, spaces at the end left out; '#' stands for all that is
 * not ASCII. */
static void expect_row(struct screen *screen, unsigned row, const char *text)
{
	char shown[COLUMNS + 1] = "";

	vt_flush(&screen->vt);
	for (unsigned column = 0; column < COLUMNS; column++) {
		uint16_t symbol = screen->shown[row][column].symbol;

		shown[column] = symbol < 0x7f ? (char)symbol : '#';
	}
	for (unsigned end = COLUMNS; end > 0 && shown[end - 1] == ' '; end--)
		shown[end - 1] = '\0';
	assert_string_equal(shown, text);
}

static void expect_cursor(struct screen *screen, unsigned row, unsigned column)
{
	vt_flush(&screen->vt);
	assert_int_equal(screen->row, row);
	assert_int_equal(screen->column, column);
}

static uint16_t symbol_at(struct screen *screen, unsigned row, unsigned column)
{
	vt_flush(&screen->vt);
	return screen->shown[row][column].symbol;
}

static uint8_t colour_at(struct screen *screen, unsigned row, unsigned column)
{
	vt_flush(&screen->vt);
	return screen->shown[row][column].colour;
}

/* ---- text and cursor ---- */

static void test_text(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "hello\r\nworld\tx\b\by");
	expect_row(screen, 0, "hello");
	expect_row(screen, 1, "world  yx");
	expect_cursor(screen, 1, 8);
	WRITE(screen, "\a");
	assert_int_equal(screen->bells, 1);
}

static void test_wrap_is_pending(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "01234567890123456789");
	expect_cursor(screen, 0, COLUMNS - 1);
	WRITE(screen, "\r\nb");
	expect_row(screen, 1, "b");
	WRITE(screen, "\033[1;20HXY");
	expect_row(screen, 1, "Y");
	WRITE(screen, "\033[?7l\033[3;20Hpq");
	assert_int_equal(symbol_at(screen, 2, COLUMNS - 1), 'q');
	expect_cursor(screen, 2, COLUMNS - 1);
}

static void test_scroll(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7");
	expect_row(screen, 0, "2");
	expect_row(screen, ROWS - 1, "7");
	WRITE(screen, "\033[H\033M");
	expect_row(screen, 0, "");
	expect_row(screen, 1, "2");
}

static void test_region(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "1\r\n2\r\n3\r\n4\r\n5\r\n6\033[2;4r\033[4;1H\n");
	expect_row(screen, 0, "1");
	expect_row(screen, 1, "3");
	expect_row(screen, 2, "4");
	expect_row(screen, 3, "");
	expect_row(screen, 4, "5");
	WRITE(screen, "\033[?6h\033[1;1Hx\033[9;1Hy");
	expect_row(screen, 1, "x");
	expect_row(screen, 3, "y");
	WRITE(screen, "\033[6n");
	assert_string_equal(screen->replies, "\033[3;2R");
}

static void test_moves(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "\033[3;5H");
	expect_cursor(screen, 2, 4);
	WRITE(screen, "\033[A\033[2C");
	expect_cursor(screen, 1, 6);
	WRITE(screen, "\033[99B\033[99D");
	expect_cursor(screen, ROWS - 1, 0);
	WRITE(screen, "\033[3G\033[2d");
	expect_cursor(screen, 1, 2);
	WRITE(screen, "\0337\033[H\0338");
	expect_cursor(screen, 1, 2);
	WRITE(screen, "\033[2E");
	expect_cursor(screen, 3, 0);
}

static void test_erase(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "abcdef\033[1;3H\033[1K");
	expect_row(screen, 0, "   def");
	WRITE(screen, "\033[1;5H\033[K");
	expect_row(screen, 0, "   d");
	WRITE(screen, "\033[2;1Hxyz\033[1;1H\033[J");
	expect_row(screen, 0, "");
	expect_row(screen, 1, "");
	WRITE(screen, "12345\033[2D\033[2X");
	expect_row(screen, 0, "123");
}

static void test_insert_and_delete(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "abcdef\033[1;2H\033[2@");
	expect_row(screen, 0, "a  bcdef");
	WRITE(screen, "\033[3P");
	expect_row(screen, 0, "acdef");
	WRITE(screen, "\033[4hX\033[4l");
	expect_row(screen, 0, "aXcdef");
	WRITE(screen, "\033[2;1Hsecond\033[1;1H\033[L");
	expect_row(screen, 0, "");
	expect_row(screen, 2, "second");
	WRITE(screen, "\033[2M");
	expect_row(screen, 0, "second");
}

static void test_tabs(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "\033[3g\033[1;4H\033H\r\t");
	expect_cursor(screen, 0, 3);
	WRITE(screen, "\t");
	expect_cursor(screen, 0, COLUMNS - 1);
}

/* ---- characters and colours ---- */

static void test_utf8(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "\xc3\xa9\xe2\x94\x80");
	assert_int_equal(symbol_at(screen, 0, 0), 0xe9);
	assert_int_equal(symbol_at(screen, 0, 1), 0x2500);
	WRITE(screen, "\r\xc3x\xc0\xaf\xed\xa0\x80");
	assert_int_equal(symbol_at(screen, 0, 0), 0xfffd);
	assert_int_equal(symbol_at(screen, 0, 1), 'x');
	assert_int_equal(symbol_at(screen, 0, 2), 0xfffd);
	WRITE(screen, "\033[2;1H\xe4\xb8\xad"
		      "e\xcc\x81");
	expect_row(screen, 1, "# e");
}

static void test_line_drawing(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "\033(0lq\033(Blq\016x\017x");
	assert_int_equal(symbol_at(screen, 0, 0), 0x250c);
	assert_int_equal(symbol_at(screen, 0, 1), 0x2500);
	assert_int_equal(symbol_at(screen, 0, 2), 'l');
	assert_int_equal(symbol_at(screen, 0, 4), 0x2502);
	assert_int_equal(symbol_at(screen, 0, 5), 'x');
	WRITE(screen, "\r\033[11m\xda\x10\033[10m");
	assert_int_equal(symbol_at(screen, 0, 0), 0x250c);
	assert_int_equal(symbol_at(screen, 0, 1), 0x25ba);
}

static void test_colours(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "a\033[31mb\033[1;44mc\033[7md\033[0me\033[94mf\033[38;5;196mg"
		      "\033[48;2;0;255;0mh\033[m");
	assert_int_equal(colour_at(screen, 0, 0), 0x07);
	assert_int_equal(colour_at(screen, 0, 1), 0x04);
	assert_int_equal(colour_at(screen, 0, 2), 0x1c);
	assert_int_equal(colour_at(screen, 0, 3), 0x49);
	assert_int_equal(colour_at(screen, 0, 4), 0x07);
	assert_int_equal(colour_at(screen, 0, 5), 0x09);
	assert_int_equal(colour_at(screen, 0, 6), 0x0c);
	assert_int_equal(colour_at(screen, 0, 7), 0xac);
}

static void test_kernel_message(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "\033[31;44m\033[4");
	vt_write_plain(&screen->vt, "panic\n", 6);
	expect_row(screen, 0, "panic");
	assert_int_equal(colour_at(screen, 0, 0), 0x07);
	WRITE(screen, "1mx"); /* the sequence goes on: red on blue becomes red on red */
	assert_int_equal(colour_at(screen, 1, 0), 0x44);
}

static void test_modes_and_reports(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "\033[?25l\033[?1h\033=");
	vt_flush(&screen->vt);
	assert_false(screen->visible);
	assert_true(screen->vt.application_cursor && screen->vt.application_keypad);
	WRITE(screen, "\033[?1049h\033[?2004hx\033[c\033[5n");
	expect_row(screen, 0, "x");
	assert_string_equal(screen->replies, "\033[?6c\033[0n");
	WRITE(screen, "\033c");
	vt_flush(&screen->vt);
	assert_true(screen->visible);
	assert_false(screen->vt.application_cursor);
	expect_row(screen, 0, "");
}

static void test_ignored(void **state)
{
	struct screen *screen = *state;

	WRITE(screen, "a\033]0;title\ab\033]2;x\033\\c\033P1;2q\033\\d\033[[Ae\033[1;2;3 qf"
		      "\033[31\030g\033]P1aabbcch\033]Ri");
	expect_row(screen, 0, "abcdefghi");
}

/* ---- at random ---- */

static size_t random_piece(char *to)
{
	static const char *const pieces[] = {
		"\033[",
		"\033",
		"\033]",
		"\033]P",
		";",
		"m",
		"H",
		"r",
		"J",
		"K",
		"L",
		"M",
		"@",
		"P",
		"X",
		"A",
		"B",
		"C",
		"D",
		"?",
		"h",
		"l",
		"\n",
		"\r",
		"\t",
		"\b",
		"\016",
		"\017",
		"\033(0",
		"\033[?6h",
		"\033[?5h",
		"\033[11m",
		"\033[4h",
		"\033[2;4r",
		"\033M",
		"\033c",
		"\xe4\xb8\xad",
		"\xe2\x94",
		"\033[999999999999",
		"\033#8",
		"\033%@",
		"\033%G",
	};
	const char *piece = pieces[unit_random() % ARRAY_SIZE(pieces)];

	switch (unit_random() % 4) {
	case 0:
		to[0] = (char)unit_random();
		return 1;
	case 1:
		to[0] = (char)('0' + unit_random() % 10);
		return 1;
	default:
		memcpy(to, piece, strlen(piece));
		return strlen(piece);
	}
}

/* After a flush the display shows exactly the cells, and each row of cells is still there once. */
static void check_shown(struct screen *screen)
{
	bool seen[ROWS] = { false };

	vt_flush(&screen->vt);
	for (unsigned row = 0; row < ROWS; row++) {
		unsigned which = (unsigned)(screen->lines[row].cells - screen->cells[0]) / COLUMNS;

		assert_true(which < ROWS && !seen[which]);
		seen[which] = true;
		assert_memory_equal(screen->shown[row], screen->lines[row].cells,
				    sizeof(screen->shown[row]));
	}
	assert_int_equal(screen->row, screen->vt.at.row);
	assert_int_equal(screen->column, screen->vt.at.column);
}

static void test_random(void **state)
{
	struct screen *screen = *state;

	for (unsigned i = 0; i < 200000; i++) {
		char piece[32];
		size_t size = random_piece(piece);

		if (unit_random() % 50 == 0)
			vt_write_plain(&screen->vt, piece, size);
		else
			vt_write(&screen->vt, piece, size);
		if (unit_random() % 8 == 0)
			check_shown(screen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrap_is_pending, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scroll, setup, teardown),
		cmocka_unit_test_setup_teardown(test_region, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erase, setup, teardown),
		cmocka_unit_test_setup_teardown(test_insert_and_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tabs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_utf8, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_drawing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_colours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_message, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modes_and_reports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
