"""What the loader says, on the screen and the serial line, when the kernel cannot run here."""
import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "gdb"))
import loftvm  # noqa: E402
import session  # noqa: E402

NOT_MULTIBOOT = "Loft: not called by a Multiboot loader."
NO_CPUID = "Loft: this processor has no CPUID"
NO_PSE = "Loft: this processor has no 4 MB pages (PSE)"
WHITE_ON_RED = 0x4F


def loader_gives_up(folder, case, message, cpu="486", serial=True):
    seen = session.run("failure_script.py", session.kernel_image(), folder,
                       qemu=["-cpu", cpu], serial=serial, LOFT_CASE=case)
    assert seen["screen"].startswith(message)
    assert seen["screen"].rstrip() == seen["screen"][:160].rstrip()
    assert seen["attributes"] == [WHITE_ON_RED]
    assert [line.split()[0] for line in seen["loop"]] == ["cli", "hlt", "jmp"]
    assert seen["loop"][2].endswith("<loader_halt>")
    assert not seen["paging"]
    if serial:
        text = (folder / "serial.log").read_bytes().decode()
        assert text.endswith("\r\n") and text.rstrip() == seen["screen"].rstrip()


def test_not_called_by_a_multiboot_loader(tmp_path):
    loader_gives_up(tmp_path, "without_magic", NOT_MULTIBOOT)


def test_processor_without_cpuid(tmp_path):
    loader_gives_up(tmp_path, "without_cpuid", NO_CPUID)


@pytest.mark.parametrize("cpu", ["486,-pse", "pentium,-pse", "max,-pse"])
def test_processor_without_pse(tmp_path, cpu):
    loader_gives_up(tmp_path, "as_it_is", NO_PSE, cpu=cpu)


def test_without_a_serial_port_the_screen_says_it(tmp_path):
    loader_gives_up(tmp_path, "as_it_is", NO_PSE, cpu="486,-pse", serial=False)


def test_from_the_iso_the_frame_buffer_says_it(boot, tmp_path):
    """GRUB leaves a graphics mode: the loader draws, with the BIOS's own glyphs."""
    machine = boot(iso=loftvm.BUILD / "loft.iso", cpu="486,-pse")
    machine.expect(r"^Loft: this processor has no 4 MB pages \(PSE\), which Loft needs\.$")
    picture = tmp_path / "screen.ppm"

    def text_at_top():
        machine.qmp("screendump", filename=str(picture))
        width, pixels = read_ppm(picture)
        return [sum((pixels[3 * (row * width + 8 * column + bit)] > 127) << 7 - bit
                    for bit in range(8))
                for column in range(len(NO_PSE)) for row in range(8)]

    glyphs = [int(byte, 16) for line in machine.monitor("xp /1024xb 0xffa6e").splitlines()
              for byte in line.partition(":")[2].split()]
    wanted = [byte for letter in NO_PSE for byte in glyphs[8 * ord(letter):8 * ord(letter) + 8]]
    deadline = time.monotonic() + loftvm.PATIENCE
    while text_at_top() != wanted:      # the serial line comes first
        assert time.monotonic() < deadline


def read_ppm(path):
    """Width and the bytes of the pixels, three each."""
    data = path.read_bytes()
    width, height = (int(word) for word in data.split(maxsplit=4)[1:3])
    return width, data[len(data) - 3 * width * height:]
