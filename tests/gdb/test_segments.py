"""DESIGN's claim V5 in a running program: its thread-local storage is a segment with a base."""
import re

import pytest

import loftvm
import session


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    archive = loftvm.cpio(folder / "root.cpio", {"init": loftvm.ROOT / "build/tests/hello"})
    return session.run("tls_script.py", session.kernel_image(), folder,
                       qemu=["-initrd", str(archive)])


def test_v5_tls_address_is_base_plus_offset_then_two_tables(seen):
    base = seen["base"]
    assert base != 0
    index, rpl = seen["gs"] >> 3, seen["gs"] & 3
    assert rpl == 3
    text = seen["user"]
    assert f"segmentation: gs = {seen['gs']:#06x}: GDT entry {index}, RPL 3" in text
    assert f"linear {base:08x} = base {base:08x} + offset 00000000" in text
    assert re.search(rf"directory entry {base >> 22} at physical \w+: \w+\n +present, writable, user",
                     text)
    assert re.search(rf"table entry {base >> 12 & 1023} at physical \w+: \w+\n +present, writable,"
                     r" user, accessed, dirty", text)


def test_v5_both_ways_lead_to_the_same_byte(seen):
    """The C library keeps the address of the thread's block in its first word."""
    assert seen["linear_word"] == seen["physical_word"] == seen["base"]


def test_v5_other_segments_are_flat(seen):
    for name in ("cs", "ss", "ds", "es"):
        line = re.search(rf"^{name} = .*$", seen["segments"], re.M)[0]
        assert "base 00000000 limit ffffffff DPL 3" in line
    assert re.search(r"selector \w+  base \w+ limit \w+ DPL 0 TSS", seen["segments"])
    assert "base 00000000 limit ffffffff DPL 0 data, writable, flat" in seen["selector"]
    assert f"linear {seen['pc']:08x} = base 00000000 + offset {seen['pc']:08x}" in seen["data"]


def test_pagedir_shows_the_program_and_nothing_at_page_0(seen):
    starts = [int(word, 16) for word in re.findall(r"^(\w{8})-", seen["pagedir"], re.M)]
    assert starts and min(starts) >= 0x1000
    assert all(" user " in line for line in seen["pagedir"].splitlines() if "->" in line)


def test_log_shows_the_kernel_log(seen):
    lines = seen["log"].splitlines()
    assert len(lines) > 3
    assert all(re.match(r"<[0-7]>\[ *\d+\.\d{6}\] ", line) for line in lines)
    assert seen["last_line"].splitlines() == lines[-1:]
