"""The console: keys of the PS/2 keyboard, text on VGA and on a frame buffer, the terminal on the serial line."""

import hashlib
import importlib.util
import time

import pytest

import loftvm

ISO = loftvm.BUILD / "loft.iso"
ROWS, COLUMNS = 25, 80

# QEMU's names of the keys of a US keyboard; capitals and the like with Shift.
PLAIN = dict(zip("`-=[]\\;',./ \n\t\x1b\x7f",
                 "grave_accent minus equal bracket_left bracket_right backslash semicolon apostrophe "
                 "comma dot slash spc ret tab esc backspace".split()))
SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./"))


def type_keys(machine, text):
    for character in text:
        keys = []
        if character in SHIFTED or character.isupper():
            keys.append("shift")
            character = SHIFTED.get(character, character.lower())
        machine.qmp("send-key", **{"hold-time": 10, "keys": [
            {"type": "qcode", "data": key} for key in keys + [PLAIN.get(character, character)]]})
        time.sleep(0.03)  # QEMU queues few scan codes


def press(machine, *keys):
    machine.key(*keys)
    time.sleep(0.2)  # send-key holds them for 100 ms


def until(condition):
    """Waits until condition() is true; returns whether it became so."""
    deadline = time.monotonic() + loftvm.PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


# --- VGA text, read from its memory

def vga_cells(machine):
    """The screen as (character of code page 437, colour)."""
    words = []
    for line in machine.monitor(f"xp /{ROWS * COLUMNS}hx 0xb8000").splitlines():
        words += [int(word, 16) for word in line.split(":", 1)[1].split()]
    assert len(words) == ROWS * COLUMNS
    return [(word & 0xff, word >> 8) for word in words]


def vga_text(machine):
    text = bytes(character for character, _ in vga_cells(machine)).decode("cp437")
    return "\n".join(text[at:at + COLUMNS].rstrip() for at in range(0, len(text), COLUMNS))


def wait_for_vga(machine, text):
    assert until(lambda: text in vga_text(machine)), vga_text(machine)


@pytest.fixture
def screen(boot):
    """A shell on tty1, VGA text; the log goes to both."""
    machine = boot(initrd=loftvm.BUILD / "root.cpio", append="console=tty0")
    wait_for_vga(machine, "loft:/root#")
    return machine


def test_keys_make_lines(screen):
    type_keys(screen, "echo \"Seven~{6}\" $((6*7)) | tr S s\n")
    wait_for_vga(screen, "\nseven~{6} 42\n")
    type_keys(screen, "echo onx\x7fe tw\x7f\x7f; tty; stty size\n")
    wait_for_vga(screen, "\none\n/dev/console\n25 80\n")


def test_cursor_keys_and_control(screen):
    type_keys(screen, "echo first\n")
    wait_for_vga(screen, "\nfirst\n")
    press(screen, "up")
    for _ in "first":
        press(screen, "left")
    type_keys(screen, "the ")
    press(screen, "end")
    type_keys(screen, " one\n")
    wait_for_vga(screen, "\nthe first one\n")
    press(screen, "ctrl", "l")
    assert until(lambda: "first" not in vga_text(screen)), vga_text(screen)


def test_signals_from_the_keyboard(screen):
    type_keys(screen, "sleep 1000; echo status $?\n")
    time.sleep(0.5)
    press(screen, "ctrl", "c")
    type_keys(screen, "echo still here\n")
    wait_for_vga(screen, "\nstill here\n")
    assert "\nstatus 0\n" not in vga_text(screen)
    type_keys(screen, "sleep 1000\n")
    time.sleep(0.5)
    press(screen, "ctrl", "z")
    wait_for_vga(screen, "Stopped")


def test_locks_and_alt(screen):
    press(screen, "caps_lock")
    type_keys(screen, "ab1C")
    press(screen, "caps_lock")
    type_keys(screen, "\x7f\x7f\x7f\x7f")
    press(screen, "num_lock")
    type_keys(screen, "echo ")
    press(screen, "kp_7")
    press(screen, "num_lock")
    press(screen, "kp_add")
    type_keys(screen, "\n")
    wait_for_vga(screen, "\n7+\n")
    # cat shows what a key sends: Alt and a letter is ESC and the letter, the rest are sequences.
    type_keys(screen, "cat -v\n")
    time.sleep(0.5)
    press(screen, "alt", "x")
    press(screen, "f1")
    press(screen, "f12")
    press(screen, "home")
    press(screen, "delete")
    press(screen, "up")
    type_keys(screen, "\n")
    wait_for_vga(screen, "\n^[x^[[[A^[[24~^[[1~^[[3~^[[A\n")


def test_ctrl_alt_delete_restarts(screen):
    screen.key("ctrl", "alt", "delete")
    screen.wait()  # under -no-reboot a restart is the end


