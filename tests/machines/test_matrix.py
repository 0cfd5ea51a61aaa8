"""Firmware, machines, processors: on each the shell comes up, obeys, and powers off.

The ISO is one hybrid image: the same file is a CD, a disk and a USB stick, for BIOS and UEFI.
"""

import pytest

import disk
import loftvm

ISO = loftvm.BUILD / "loft.iso"
OVMF = "/usr/share/ovmf/OVMF.fd"
OVMF32_CODE = "/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd"
OVMF32_VARS = "/usr/share/OVMF/OVMF32_VARS_4M.fd"
INITRD = loftvm.BUILD / "root.cpio"


def obeys(machine, powers_off=True):
    """A prompt, a command typed on the serial line, and the end."""
    machine.expect(loftvm.PROMPT, timeout=300)
    machine.send("echo 6 t''imes 7 is 4''2; cat /proc/loft/ledger\n")
    machine.expect(r"^6 times 7 is 42\n")
    machine.expect(r"^ok\n")
    machine.expect(loftvm.PROMPT)
    machine.send("poweroff\n")
    if powers_off:
        machine.wait()
    else:
        machine.expect(r"machine: power off")


def as_disk(*device):
    return ["-drive", f"file={ISO},format=raw,snapshot=on,if=none,id=u", *device]


def test_bios_cd(boot):
    obeys(boot(iso=ISO))


def test_bios_disk(boot):
    obeys(boot(firmware=as_disk("-device", "ide-hd,drive=u")))


def test_bios_usb_stick(boot):
    obeys(boot(firmware=as_disk("-device", "qemu-xhci", "-device", "usb-storage,drive=u")))


def test_q35(boot):
    obeys(boot(iso=ISO, machine="q35"))


def test_isapc_486_with_16_mb(boot):
    """No PCI, no ACPI: nothing there can switch it off."""
    obeys(boot(iso=ISO, machine="isapc", cpu="486", memory=16), powers_off=False)


def test_uefi_x64(boot):
    obeys(boot(iso=ISO, qemu="qemu-system-x86_64", memory=256, extra=["-bios", OVMF]))


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_uefi_x64_disk(boot, scratch, machine):
    """This firmware puts the disk's registers above 4 GB, from where they have to be fetched."""
    image = disk.sparse(scratch / f"uefi-{machine}.img", 16)
    started = boot(iso=ISO, machine=machine, qemu="qemu-system-x86_64", memory=256,
                   disks=[disk.Disk(image, "virtio")], extra=["-bios", OVMF])
    started.expect(r"pci: .*: memory 4 is at f\w+ now", timeout=300)
    started.expect(r"vda: 32768 sectors")
    obeys(started)


@pytest.mark.parametrize("bridges", [1, 3])
def test_disks_behind_bridges(boot, scratch, bridges):
    """Many disks, most of which share a line of the interrupt controllers."""
    images = [disk.sparse(scratch / f"bridge-{bridges}-{i}.img", 16) for i in range(6)]
    extra = []
    for i in range(bridges):
        extra += ["-device", f"pci-bridge,id=b{i},bus={f'b{i - 1}' if i else 'pci.0'},"
                  f"chassis_nr={i + 1},addr={i + 8}"]
    for i, image in enumerate(images):
        extra += ["-drive", f"file={image},format=raw,if=none,id=d{i}", "-device",
                  f"virtio-blk-pci,drive=d{i},bus=b{bridges - 1},addr={i + 1}"]
    machine = boot(initrd=INITRD, memory=64, extra=extra)
    for i in range(len(images)):
        machine.expect(rf"vd{'abcdef'[i]}: 32768 sectors")
    obeys(machine)


def test_uefi_x64_usb_stick(boot):
    obeys(boot(qemu="qemu-system-x86_64", memory=256, firmware=["-bios", OVMF] + as_disk(
        "-device", "qemu-xhci", "-device", "usb-storage,drive=u")))


def test_uefi_ia32(boot, tmp_path):
    variables = tmp_path / "vars.fd"
    variables.write_bytes(open(OVMF32_VARS, "rb").read())
    obeys(boot(iso=ISO, machine="q35", memory=256, extra=[
        "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF32_CODE}",
        "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]))


@pytest.mark.parametrize("cpu", ["486", "pentium", "pentium2", "pentium3", "qemu32", "coreduo",
                                 "n270", "max"])
def test_processor(boot, cpu):
    obeys(boot(initrd=INITRD, cpu=cpu))


def test_microvm(boot):
    """A machine without PCI, keyboard, screen or legacy power switch."""
    obeys(boot(initrd=INITRD, machine="microvm,rtc=on,pit=on,pic=on", vga="none"),
          powers_off=False)


def test_without_a_screen(boot):
    obeys(boot(initrd=INITRD, vga="none"))


@pytest.mark.parametrize("vga", ["cirrus", "vmware", "virtio"])
def test_video_card(boot, vga):
    obeys(boot(iso=ISO, vga=vga))
