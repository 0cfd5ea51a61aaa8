"""What the kernel says when what it is booted with is missing or wrong: its initramfs, process 1
and the words on its command line. It must say so in words, on the serial line, and end as
panic= tells it; QEMU's exit alone proves nothing, a triple fault looks the same.
"""

import re

import pytest

import loftvm
from loftvm import newc_end, newc_entry

ARGUMENTS = loftvm.ROOT / "build" / "tests" / "arguments"
NO_INIT = r"kernel panic: there is no /init that could be run"
FOLDER = 0o040755


def panics(boot, initrd, *wanted, append="", panic=NO_INIT):
    """Boots to a panic with its reason, after all that is wanted was said, and the reboot that
    panic=-1 asks for. Returns all that was said."""
    machine = boot(initrd=initrd, append=append)
    machine.expect(panic, panic=True)
    machine.wait(panic=True)
    for pattern in wanted:
        assert re.search(pattern, machine.text), f"no {pattern!r} in:\n{machine.text}"
    assert "panic within a panic" not in machine.text
    assert len(re.findall("kernel panic: ", machine.text)) == 1, machine.text
    return machine.text


def archive(scratch, name, data):
    path = scratch / f"{name}.cpio"
    path.write_bytes(data)
    return path


def good_entries():
    """Entries that come before what is wrong: they must be there in the end."""
    return newc_entry("dev", mode=FOLDER) + newc_entry("init", ARGUMENTS.read_bytes())


# ---- the archive

def test_no_module(boot):
    panics(boot, None, r"initramfs: the boot loader brought no module")


NOT_ARCHIVES = {
    "text": (b"This is no archive.\n" * 100, "not a newc cpio archive"),
    "gzip": (b"\x1f\x8b\x08" + bytes(4093), "compressed; only plain newc cpio archives"),
    "xz": (b"\xfd7zXZ\0" + bytes(4093), "compressed; only plain newc cpio archives"),
    "one-byte": (b"0", "the archive is cut short"),
    "old-cpio": (b"070707" + b"0" * 200, "not a newc cpio archive"),
    "elf": (b"\x7fELF" + bytes(4092), "not a newc cpio archive"),
}


@pytest.mark.parametrize("kind", NOT_ARCHIVES)
def test_module_is_no_archive(boot, scratch, kind):
    data, reason = NOT_ARCHIVES[kind]
    panics(boot, archive(scratch, kind, data), f"initramfs: byte 0 of {len(data)}: {reason}")


def test_empty_archive(boot, scratch):
    for data in (newc_end(), bytes(8192)):
        panics(boot, archive(scratch, "empty", data), r"initramfs: 0 entries")


def test_archives_one_behind_the_other(shell, scratch):
    """Each with its own end, zeros before, between and behind them. Later ones replace, add, and
    have nothing to do with the inodes of earlier ones."""
    first = (loftvm.BUILD / "root.cpio").read_bytes()
    first = first[:first.rindex(b"TRAILER!!!") - 110]
    first += newc_entry("a", b"first\n", ino=7001) + newc_entry("one", b"linked\n", ino=7002, nlink=2)
    second = newc_entry("a", b"second\n", ino=7001) + newc_entry("two", b"apart\n", ino=7002, nlink=2)
    third = newc_entry("more", mode=FOLDER) + newc_entry("more/b", b"third\n", ino=7003)
    data = (bytes(1024) + first + newc_end() + bytes(512 - 4) + second + newc_end() + third
            + newc_end() + bytes(37))
    machine = shell(initrd=archive(scratch, "several", data))
    assert machine.run("cat /a /one /two /more/b") == ("second\nlinked\napart\nthird\n", 0)
    assert "byte" not in re.findall("initramfs: (.*)", machine.text)[-1]


BIG = newc_entry("big", b"x" * 5000)
HEADER = 110
CUTS = {
    "magic": 3, "header": 57, "header-end": HEADER, "name": HEADER + 2,
    "padding": HEADER + 5, "data": HEADER + 2000, "data-end": len(BIG) - 4,
}


@pytest.mark.parametrize("where", CUTS)
def test_archive_is_cut_short(boot, scratch, where):
    """What came before stays: process 1 starts from it."""
    data = good_entries() + BIG[:CUTS[where]]
    machine = boot(initrd=archive(scratch, f"cut-{where}", data))
    machine.expect(r"initramfs: byte \d+ of \d+: the archive is cut short")
    machine.expect(r"^@end$")
    machine.wait()