def test_vi_with_cursor_keys(screen):
    type_keys(screen, "vi /tmp/poem\n")
    wait_for_vga(screen, "- /tmp/poem")
    type_keys(screen, "ione two\nthree\x1b")
    time.sleep(0.3)
    press(screen, "up")
    type_keys(screen, "0xiO\x1b")
    time.sleep(0.3)
    type_keys(screen, ":wq\n")
    wait_for_vga(screen, "~\nloft:/root#")
    type_keys(screen, "clear; cat /tmp/poem\n")
    wait_for_vga(screen, "One two\nthree\n")


# --- the serial line

def test_sequences_on_vga(shell):
    machine = shell()
    machine.run(r"printf '\033[2J\033[H\033[1;37;41mred\033[0m\033(0lqk\033(B\303\251\033[5;10Hhere' >/dev/tty1")
    cells = vga_cells(machine)
    assert bytes(cell[0] for cell in cells[:7]) == b"red\xda\xc4\xbf\x82"
    assert [cell[1] for cell in cells[:4]] == [0x4f, 0x4f, 0x4f, 0x07]
    assert vga_text(machine).split("\n")[4] == " " * 9 + "here"
    machine.run("seq 100 >/dev/tty1")
    assert "\n78\n" in vga_text(machine) and vga_text(machine).endswith("\n100\n")


def test_serial_line_editing(shell):
    machine = shell()
    machine.send("cat\n")
    time.sleep(0.5)
    machine.send("abc\x7f\x7fde f g\x17h\n")
    machine.expect(r"^ade f h\n")
    machine.send("gone\x15kept\x16\x03\n")
    machine.expect(r"^kept\x03\n")
    machine.send("\x04")
    machine.expect(loftvm.PROMPT)


def test_serial_signals_and_job_control(shell):
    machine = shell()
    machine.send("sleep 1000\n")
    time.sleep(0.5)
    machine.send("\x03")
    machine.expect(loftvm.PROMPT)
    machine.send("sleep 1000\n")
    time.sleep(0.5)
    machine.send("\x1a")
    machine.expect("Stopped")
    machine.expect(loftvm.PROMPT)
    machine.send("fg\n")
    time.sleep(0.5)
    machine.send("\x1c")
    machine.expect("Quit")
    machine.expect(loftvm.PROMPT)
    # Who is in the background and reads its terminal is stopped; so is who writes, with TOSTOP.
    machine.send("cat </dev/ttyS0 & sleep 1; jobs\n")
    machine.expect(r"Stopped \(tty input\)")
    machine.expect(loftvm.PROMPT)
    machine.send("kill %1; stty tostop; (sleep 1; echo late >/dev/ttyS0) & sleep 2; jobs\n")
    machine.expect(r"Stopped \(tty output\)")
    machine.send("stty -tostop; kill -9 %2; cd /\n")
    machine.expect(loftvm.PROMPT)


def test_stty_and_window_size(shell):
    machine = shell()
    assert machine.run("stty rows 40 cols 132; stty size") == ("40 132\n", 0)
    output, _ = machine.run("stty -a | head -1; stty 9600; stty | head -1; stty 115200 sane")
    assert output == ("speed 115200 baud; rows 40; columns 132; line = 0;\n"
                      "speed 9600 baud; line = 0;\n")
    # Without job control all are in the foreground group.
    output, _ = machine.run("sh -c \"trap 'echo resized' WINCH; stty cols 100; true\"")
    assert output == "resized\n"
    assert machine.run("stty -F /dev/tty1 size; stty -F /dev/null")[0].startswith("25 80\n")


def test_min_and_time(shell):
    """The four cases of VMIN and VTIME, with dd as the reader of one buffer."""
    machine = shell()
    read = "dd bs=10 count=1 2>/dev/null </dev/ttyS0 | wc -c"
    assert machine.run(f"stty -icanon min 0 time 0; {read}; stty sane")[0] == "0\n"
    assert machine.run(f"stty -icanon min 0 time 3; {read}; stty sane")[0] == "0\n"
    machine.send(f"stty -icanon -echo min 3 time 0; echo read''y; {read}; stty sane\n")
    machine.expect("^ready\n")
    for key in "ab":
        machine.send(key)
        time.sleep(0.3)
    machine.send("cdef")
    assert int(machine.expect(r"^(\d)\n")[1]) >= 3
    machine.expect(loftvm.PROMPT)
    machine.send("\x15")
    machine.send(f"stty -icanon -echo min 9 time 2; echo read''y; {read}; stty sane\n")
    machine.expect("^ready\n")
    machine.send("abcd")
    machine.expect("^4\n")


def test_nothing_typed_ahead_is_lost(shell):
    """Far more than any buffer holds, while the reader sleeps: the UART holds it back."""
    machine = shell()
    lines = [f"line {number} of what is typed ahead" for number in range(600)]
    machine.send("sleep 2; while read a b c; do [ $a = end ] && break; echo $b; done | md5sum\n")
    time.sleep(0.5)
    machine.send("\n".join(lines) + "\nend\n")
    got = machine.expect("^([0-9a-f]{32})  -\n")[1]
    assert got == hashlib.md5("".join(f"{n}\n" for n in range(600)).encode()).hexdigest()


def test_all_output_arrives(shell):
    machine = shell()
    output, _ = machine.run("seq 1 5000")
    assert output == "".join(f"{number}\n" for number in range(1, 5001))


