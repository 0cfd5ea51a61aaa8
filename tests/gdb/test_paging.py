"""The way into paging, stepped over in gdb: DESIGN's claims V1, V2 and V5, for each KERNEL_VMA.

One session for each base: from the loader's first instruction, one instruction at a time, over
the jump into the higher half to the first instruction of kernel_main."""
import re

import pytest

import session

PRESENT, WRITABLE, USER, LARGE = 1, 2, 4, 0x80
ACCESSED_DIRTY = 0x60
CR0_PG, CR4_PSE = 1 << 31, 1 << 4
MODULE_SIZE = 9 << 20


@pytest.fixture(scope="module", params=[0x80000000, 0xC0000000, 0xE0000000], ids=hex)
def seen(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("paging")
    module = folder / "module"
    with open(module, "wb") as file:
        file.truncate(MODULE_SIZE)
    seen = session.run("paging_script.py", session.kernel_image(request.param), folder,
                       qemu=["-initrd", str(module)])
    seen["vma"] = request.param
    return seen


def mapped(state):
    """The entries in use: {index: entry without the bits that the processor sets}."""
    return {index: entry & ~ACCESSED_DIRTY
            for index, entry in enumerate(state["directory"]) if entry}


def test_loader_starts_without_paging(seen):
    assert seen["entry"]["pc"] == seen["loader_entry"]
    assert 0x100000 <= seen["loader_entry"] < 0x101000
    assert not seen["entry"]["cr0"] & CR0_PG
    assert seen["entry"]["cr4"] == 0
    assert mapped(seen["entry"]) == {}


def test_v1_cr3_then_pse_then_pg_in_that_order(seen):
    assert len(seen["changes"]) == 3
    load, pse, paging = seen["changes"]

    for (before, after), step, only in ((load, "loader_load_pagedir", "cr3"),
                                        (pse, "loader_enable_pse", "cr4"),
                                        (paging, "loader_enable_paging", "cr0")):
        changed = [name for name in ("cr0", "cr3", "cr4") if before[name] != after[name]]
        assert changed == [only]
        assert seen[step] <= before["pc"] < seen[step] + 16

    assert load[1]["cr3"] == seen["boot_pagedir"] - seen["vma"]
    assert pse[0]["cr4"] ^ pse[1]["cr4"] == CR4_PSE
    assert paging[0]["cr0"] ^ paging[1]["cr0"] == CR0_PG
    assert paging[1]["pc"] == seen["loader_paging_on"]


def test_v2_identity_map_and_kernel_by_4mb_pages(seen):
    assert seen["higher_half"]["pc"] == seen["loader_higher_half"] >= seen["vma"]
    entries = mapped(seen["higher_half"])
    flags = PRESENT | WRITABLE | LARGE
    assert entries.pop(0) == flags
    first = seen["vma"] >> 22
    assert entries == {first + n: n << 22 | flags for n in range(len(entries))}


def test_v2_as_many_pages_as_image_and_boot_data_need(seen):
    end = seen["kernel_end"] - seen["vma"] + MODULE_SIZE
    pages = len(mapped(seen["higher_half"])) - 1
    # The module lies page-aligned behind the image; QEMU keeps its lists behind the module.
    assert pages in (-(-end // (4 << 20)), -(-(end + 0x4000) // (4 << 20)))
    assert pages >= 3


def test_v2_identity_map_gone_before_c(seen):
    assert seen["kernel"]["pc"] == seen["kernel_main"] > seen["vma"]
    assert seen["kernel"]["directory"][0] == 0
    before, after = mapped(seen["higher_half"]), mapped(seen["kernel"])
    del before[0]
    assert after == before
    assert seen["kernel"]["cr3"] == seen["boot_pagedir"] - seen["vma"]
    assert seen["kernel"]["cr4"] == CR4_PSE
    assert seen["kernel"]["cr0"] & CR0_PG


def test_c_entry_gets_its_arguments_and_a_stack(seen):
    assert seen["arguments"]["magic"] == 0x2BADB002
    assert 0 < seen["arguments"]["info"] < 0x100000
    assert seen["stack"]["ebp"] == 0
    assert seen["boot_stack_bottom"] < seen["stack"]["esp"] < seen["boot_stack_top"]
    assert seen["stack"]["esp"] % 4 == 0


def test_v5_translate_shows_segmentation_then_paging(seen):
    text = seen["translate_kernel"]
    main = seen["kernel_main"]
    physical = main - seen["vma"]
    assert text.index("segmentation: cs") < text.index("paging: CR3")
    assert "base 00000000 limit ffffffff" in text
    assert f"linear {main:08x} = base 00000000 + offset {main:08x}" in text
    assert f"directory entry {main >> 22} at physical" in text
    assert "present, writable, PL0 only" in text and "4 MB page" in text
    assert re.search(rf"physical {physical:08x} = 0+ \+ {physical:#x}$", text, re.M)


def test_v5_translate_without_paging_and_without_a_mapping(seen):
    entry = seen["loader_entry"]
    assert f"paging: off (CR0.PG = 0)\n    physical {entry:08x} = linear" in \
        seen["translate_before"]
    assert f"physical {entry:08x} = 00000000 + {entry:#x}" in seen["translate_identity"]
    assert "not mapped: an access is a page fault" in seen["translate_low"]


def test_v5_pagedir_lists_ranges(seen):
    pages = len(mapped(seen["kernel"]))
    vma = seen["vma"]
    kernel = rf"{vma:08x}-{vma + (pages << 22) - 1:08x} -> 00000000 +{pages} x 4096 KB  PL0 rw"
    assert re.search(kernel, seen["pagedir_kernel"])
    assert "->" not in seen["pagedir_user"]
    assert re.search(r"00000000-003fffff -> 00000000 +1 x 4096 KB  PL0 rw",
                     seen["pagedir_identity"])
