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


@pytest.mark.parametrize("way", WAYS)
def test_passing_errors(boot, scratch, way):
    """Errors that do not come again, among many requests at a time: none is seen further up."""
    one = scratch_disk(scratch / f"{way}-passing", 16384)
    one.errors = [disk.error(kind, sector=1024 + 97 * n, once=True)
                  for n in range(16) for kind in ("read", "write")]
    text = run_selftests(boot, way, [one])
    assert "an error among" in text if way == "ahci-ncq" else "the disk refuses" in text
    assert ": failed" not in text and "no answer" not in text


@pytest.mark.parametrize("way", WAYS)
def test_silence(boot, scratch, way):
    """A disk that does not answer for a while; the one on the same cable waits, and is not hurt."""
    disks = [disk.stuck_disk(scratch_disk(scratch / f"{way}-silent{n}", 16384).path,
                             WAYS[way]["controller"]) for n in range(2)]
    machine = start(boot, way, disks, "selftest=disks block.timeout=1")
    machine.expect("sdb: 16384 sectors")
    disks[0].stick()
    machine.expect("sda: no answer for 1 s: reset")
    disks[0].unstick()
    assert machine.wait(timeout=600) == loftvm.SELFTEST_PASSED, machine.text[-3000:]
    assert "sdb: no answer" not in machine.text


def test_dma_that_does_not_work(boot, scratch):
    """A drive that gives no answer to DMA, twice in a row, goes on by PIO."""
    one = scratch_disk(scratch / "no-dma", 16384)
    machine = start(boot, "piix-dma", [one], "selftest=disks block.timeout=1")
    one.stick()
    machine.expect("sda: no answer for 1 s: reset")
    machine.expect("sda: no answer for 1 s: reset")
    one.unstick()
    assert machine.wait(timeout=600) == loftvm.SELFTEST_PASSED, machine.text[-3000:]
    assert "sda: DMA does not work: going on without it" in machine.text
    assert "back to it" not in machine.text and "given up" not in machine.text


@pytest.mark.parametrize("way", ["piix-dma", "piix-pio", "ahci-ncq"])
def test_swap_with_passing_errors(boot, scratch, way):
    """Two programs, each with more memory than the machine has, while every so often a sector of the disk
    that they are swapped to fails once: they do not notice."""
    swap = disk.Disk(disk.swap(scratch / f"{way}-swap", 96),
                     errors=[disk.error(kind, sector=8 * n + 3, once=True)
                             for n in range(64, 12000, 311) for kind in ("read", "write")])
    machine = start(boot, way, [swap], memory=32, initrd=loftvm.BUILD / "root.cpio")
    machine.expect(loftvm.PROMPT)
    output, status = machine.run("swapon /dev/sda && flood 36 && swapoff /dev/sda", timeout=300)
    assert status == 0 and "flood: as it should be" in output, output
    assert "an error among" in output or "the disk refuses it" in output, output
    assert "not answered" not in output and ": failed" not in output