def test_archive_without_its_trailer(boot, scratch):
    machine = boot(initrd=archive(scratch, "no-trailer", good_entries()))
    machine.expect(r"initramfs: byte (\d+) of \1: the archive is cut short")
    machine.expect(r"^@end$")
    machine.wait()


BAD_NAME = "a file name without an end, or too long"
LIES = {
    "magic": (dict(magic=b"070799"), "not a newc cpio archive"),
    "filesize-beyond": (dict(filesize=100000), "the archive is cut short"),
    "filesize-huge": (dict(filesize=0xffffffff), "the archive is cut short"),
    "filesize-wraps": (dict(filesize=0xfffffff0), "the archive is cut short"),
    "filesize-half": (dict(filesize=0x80000000), "the archive is cut short"),
    "namesize-zero": (dict(namesize=0), BAD_NAME),
    "namesize-huge": (dict(namesize=0xffffffff), BAD_NAME),
    "namesize-wraps": (dict(namesize=0xffffff80), BAD_NAME),
    "namesize-beyond": (dict(namesize=4000), "the archive is cut short"),
    "namesize-short": (dict(namesize=2), BAD_NAME),
    "checksum": (dict(magic=b"070702", check=1), "a checksum is wrong"),
}


@pytest.mark.parametrize("lie", LIES)
def test_archive_with_a_header_that_lies(boot, scratch, lie):
    fields, reason = LIES[lie]
    data = good_entries() + newc_entry("file", b"data", **fields) + newc_end()
    machine = boot(initrd=archive(scratch, f"lie-{lie}", data))
    machine.expect(rf"initramfs: byte {len(good_entries())} of {len(data)}: {reason}")
    machine.expect(r"^@end$")
    machine.wait()


def test_archive_with_a_header_that_is_no_number(boot, scratch):
    for at in (6, 14, 54, 94):      # inode, mode, file size, name size
        entry = bytearray(newc_entry("file", b"data"))
        entry[at:at + 8] = b"0000zz!\xff"
        machine = boot(initrd=archive(scratch, f"no-number-{at}",
                                      good_entries() + entry + newc_end()))
        machine.expect(r"initramfs: byte \d+ of \d+: a header field is not a hexadecimal number")
        machine.expect(r"^@end$")
        machine.wait()


def test_archive_with_the_longest_names(boot, scratch):
    """A path of PATH_MAX bytes with its slash and its end is one; a byte more is none."""
    data = good_entries() + newc_entry("a/" * 2046 + "bc")
    bad_at = len(data)
    data += newc_entry("a/" * 2047 + "b") + newc_end()
    machine = boot(initrd=archive(scratch, "longest", data))
    machine.expect(r"initramfs: /a/a/.*")
    machine.expect(rf"initramfs: byte {bad_at} of {len(data)}: {BAD_NAME}")
    machine.expect(r"^@end$")
    machine.wait()


NAMES = ["../escaped", "a/../../escaped", "/../escaped", "..", ".", "/", "", "dev//null", "x" * 300,
         "y/" * 200 + "z", "missing/folder/file", "init/below-a-file", "con\x01trol\xff"]


def test_archive_with_strange_names(boot, scratch):
    """They end up inside the root or nowhere, and process 1 is what it was."""
    data = good_entries()
    for name in NAMES:
        raw = newc_entry("?" * len(name.encode("latin1")), b"data").replace(
            b"?" * len(name), name.encode("latin1"), 1)
        data += raw
    machine = boot(initrd=archive(scratch, "names", data + newc_end()))
    machine.expect(r"^@end$")
    machine.wait()
    for name in ("../escaped", "a/../../escaped", "/../escaped", ".."):
        assert f"initramfs: {name} leads out of the root, left out" in machine.text
    assert re.search(r"initramfs: /missing/folder/file cannot be made, error 2$", machine.text,
                     re.MULTILINE)
    assert re.search(r"initramfs: /init/below-a-file cannot be made, error 20$", machine.text,
                     re.MULTILINE)


