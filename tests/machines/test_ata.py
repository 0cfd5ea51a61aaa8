"""ATA disks behind IDE and AHCI controllers: data at random places and of all sizes, in every way
that they can be moved; disks that err; what is no disk; what is not there."""

import pytest

import disk
import loftvm

# How the disks are attached, and driven.
WAYS = {
    "piix-dma": dict(controller="piix"),
    "piix-pio": dict(controller="piix", append="libata.dma=0"),
    "isa-pio": dict(controller="piix", machine="isapc", cpu="486"),
    "ahci-ncq": dict(controller="ahci"),
    "ahci-plain": dict(controller="ahci", append="libata.force=noncq"),
}

MARK = b"LOFT SCRATCH DISK"     # the self-tests write to such disks alone


def start(boot, way, disks, append="", **arguments):
    """Boots a machine with disks that are attached in one of the ways."""
    settings = dict(WAYS[way])
    controller = settings.pop("controller")
    for one in disks:
        one.controller = controller
    append = f"{settings.pop('append', '')} {append}".strip()
    return boot(disks=disks, append=append, **settings, **arguments)


def scratch_disk(path, sectors):
    """A disk that the self-tests may write to."""
    with open(path, "wb") as image:
        image.write(MARK)
        image.truncate(sectors * disk.SECTOR)
    return disk.Disk(path)


def run_selftests(boot, way, disks, **arguments):
    machine = start(boot, way, disks, "selftest=block,disks", **arguments)
    assert machine.wait(timeout=600) == loftvm.SELFTEST_PASSED, machine.text[-3000:]
    assert "not ok" not in machine.text and "WARNING" not in machine.text
    return machine.text


@pytest.mark.parametrize("way", WAYS)
def test_data(boot, scratch, way):
    """Two disks on one cable and one on the other, of odd sizes, all at work at once."""
    disks = [scratch_disk(scratch / f"{way}-{n}", 16384 + 1237 * n) for n in range(3)]
    text = run_selftests(boot, way, disks)
    for n, name in enumerate(("sda", "sdb", "sdc")):
        assert f"{name}: {16384 + 1237 * n} sectors" in text
    kind = {"piix-dma": "DMA", "ahci-ncq": "NCQ", "ahci-plain": "one command at a time"}
    assert text.count(f"QEMU HARDDISK, {kind.get(way, 'PIO')}\n") == 3


@pytest.mark.parametrize("way", ["piix-dma", "piix-pio", "ahci-ncq"])
def test_high_memory(boot, scratch, way):
    """To and from frames that are not in the direct map."""
    run_selftests(boot, way, [scratch_disk(scratch / f"{way}-high", 16384)], memory=1536)


@pytest.mark.parametrize("way", ["piix-dma", "piix-pio", "ahci-ncq", "ahci-plain"])
def test_large_disk(boot, scratch, way):
    """Three terabytes: sectors of which 28 bits, and 32, are not enough."""
    path = scratch / f"{way}-large"
    text = run_selftests(boot, way, [scratch_disk(path, 6 << 30)])
    assert f"sda: {6 << 30} sectors" in text
    path.unlink()


@pytest.mark.parametrize("way", WAYS)
def test_other_devices(boot, scratch, way):
    """A CD-ROM drive beside a disk is left alone, and so are empty places."""
    image = disk.sparse(scratch / f"{way}-cd.iso", 1)
    machine = start(boot, way, [scratch_disk(scratch / f"{way}-one", 16384)],
                    initrd=loftvm.BUILD / "root-own.cpio", extra=["-cdrom", image])
    machine.expect(r"[#$] \Z")
    assert machine.text.count("packet device, left alone") == 1
    assert machine.text.count("QEMU HARDDISK, ") == 2, machine.text  # the driver's line, and sda's
    assert " sda: 16384 sectors" in machine.text and "sdb" not in machine.text


@pytest.mark.parametrize("way", WAYS)
def test_bad_sector(boot, scratch, way):
    """A partition table that cannot be read; on another disk, part of it only the second time."""
    bad = scratch_disk(scratch / f"{way}-bad", 16384)
    bad.errors = [disk.error("read", sector=0)]
    path = scratch / f"{way}-once"
    chain = disk.partitioned(path, 8, [1, "type=5", 1])[2].start
    once = disk.Disk(path, errors=[disk.error("read", sector=chain, once=True)])
    machine = start(boot, way, [bad, once], initrd=loftvm.BUILD / "root-own.cpio")
    machine.expect(r"[#$] \Z")
    assert "sda: cannot read its partitions (error 5)" in machine.text
    error = "sdb: an error among" if way == "ahci-ncq" else f"at sector {chain}: the disk refuses"
    assert error in machine.text and " sdb: sdb1 sdb2 < sdb5 >" in machine.text
    assert "no answer" not in machine.text and "sdb: cannot read" not in machine.text
