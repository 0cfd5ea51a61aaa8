"""Programs that own the screen, driven by keys over the serial line: vi, less and top.

vi and less show the same screen, character by character, after each key as the same binary does
on a terminal of the host.
"""

import os
import re
import shutil
import subprocess
import time

import pexpect
import pyte
import pytest

import loftvm

ROWS, COLUMNS = 24, 80
ESC = "\x1b"

LINES = "".join(f"line {number} of a file that is longer than the screen\n"
                for number in range(1, 61))

# What is typed, key group by key group; the screen is looked at after each.
VI = ["i", "Loft is a kernel\nwhose subject is\nvirtual memory", ESC, "yyp", "k0", "x", "u", "dd",
      "1G", "A, and more", ESC, "o", "a new line\twith a tab", ESC, ":%s/e/E/g\n", "/vir\n", "cw",
      "VIRTUAL", ESC, "J", ":set number\n", "G", "p", ":w\n"]
VI_LONG = ["G", "\x06", "\x02", "30G", "dd", "/line 5\n", "n", ":10\n", "5yy", "P", "\x04", "\x15",
           ":wq\n"]
LESS = [" ", " ", "b", "/line 40\n", "n", "g", "G", "y", "q"]


class Screen:
    """What a terminal shows."""

    def __init__(self):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.screen)

    def feed(self, text):
        self.stream.feed(text)

    def __str__(self):
        lines = [line.rstrip() for line in self.screen.display]
        return "\n".join([*lines, f"[{self.screen.cursor.x}, {self.screen.cursor.y}]"])


@pytest.fixture(scope="module")
def machine():
    with loftvm.VM("screens", initrd=loftvm.BUILD / "root.cpio",
                   append="quiet loglevel=1") as machine:
        machine.expect(loftvm.PROMPT)
        machine.run(f"stty rows {ROWS} cols {COLUMNS}; export TERM=vt100")
        yield machine


@pytest.fixture
def host_folder(scratch):
    folder = scratch / f"screens-{time.monotonic_ns()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def on_host(folder, command, keys):
    """The screens that the keys bring about on the host, from the first on, and the end."""
    busybox = str(loftvm.ROOT / "build/i386/busybox-static/bin/busybox")
    child = pexpect.spawn(busybox, command, cwd=str(folder), dimensions=(ROWS, COLUMNS),
                          env={"TERM": "vt100", "PATH": "/"}, encoding="utf-8", echo=False)
    screen, screens = Screen(), []
    for key in [None, *keys]:
        if key:
            child.send(key.replace("\n", "\r"))
        while True:  # until it has been silent for a while
            try:
                screen.feed(child.read_nonblocking(65536, timeout=0.4))
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
        screens.append(str(screen))
    child.close(force=True)
    return screens


def on_loft(machine, command, keys, screens):
    """Types the same on Loft: each key must bring about the same screen."""
    machine.send("clear; " + " ".join(command) + "\n")
    # clear homes the cursor and erases: from there on the screen is what the program made it.
    machine.expect(r"\x1b\[H\x1b\[J")
    start = machine.raw.rindex(f"{ESC}[J") + len(f"{ESC}[J")
    for key, expected in zip([None, *keys], screens):
        if key:
            machine.send(key)
        deadline = time.monotonic() + loftvm.PATIENCE
        while True:
            screen = Screen()
            screen.feed(machine.raw[start:])
            if str(screen) == expected:
                break
            if time.monotonic() > deadline:
                assert str(screen) == expected, f"after {key!r}: Loft (left), Linux (right)"
            machine.listen(0.5)


@pytest.mark.xdist_group("screens")
@pytest.mark.parametrize("name,keys", [("new", VI), ("long", VI_LONG)])
def test_vi(name, keys, machine, host_folder):
    (host_folder / "new").touch()
    (host_folder / "long").write_text(LINES)
    machine.run("rm -rf /tmp/w; mkdir /tmp/w; cd /tmp/w; touch new; "
                "for i in $(seq 60); do echo line $i of a file that is longer than the screen; "
                "done >long")
    screens = on_host(host_folder, ["vi", name], keys)
    on_loft(machine, ["busybox", "vi", name], keys[:-1], screens[:-1])
    machine.send(keys[-1] + ("" if "q" in keys[-1] else ":q\n"))
    machine.expect(loftvm.PROMPT)
    output, status = machine.run(f"cat {name}")
    assert status == 0
    assert output == (host_folder / name).read_text()


@pytest.mark.xdist_group("screens")
def test_less(machine, host_folder):
    (host_folder / "long").write_text(LINES)
    machine.run("mkdir -p /tmp/w; cd /tmp/w; for i in $(seq 60); do "
                "echo line $i of a file that is longer than the screen; done >long")
    screens = on_host(host_folder, ["less", "long"], LESS)
    on_loft(machine, ["busybox", "less", "long"], LESS[:-1], screens[:-1])
    machine.send("q")
    machine.expect(loftvm.PROMPT)


@pytest.mark.xdist_group("screens")
def test_top(machine):
    machine.send("clear; sleep 300 & top -d 1\n")
    for _ in range(2):  # it renews itself
        machine.expect(r"Mem: \d+K used, \d+K free, \d+K shrd, \d+K buff, \d+K cached")
        machine.expect(r"CPU: +[\d.]+% usr +[\d.]+% sys")
        machine.expect(r"Load average: [\d.]+ [\d.]+ [\d.]+ \d+/\d+ \d+")
        machine.expect(r"PID +PPID +USER +STAT +VSZ +%VSZ")
    text = machine.text[machine.at:]
    machine.send("N")  # by number
    machine.expect(r"\n +1 +0 +\S+ +S.* init")
    machine.send("q")
    machine.expect(loftvm.PROMPT)
    output, _ = machine.run("kill %1; wait; echo gone")
    assert "gone" in output, text