KINDS = {
    "socket": dict(mode=0o140755), "fifo": dict(mode=0o010644), "no-kind": dict(mode=0o755),
    "all-bits": dict(mode=0xffffffff), "device": dict(mode=0o020600, rdevmajor=0xffff),
    "block": dict(mode=0o060600, rdevmajor=8), "empty-link": dict(mode=0o120777),
    "links": dict(nlink=0xffffffff), "old": dict(mtime=0xffffffff),
}


def test_archive_with_strange_kinds(boot, scratch):
    data = good_entries()
    for name, fields in KINDS.items():
        data += newc_entry(name, **fields)
    data += newc_entry("long-link", b"x" * 5000, mode=0o120777)
    machine = boot(initrd=archive(scratch, "kinds", data + newc_end()))
    machine.expect(r"^@end$")
    machine.wait()


def test_archive_larger_than_memory(boot, scratch):
    """8 MB of files on 12 MB: the module's frames become the files', or it says what was lost."""
    data = good_entries() + b"".join(newc_entry(f"f{i}", bytes([i]) * (1 << 20))
                                     for i in range(8)) + newc_end()
    machine = boot(initrd=archive(scratch, "large", data), memory=12)
    machine.expect(r"^@end$|initramfs: .*memory", panic=True)
    machine.wait(panic=True)


# ---- process 1

def init_cannot_run(boot, scratch, name, entry, error):
    path = archive(scratch, f"init-{name}", entry + newc_end())
    panics(boot, path, rf"init: /init cannot be run \(error {error}\)")


NO_PROGRAMS = {
    "zeros": bytes(5000), "empty": b"", "text": b"echo hello\n", "hash": b"#", "bare": b"#!\n",
    "elf64": b"\x7fELF\x02\x01\x01" + bytes(5000), "elf-cut": ARGUMENTS.read_bytes()[:60]
    if ARGUMENTS.exists() else b"\x7fELF",
}


@pytest.mark.parametrize("kind", NO_PROGRAMS)
def test_init_is_no_program(boot, scratch, kind):
    init_cannot_run(boot, scratch, kind, newc_entry("init", NO_PROGRAMS[kind]), "(8|5)")


def test_init_is_a_folder(boot, scratch):
    init_cannot_run(boot, scratch, "folder", newc_entry("init", mode=FOLDER), 13)


def test_init_may_not_be_executed(boot, scratch):
    entry = newc_entry("init", ARGUMENTS.read_bytes(), mode=0o100644)
    init_cannot_run(boot, scratch, "mode", entry, 13)


def test_init_is_a_link_to_nowhere(boot, scratch):
    path = archive(scratch, "nowhere", newc_entry("init", b"/nowhere", mode=0o120777) + newc_end())
    panics(boot, path)


def test_init_is_a_link_to_itself(boot, scratch):
    init_cannot_run(boot, scratch, "circle", newc_entry("init", b"/init", mode=0o120777), 40)


def test_init_is_a_script_without_its_interpreter(boot, scratch):
    path = archive(scratch, "script", newc_entry("init", b"#!/bin/missing -x\n") + newc_end())
    panics(boot, path)


def test_init_is_a_script_that_runs_itself(boot, scratch):
    init_cannot_run(boot, scratch, "loop", newc_entry("init", b"#!/init\n"), 40)


def test_init_is_a_script(boot, scratch):
    data = newc_entry("init", b"#!/show  one word\n") + \
        newc_entry("show", ARGUMENTS.read_bytes()) + newc_end()
    assert arguments(boot, archive(scratch, "script", data))[0] == ["/show", "one word", "/init"]


def test_init_that_is_asked_for_is_missing(boot, scratch):
    """As on Linux, another is not tried: the panic names what was asked for."""
    path = archive(scratch, "asked", good_entries() + newc_end())
    for word in ("init", "rdinit"):
        panics(boot, path, append=f"{word}=/no/such/init",
               panic=r"kernel panic: init=/no/such/init cannot be run \(error 2\)")


def test_init_that_is_asked_for_is_run(boot, scratch):
    path = archive(scratch, "other", newc_entry("init", b"") +
                   newc_entry("other", ARGUMENTS.read_bytes()) + newc_end())
    for word in ("init", "rdinit"):
        assert arguments(boot, path, f"before {word}=/other after")[0] == ["/other", "after"]