def test_flow_control(shell):
    machine = shell()
    machine.send("sleep 1; echo after''wards\n")
    machine.send("\x13")
    time.sleep(2.5)
    while machine.listen(0.1) and len(machine.text) != getattr(machine, "seen", -1):
        machine.seen = len(machine.text)
    assert "\nafterwards\n" not in machine.text
    machine.send("\x11")
    machine.expect("^afterwards\n")


def test_console_devices(shell):
    machine = shell()
    output, _ = machine.run("ls -l /dev/tty /dev/tty0 /dev/tty1 /dev/ttyS0 /dev/console | "
                            "awk '{ print $1, $5, $6, $NF }'")
    assert output == ("crw------- 5, 1 /dev/console\ncrw-rw-rw- 5, 0 /dev/tty\n"
                      "crw--w---- 4, 0 /dev/tty0\ncrw--w---- 4, 1 /dev/tty1\n"
                      "crw--w---- 4, 64 /dev/ttyS0\n")
    output, _ = machine.run("setsid sh -c 'echo x >/dev/tty' 2>&1 | sed 's/.*: //'; sleep 1")
    assert output == "No such device or address\n"


def test_session_end_hangs_up(shell):
    """The leader's end takes the terminal from its session, and its foreground group with it."""
    machine = shell()
    machine.run("setsid sh -c 'exec <>/dev/tty1 >&0 2>&1; sleep 1000 & sleep 2; exit' & sleep 1")
    assert machine.run("cat /proc/$(pidof sleep | cut -d' ' -f1)/stat | cut -d' ' -f7")[0] == "1025\n"
    assert machine.run("sleep 2; pidof sleep")[1] != 0
    # The next session leader to open it gets it.
    output, _ = machine.run(
        "setsid sh -c 'exec 3<>/dev/tty1; cut -d\" \" -f7 /proc/self/stat'; sleep 1")
    assert output == "1025\n"


def test_no_serial_line(boot):
    """The screen stands in for the console that was asked for and is not there."""
    machine = boot(initrd=loftvm.BUILD / "root.cpio",
                   extra=["-machine", "pc", "-global", "isa-serial.iobase=0x2f8"])
    wait_for_vga(machine, "loft:/root#")
    assert "init: process 1" in vga_text(machine)


def test_no_screen(shell):
    machine = shell(vga="none")
    assert machine.run("ls /dev/tty1 /dev/tty0")[1] != 0
    assert machine.run("stty -F /dev/tty0")[0] == (
        "stty: can't open '/dev/tty0': No such device or address\n")
    assert machine.run("echo fine") == ("fine\n", 0)


# --- the frame buffer: its glyphs are found in the font

def load_font():
    where = loftvm.ROOT / "tools" / "font.py"
    spec = importlib.util.spec_from_file_location("font", where)
    font = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(font)
    glyphs, symbols = font.load()
    shown = sorted((min(ones), glyph) for glyph, ones in zip(glyphs, symbols) if ones)
    return {glyph: chr(symbol) for symbol, glyph in reversed(shown)}


def pixels(machine, path):
    """The screen as rows of (red, green, blue) bytes: width, height, bytes."""
    machine.qmp("screendump", filename=str(path))
    kind, size, _, data = path.read_bytes().split(b"\n", 3)
    assert kind == b"P6"
    width, height = map(int, size.split())
    return width, height, data


def read_glyphs(machine, path, font):
    width, height, data = pixels(machine, path)
    rows = []
    for top in range(0, height - 15, 16):
        row = ""
        for left in range(0, width - 7, 8):
            glyph = bytearray()
            for y in range(top, top + 16):
                bits = 0
                for x in range(left, left + 8):
                    at = (y * width + x) * 3
                    bits = bits << 1 | (data[at:at + 3] != b"\0\0\0")
                glyph.append(bits)
            row += font.get(bytes(glyph), "\x7f")
        rows.append(row.rstrip())
    return "\n".join(rows)


def test_frame_buffer(boot, tmp_path):
    machine = boot(iso=ISO)
    machine.expect(loftvm.PROMPT)
    font = load_font()
    text = read_glyphs(machine, tmp_path / "screen.ppm", font)
    assert "serial: ttyS0 at 0x3f8" in text and "128 x 48 characters" in text
    assert machine.run("stty -F /dev/tty1 size")[0] == "48 128\n"
    machine.run(r"printf '\033[2J\033[H\033[32mgreen\033[m \342\224\214\342\224\200' >/dev/tty1")
    assert read_glyphs(machine, tmp_path / "screen.ppm", font).startswith("green \u250c\u2500")
    _, _, data = pixels(machine, tmp_path / "screen.ppm")
    assert {data[at:at + 3] for at in range(0, 40 * 3, 3)} | {b"\0\0\0"} <= {
        b"\0\0\0", b"\0\xaa\0"}
    machine.run("seq 1000 >/dev/tty1")
    text = read_glyphs(machine, tmp_path / "screen.ppm", font)
    assert text.startswith("954\n955\n") and "\n1000\n" in text
