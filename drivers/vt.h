/*
 * A character screen that obeys a VT100's and the Linux console's sequences (console_codes(4)),
 * without any hardware: bytes in, cells out, and the display told what changed. Pure: no
 * allocation, no sleeping, no locking; the owner calls with interrupts off and serves as many
 * screens as it likes.
 *
 * Lines are reached through a table of pointers, so that scrolling moves pointers and not
 * cells. Each line notes the columns that changed since vt_flush, which shows them.
 */
#ifndef LOFT_DRIVERS_VT_H
#define LOFT_DRIVERS_VT_H

#include <types.h>

/* One character place. */
struct cell {
	uint16_t symbol; /* Unicode; what lies above 0xffff is shown as 0xfffd */
	uint8_t colour;	 /* low four bits: character, high: behind it; VGA's numbers */
	uint8_t unused;
};

/* What shows it. Row and column count from 0. */
struct display {
	unsigned rows, columns;
	/* Shows count cells of a row from column on. */
	void (*draw)(struct display *display, unsigned row, unsigned column,
		     const struct cell *cells, unsigned count);
	/* Moves what rows [top, bottom) show up by lines (down: negative); what becomes free is
	 * drawn afterwards. NULL: the rows are drawn anew. */
	void (*scroll)(struct display *display, unsigned top, unsigned bottom, int lines);
	/* Where the cursor is, after drawing. */
	void (*cursor)(struct display *display, unsigned row, unsigned column, bool visible);
	/* What a colour number looks like: 0xrrggbb. Everything is drawn anew if this
	 * returns true. */
	bool (*palette)(struct display *display, unsigned colour, uint32_t rgb);
};

struct vt_line {
	struct cell *cells;
	uint16_t dirty_from, dirty_to; /* columns [from, to) changed; from >= to: none */
};

enum vt_charset { VT_CHARSET_LATIN1, VT_CHARSET_GRAPHICS, VT_CHARSET_CP437 }; /* ESC ( B, 0, U */

/* What SGR sets; the cell's colour is made of it. */
struct vt_style {
	uint8_t foreground, background; /* VGA numbers, 0..15 */
	bool bold, half, italic, underline, blink, reverse;
};

/* What ESC 7 saves. */
struct vt_place {
	uint16_t row, column;
	struct vt_style style;
	uint8_t charset[2]; /* G0, G1 */
	uint8_t shift;	    /* which of them counts */
	bool origin, wrap;
};

#define VT_PARAMETERS_MAX 16
#define VT_COLUMNS_MAX 512

enum vt_state {
	VT_GROUND,
	VT_ESCAPE,
	VT_CSI,
	VT_FUNCTION_KEY,
	VT_CHARSET_G0,
	VT_CHARSET_G1,
	VT_PERCENT,
	VT_HASH,
	VT_OSC,
	VT_PALETTE,
	VT_STRING
};

struct vt {
	struct display *display;
	struct vt_line *lines; /* display->rows of them */
	/* Answers to the host (DSR, DA); may be NULL. */
	void (*reply)(struct vt *vt, const char *bytes, size_t size);
	/* BEL; may be NULL. */
	void (*bell)(struct vt *vt);

	struct vt_place at, saved;
	bool wrap_pending;    /* the last column is written: the next character wraps */
	uint16_t top, bottom; /* scroll region: rows [top, bottom) */
	bool insert, newline_mode, cursor_visible, autowrap;
	/* What the keyboard sends: DECCKM, DECPAM. */
	bool application_cursor, application_keypad;
	bool reverse_screen;
	bool utf8;
	/* SGR 11 and 12: bytes, control characters too, are shown as code page 437 has them;
	 * 12 with bit 7 turned round. */
	bool raw, raw_turned;
	uint8_t tabs[VT_COLUMNS_MAX / 8];
	uint8_t default_foreground, default_background;

	enum vt_state state;
	char private_mark; /* '?', '>' or '=' after CSI, or 0 */
	bool ignore;	   /* the sequence is not one that we know */
	uint16_t parameters[VT_PARAMETERS_MAX];
	unsigned nparameters;
	uint32_t code;	     /* UTF-8 character being put together */
	unsigned code_left;  /* bytes still to come */
	uint32_t code_least; /* smallest number that needs that many */
	char palette[7];
	unsigned palette_size;
};

/* lines[display->rows], each with display->columns cells, live as long as vt. Clears them and
 * shows that at the next flush. At most VT_COLUMNS_MAX columns. */
void vt_init(struct vt *vt, struct display *display, struct vt_line *lines);

/* Takes bytes that a program wrote. */
void vt_write(struct vt *vt, const char *bytes, size_t size);
/* A kernel message: plain text in default colours at the cursor, whatever state programs
 * have left the screen in. */
void vt_write_plain(struct vt *vt, const char *text, size_t size);
/* Shows what changed since last time, and the cursor. */
void vt_flush(struct vt *vt);
/* Shows all of it. */
void vt_redraw(struct vt *vt);

/* ---- between vt_parse.c, which reads sequences, vt_text.c, which reads text, and vt.c,
 * which does what they say ---- */

/* One byte of text: shows the character when it is whole. */
void vt_text_byte(struct vt *vt, uint8_t byte);
void vt_reset(struct vt *vt);
/* Puts a character at the cursor and moves on. */
void vt_put(struct vt *vt, uint32_t code);
void vt_line_feed(struct vt *vt);
void vt_reverse_line_feed(struct vt *vt);
void vt_tab(struct vt *vt);
void vt_backspace(struct vt *vt);
void vt_carriage_return(struct vt *vt);
/* Absolute, clipped to the screen, relative to the scroll region in origin mode. */
void vt_move(struct vt *vt, int row, int column);
/* The same regardless of origin mode, for relative moves: stops at the region's edges if it
 * began inside. */
void vt_move_by(struct vt *vt, int rows, int columns);
/* ED and EL: 0 from the cursor on, 1 up to it, 2 all. */
void vt_erase_display(struct vt *vt, unsigned which);
void vt_erase_line(struct vt *vt, unsigned which);
void vt_erase_characters(struct vt *vt, unsigned count);
void vt_insert_lines(struct vt *vt, unsigned count);
void vt_delete_lines(struct vt *vt, unsigned count);
void vt_insert_characters(struct vt *vt, unsigned count);
void vt_delete_characters(struct vt *vt, unsigned count);
/* Up by count lines in the scroll region, down if negative. */
void vt_scroll(struct vt *vt, int count);
void vt_set_region(struct vt *vt, unsigned top, unsigned bottom);
void vt_set_reverse_screen(struct vt *vt, bool reverse);
/* DECALN: fills the screen with E. */
void vt_alignment_test(struct vt *vt);
void vt_save(struct vt *vt);
void vt_restore(struct vt *vt);

/* SGR (vt_style.c): does what the parameters of CSI m say. */
void vt_select_graphics(struct vt *vt);
void vt_default_style(struct vt_style *style, const struct vt *vt);
uint8_t vt_colour(const struct vt_style *style, bool reverse_screen);

/* 0xrrggbb of the sixteen colours after a reset. */
extern const uint32_t vt_default_palette[16];
/* The bytes after ESC ] P; and ESC ] R. */
void vt_palette_byte(struct vt *vt, uint8_t byte);
void vt_palette_reset(struct vt *vt);

/* Unicode of a byte in code page 437, the PC's own (cp437.c), and back: -1 when it has none. */
extern const uint16_t cp437_to_unicode[256];
int cp437_from_unicode(uint16_t code);

#endif
