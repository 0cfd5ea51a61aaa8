"""The pure parts of the kernel, compiled for the host with ASan and UBSan.

Each tests/unit/test_NAME.c is a program of cmocka tests and one case here. A comment line in
its head, or in that of a header beside it that it includes, says `SOURCES: lib/tree.c ...`: the
kernel's files that it tests, compiled in as they are. Pointers have 32 bits, as in the kernel: the programs are i386 ones, with the i386 cmocka
that tools/fetch-packages.sh unpacks. What a failed case printed is in its report.
"""

import os
import re
import subprocess

import pytest

import loftvm

UNIT = loftvm.ROOT / "tests" / "unit"
OUT = loftvm.ROOT / "build" / "tests" / "unit"
PACKAGES = loftvm.ROOT / "build" / "i386"
CMOCKA = PACKAGES / "libcmocka-dev" / "usr" / "include"
LIBRARY = PACKAGES / "libcmocka0" / "usr" / "lib" / "i386-linux-gnu"

FLAGS = ["-m32", "-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-fno-builtin", "-Wall",
         "-Wextra", "-DKERNEL_VMA=0xC0000000", f"-I{loftvm.ROOT / 'include'}", f"-I{UNIT}",
         f"-I{CMOCKA}"]

# These functions get other names on the host, whose own must stay as they are.
RENAMED = {
    "lib/string.c": "memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp strchr "
                    "strrchr strstr strlcpy",
    "lib/integer.c": "__udivmoddi4 __divmoddi4 __udivdi3 __umoddi3 __divdi3 __moddi3 "
                     "__popcountsi2",
}


def text_of(source):
    """A file with the headers beside it that it includes, and theirs."""
    text = source.read_text()
    for name in re.findall(r'^#include "(\w+\.h)"', text, re.MULTILINE):
        text += text_of(UNIT / name)
    return text


def build(name):
    """Compiles a test program; returns its path."""
    source = UNIT / f"{name}.c"
    # The list may go on in the comment's next lines.
    found = re.search(r"SOURCES:((?:[\s*]+[\w/]+\.c\b)+)", text_of(source))
    assert found, f"{source} has no SOURCES line"
    listed = re.findall(r"[\w/]+\.c", found[1])
    tested = [loftvm.ROOT / one for one in listed]
    renamed = [f"-D{one}=loft_{one}" for source_file in listed
               for one in RENAMED.get(source_file, "").split()]
    library = next(LIBRARY.glob("libcmocka.so.*"))
    OUT.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", *FLAGS, *renamed, source, UNIT / "unit.c", *tested, library,
                    f"-Wl,-rpath,{LIBRARY}", "-o", OUT / name], check=True)
    return OUT / name


@pytest.mark.parametrize("name", sorted(path.stem for path in UNIT.glob("test_*.c")))
def test_unit(name):
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0",
                       CMOCKA_MESSAGE_OUTPUT="stdout")
    program = build(name)
    done = subprocess.run([program], env=environment, capture_output=True, text=True,
                          timeout=600 * int(os.environ.get("UNIT_EXT2", "1")))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
