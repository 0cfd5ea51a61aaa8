#!/usr/bin/env python3
"""Measures a file on ext2, and swap, on Loft and on Debian's kernel.

    tools/bench-disk.py                          every row, Loft beside Debian
    tools/bench-disk.py --rows NAME[,NAME...]    only these
    tools/bench-disk.py --loft-only | --debian-only
    tools/bench-disk.py --check                  ends with 1 when Debian's kernel needs less
    tools/bench-disk.py --profile NAME           the row's instructions by function of Loft
    tools/bench-disk.py --profile NAME --of FUNCTION

Both kernels run the same program (tools/bench/disk.c) in the same machine of 128 MB with two virtio
disks: a fresh ext2 as mke2fs makes it, and a swap area. Each row is measured twice: in instructions
for each page moved (QEMU's -icount; what is executed while a disk works is taken off), and in
megabytes a second of the host's time, without -icount: the latter on a machine that may have other
things to do, so it is for comparing what was measured within the same minutes. The aim is not to be
slower than Debian's kernel, by instructions.

Debian's kernel gets its drivers from its package, as modules in the initramfs.
"""
import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import bench

QEMU = ["qemu-system-i386", "-accel", "tcg", "-cpu", "qemu32,+rdrand", "-m", "128", "-nodefaults",
        "-display", "none", "-no-reboot"]
COUNTED = ["-icount", "shift=0,sleep=off"]
EXT2_MB, SWAP_MB = 64, 512
SECONDS = 1200

ROWS = {
    "ext2_write": "write of a new file on ext2 and fsync, 8 MB in blocks of 64 KB",
    "ext2_rewrite": "the same over what is there",
    "ext2_read": "read of that file when nothing of it is cached",
    "ext2_map": "load from each page of it, mapped",
    "swap_out": "store to a new page, when memory is full: another goes to swap",
    "swap_in": "load from a page that is in swap, in order, when memory is full",
}


def depends(module):
    """The names of the modules that one needs, as it says itself."""
    found = re.search(rb"\0depends=([^\0]*)\0", module.read_bytes())
    return [name for name in found[1].decode().split(",") if name]


def in_order(folder):
    """The modules in a folder, each behind those that it needs."""
    order = []

    def add(name):
        for needed in depends(folder / f"{name}.ko"):
            add(needed)
        if name not in order:
            order.append(name)

    for path in sorted(folder.glob("*.ko")):
        add(path.stem)
    return [folder / f"{name}.ko" for name in order]


def archive(modules):
    files = [bench.newc(f"modules/{chr(ord('a') + at)}", path.read_bytes())
             for at, path in enumerate(modules)]
    folder = bench.newc("modules", b"").replace(b"000081ED", b"000041ED", 1)
    return (bench.newc("init", (bench.PARTS / "init").read_bytes()) + folder + b"".join(files)
            + bench.newc("TRAILER!!!", b""))


def make_disks(folder):
    """Fresh images; QEMU's arguments for them."""
    words = []
    for name, size, maker in (("ext2", EXT2_MB, ["mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096"]),
                              ("swap", SWAP_MB, ["mkswap", "-q"])):
        image = Path(folder) / name
        with open(image, "wb") as file:
            file.truncate(size << 20)
        image.chmod(0o600)
        subprocess.run([*maker, str(image)], check=True, stdout=subprocess.DEVNULL,
                       env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})
        words += ["-drive", f"file={image},format=raw,if=none,id={name}",
                  "-device", f"virtio-blk-pci,drive={name}"]
    return words


def command(kernel, modules, folder, words, counted=True):
    """QEMU's, for a machine whose files are in the folder."""
    initrd = Path(folder) / "initrd"
    initrd.write_bytes(archive(modules))
    words = [bench.CMDLINE, *words, "+disk", *([] if counted else ["+clock"])]
    return [*QEMU, *(COUNTED if counted else []), *make_disks(folder), "-kernel", str(kernel),
            "-initrd", str(initrd), "-append", " ".join(words)]


def run(kernel, modules, words, counted):
    """{row: figure} of a machine of its own."""
    with tempfile.TemporaryDirectory(prefix="loft-bench-") as folder:
        machine = [*command(kernel, modules, folder, words, counted), "-serial", "stdio"]
        said = subprocess.run(machine, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=SECONDS, check=False).stdout
    text = said.decode("utf-8", "replace").replace("\r", "")
    if "@done" not in text:
        sys.exit(f"bench-disk: the program did not come to its end on {kernel}:\n{text[-3000:]}")
    return bench.figures(text)


def measure(kernel, modules, words):
    """({row: instructions a page}, {row: KB a second})"""
    return run(kernel, modules, words, True), run(kernel, modules, words, False)


def shown(figure, divisor=1):
    return "" if figure is None else f"{figure / divisor:,.0f}"


def print_rows(names, loft, debian):
    """True if Loft needs no more instructions on any row."""
    print(f"{'disks: each page of 4 KB':22} {'instructions':>21} {'MB a second':>15}")
    print(f"{'':22} {'Loft':>10} {'Debian':>10} {'Loft':>7} {'Debian':>7} {'ratio':>6}  {'':8} what")
    slower = False
    for name in names:
        figures = [side.get(name) for side in (loft[0], debian[0], loft[1], debian[1])]
        both = figures[0] and figures[1]
        ratio = figures[0] / figures[1] if both else None
        slower = slower or bool(both and ratio > 1)
        print(f"{name:22} {shown(figures[0]):>10} {shown(figures[1]):>10} "
              f"{shown(figures[2], 1024):>7} {shown(figures[3], 1024):>7} "
              f"{f'{ratio:.2f}' if both else '':>6}  "
              f"{('met' if ratio <= 1 else 'NOT MET') if both else '':8} {ROWS[name]}")
    return not slower


def print_profile(kernel, name, function):
    def make(_, folder, words):
        return command(kernel, [], folder, words)

    if function:
        bench.print_function(kernel, name, function, make)
    else:
        bench.print_profile(kernel, name, make)


def main(arguments):
    what = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    what.add_argument("--rows", help="names, with a comma between two")
    what.add_argument("--loft-only", action="store_true", help="without Debian's kernel")
    what.add_argument("--debian-only", action="store_true", help="without Loft")
    what.add_argument("--profile", metavar="NAME", help="a row's instructions by function")
    what.add_argument("--of", metavar="FUNCTION", help="one function of the profile")
    what.add_argument("--check", action="store_true", help="end with 1 if Debian's needs less")
    what.add_argument("--build", type=Path, default=bench.ROOT / "build", help="where loft.elf is")
    options = what.parse_args(arguments)
    named = options.profile or options.rows
    names = named.split(",") if named else list(ROWS)
    if set(names) - set(ROWS):
        sys.exit(f"bench-disk: rows are {', '.join(ROWS)}")
    if options.profile:
        print_profile(options.build / "loft.elf", options.profile, options.of)
        return 0
    asked = ["+" + name for name in names] if options.rows else []
    loft = debian = ({}, {})
    if not options.loft_only:
        kernel = bench.debian_kernel()
        modules = in_order(kernel.parent / kernel.name.replace("vmlinuz", "modules"))
        debian = measure(kernel, modules, [*bench.DEBIAN_CMDLINE.split(), *asked])
    if not options.debian_only:
        loft = measure(options.build / "loft.elf", [], asked)
    met = print_rows(names, loft, debian)
    return 1 if options.check and not met else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