def test_init_ends(boot, scratch):
    """Process 1 must not end; that it did, and how, is the reason of the panic."""
    script = newc_entry("init", b"#!/bin/busybox sh\nexit 7\n")
    busybox = loftvm.ROOT / "build/i386/busybox-static/bin/busybox"
    data = script + newc_entry("bin", mode=FOLDER) + \
        newc_entry("bin/busybox", busybox.read_bytes()) + newc_end()
    panics(boot, archive(scratch, "init-ends", data), panic=r"kernel panic: .*init.*")


# ---- the command line

def arguments(boot, initrd, append=""):
    """The arguments and the environment that reach process 1."""
    machine = boot(initrd=initrd, append=append)
    machine.expect(r"^@end$")
    machine.wait()
    return [re.findall(rf"^@{kind} (.*)\.$", machine.text, re.MULTILINE)
            for kind in ("argument", "environment")]


@pytest.fixture
def show(scratch):
    return archive(scratch, "show", good_entries() + newc_end())


def test_plain_command_line(boot, show):
    assert arguments(boot, show) == [["/init"], ["HOME=/", "TERM=linux"]]


def test_unknown_words_reach_init(boot, show):
    seen = arguments(boot, show, "single colour=blue splash \"two words\" empty= TERM=vt100 "
                                 "some.module=1 quiet ro -- console=lost last")
    assert seen == [["/init", "single", "splash", "two words", "console=lost", "last"],
                    ["HOME=/", "TERM=vt100", "colour=blue", "empty="]]


def test_quotes_and_spaces(boot, show):
    seen = arguments(boot, show, "  \t a=\"b c\"   \"d=e f\" \"unclosed word")
    assert seen == [["/init", "unclosed word"], ["HOME=/", "TERM=linux", "a=b c", "d=e f"]]


def test_more_words_than_there_is_room_for(boot, show):
    """Linux takes 32; what is beyond is said to be left out."""
    machine = boot(initrd=show, append=" ".join(f"word{i}" for i in range(40)))
    machine.expect(r"too many words for init")
    machine.expect(r"^@end$")
    assert re.search(r"^@argument word30\.$", machine.text, re.MULTILINE)
    machine.wait()


def test_very_long_command_line(boot, show):
    machine = boot(initrd=show, append="x=" + "y" * 3000 + " end")
    machine.expect(r"command line is longer than 2047 bytes and was cut")
    machine.expect(r"^@environment x=y{1900,2047}\.$")
    machine.expect(r"^@end$")
    machine.wait()


@pytest.mark.parametrize("value", ["garbage", "", "0", "-1", "12Q", "99999999999999999999",
                                   "0xzz", "M"])
def test_mem_that_is_no_amount(boot, show, value):
    machine = boot(initrd=show, append=f"mem={value}")
    machine.expect(rf"mem={re.escape(value)} is no amount of memory")
    machine.expect(r"^@end$")
    machine.wait()


def test_mem_takes_memory_away(boot, show):
    machine = boot(initrd=show, append="mem=16M")
    amount = int(machine.expect(r"memory: (\d+) KB in all")[1])
    assert 14000 < amount <= 16384
    machine.expect(r"^@end$")
    machine.wait()


def test_mem_beyond_what_there_is(boot, show):
    machine = boot(initrd=show, append="mem=3G")
    amount = int(machine.expect(r"memory: (\d+) KB in all")[1])
    assert 60000 < amount <= 65536
    machine.expect(r"^@end$")
    machine.wait()


@pytest.mark.parametrize("value", ["1", "1000K", "1M", "1100K"])
def test_mem_too_small_for_the_kernel(boot, show, value):
    panics(boot, show, append=f"mem={value}",
           panic=r"kernel panic: .*(no memory above 1 MB|no RAM where the kernel is)")


def test_mem_below_the_module(boot, scratch):
    """What the loader put above the limit cannot be used, and is said to be lost."""
    large = archive(scratch, "above", good_entries() + newc_entry("large", bytes(8 << 20)) +
                    newc_end())
    panics(boot, large, r"module 1, \w+ to \w+, lies outside RAM: not used",
           r"initramfs: the boot loader brought no module", append="mem=8M")


def test_selftest_that_does_not_exist(boot, show):
    machine = boot(initrd=show, append="selftest=no_such_test panic_exit loglevel=nonsense "
                                       "console=nowhere console=ttyS0")
    assert machine.wait(panic=True) is not None
    assert "panic" not in machine.text.split("command line")[-1].split("\n", 1)[-1], machine.text
