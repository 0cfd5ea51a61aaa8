#!/usr/bin/env python3
"""Turns a console font (PSF 1 or 2, gzipped or not, 8 by 16 with a Unicode table) into C tables.

    tools/font.py [FONT] >font_data.c

Without FONT the first of those that Debian's packages psf-unifont and console-setup-linux
install is taken. The tables are declared in drivers/screen.h.
"""
import gzip
import os
import struct
import sys

FOLDER = '/usr/share/consolefonts/'
USUAL = ('Unifont-APL8x16.psf.gz', 'Uni2-VGA16.psf.gz', 'Uni2-Fixed16.psf.gz')


def read_font(path):
    with open(path, 'rb') as file:
        data = file.read()
    return gzip.decompress(data) if data[:2] == b'\x1f\x8b' else data


def psf1(data):
    """Glyphs, and for each the characters that it shows."""
    count = 512 if data[2] & 1 else 256
    if not data[2] & 6 or data[3] != 16:
        raise ValueError('not 8 by 16 with a Unicode table')
    glyphs = [data[4 + i * 16:20 + i * 16] for i in range(count)]
    table = data[4 + count * 16:]
    words = struct.unpack('<%dH' % (len(table) // 2), table[:len(table) // 2 * 2])
    symbols, current, sequence = [], [], False
    for word in words:
        if word == 0xffff:
            symbols.append(current)
            current, sequence = [], False
        elif word == 0xfffe:
            sequence = True     # combinations of characters: not for one cell
        elif not sequence:
            current.append(word)
    return glyphs, symbols


def psf2(data):
    _, _, header, flags, count, size, height, width = struct.unpack('<8I', data[:32])
    if not flags & 1 or (width, height, size) != (8, 16, 16):
        raise ValueError('not 8 by 16 with a Unicode table')
    glyphs = [data[header + i * 16:header + i * 16 + 16] for i in range(count)]
    entries = data[header + count * 16:].split(b'\xff')[:count]
    return glyphs, [[ord(c) for c in entry.split(b'\xfe')[0].decode()] for entry in entries]


def load(path=None):
    """Glyphs of 16 bytes, and for each the list of characters that it shows."""
    paths = [path] if path else [FOLDER + name for name in USUAL if os.path.exists(FOLDER + name)]
    if not paths:
        sys.exit('font.py: no console font; it comes with the Debian package psf-unifont')
    data = read_font(paths[0])
    return psf1(data) if data[:2] == b'\x36\x04' else psf2(data)


def main():
    glyphs, symbols = load(*sys.argv[1:])
    places = {}
    for glyph, shown in enumerate(symbols):
        for symbol in shown:
            if symbol <= 0xffff:
                places.setdefault(symbol, glyph)
    if ord('A') not in places:
        sys.exit('font.py: the font does not even have an A')
    places.setdefault(0xfffd, places[ord('?')])
    places.setdefault(0x20, places.get(0xa0, 0))
    print('/* Made by tools/font.py from a console font. */')
    print('#include "screen.h"\n\nconst uint8_t font_glyphs[][GLYPH_HEIGHT] = {')
    for glyph in glyphs:
        print('\t{ %s },' % ', '.join('0x%02x' % row for row in glyph))
    print('};\n\nconst struct font_place font_places[] = {')
    for symbol in sorted(places):
        print('\t{ 0x%04x, %d },' % (symbol, places[symbol]))
    print('};\n\nconst unsigned font_nplaces = ARRAY_SIZE(font_places);')


if __name__ == '__main__':
    main()
