#!/usr/bin/env python3
"""Counts the instructions that booting takes, from power-on to the first user instruction.

    tools/bench-boot.py [--check] [BUILD]

QEMU's -icount makes the time-stamp counter count instructions, the same each time. Two machines
are booted with -kernel: one runs the real kernel, whose process 1 says what the counter held at
its first instruction; in the other, code that says the same lies over the kernel's entry point,
so that what the firmware and QEMU's loader take can be told apart. The machine has nothing that
it does not need: with QEMU's usual network card, video card and disks the firmware takes longer.
With --check it ends with 1 when a goal is not met.
"""
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QEMU = ["qemu-system-i386", "-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu",
        "qemu32,+rdrand", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
GOAL_IN_ALL = 10_000_000
GOAL_KERNEL = 50_000_000        # 50 ms at the 1 GHz that -icount shift=0 emulates
SECONDS = 120


def assemble(source, folder):
    """An ELF with one section of code, or flat bytes when nothing in it needs an address."""
    name = Path(source).stem
    if name == "entry":
        subprocess.run(["nasm", "-f", "bin", "-o", folder / name, source], check=True)
        return (folder / name).read_bytes()
    subprocess.run(["nasm", "-f", "elf32", "-o", folder / f"{name}.o", source], check=True)
    subprocess.run(["ld", "-m", "elf_i386", "-s", "-o", folder / name, folder / f"{name}.o"],
                   check=True)
    return (folder / name).read_bytes()


def newc(name, data, mode):
    fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def write_archives(init, usual, folder):
    """{what: path}: an archive with process 1 alone, and the usual one with it added."""
    entry = newc("bench-init", init, 0o100755)
    end = newc("TRAILER!!!", b"", 0)
    whole = usual.read_bytes()
    before_trailer = whole[:whole.rindex(b"TRAILER!!!") - 110]
    archives = {"one file": entry + end, f"{len(whole) >> 10} KB": before_trailer + entry + end}
    for at, (what, data) in enumerate(archives.items()):
        path = folder / f"{at}.cpio"
        path.write_bytes(data)
        yield what, path


def with_code_at_entry(kernel, code):
    """The ELF file with code in place of what it starts with."""
    image = bytearray(kernel)
    entry, headers = struct.unpack_from("<II", image, 24)
    size, count = struct.unpack_from("<HH", image, 42)
    for at in range(headers, headers + size * count, size):
        kind, offset, _, physical, filesize = struct.unpack_from("<IIIII", image, at)
        if kind == 1 and physical <= entry and entry + len(code) <= physical + filesize:
            place = offset + entry - physical
            image[place:place + len(code)] = code
            return image
    sys.exit("bench-boot: no segment of the kernel holds its entry point")


def boot(kernel, archive, *more):
    command = [*QEMU, "-kernel", kernel, "-initrd", archive,
               "-append", "console=ttyS0 panic=-1 rdinit=/bench-init", *more]
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          timeout=SECONDS).stdout


def count_to_entry(kernel, archive, folder):
    boot(kernel, archive, "-serial", "none", "-debugcon", f"file:{folder}/counter")
    return int.from_bytes((folder / "counter").read_bytes()[:8], "little")


def count_to_user(kernel, archive):
    said = boot(kernel, archive, "-serial", "stdio")
    seen = re.search(rb"@first-instruction ([0-9a-f]{16})", said)
    if not seen:
        sys.exit("bench-boot: process 1 did not run:\n" + said.decode("utf-8", "replace"))
    return int(seen[1], 16), said.decode("utf-8", "replace")


def show_row(what, count, goal=None):
    verdict = "" if goal is None else f"{goal:15,}  {'met' if count < goal else 'NOT MET'}"
    print(f"  {what:42}{count:15,}{verdict}")
    return goal is None or count < goal


def main():
    check = "--check" in sys.argv[1:]
    folders = [word for word in sys.argv[1:] if word != "--check"]
    build = Path(folders[0]) if folders else ROOT / "build"
    met = True
    with tempfile.TemporaryDirectory(prefix="loft-bench-") as name:
        folder = Path(name)
        kernel = build / "loft.elf"
        probe = folder / "entry.elf"
        probe.write_bytes(with_code_at_entry(
            kernel.read_bytes(), assemble(ROOT / "tools/bench/entry.asm", folder)))
        init = assemble(ROOT / "tools/bench/init.asm", folder)
        print(f"Booting with -kernel: {'instructions':>34}{'goal, under':>15}")
        for what, archive in write_archives(init, build / "root.cpio", folder):
            entry = count_to_entry(probe, archive, folder)
            user, _ = count_to_user(kernel, archive)
            print(f" initramfs of {what}")
            show_row("power-on to the kernel's entry", entry)
            met &= show_row("entry to the first user instruction", user - entry, GOAL_KERNEL)
            met &= show_row("in all", user, GOAL_IN_ALL)
    return 1 if check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
