"""POSIX threads of three C libraries: static glibc, static musl, and Debian's own glibc through its
dynamic loader. Each of tests/threads/ prints on Loft what it prints on the host's Linux, and leaves
no frame behind.
"""

import pytest

import loftvm
import test_programs

NAMES = sorted(path.stem for path in (loftvm.ROOT / "tests" / "threads").glob("*.c"))
LIBRARIES = ["glibc", "dynamic", "musl"]
PACKAGES = loftvm.ROOT / "build" / "i386"
# The dynamic loader, the C library, and what it loads to unwind a cancelled thread's stack.
SHARED_OBJECTS = {
    "lib/ld-linux.so.2": PACKAGES / "libc6/lib/i386-linux-gnu/ld-linux.so.2",
    "lib/i386-linux-gnu/libc.so.6": PACKAGES / "libc6/lib/i386-linux-gnu/libc.so.6",
    "lib/i386-linux-gnu/libgcc_s.so.1": PACKAGES / "libgcc-s1/lib/i386-linux-gnu/libgcc_s.so.1",
}


@pytest.fixture(scope="module")
def batch_of(scratch, request):
    """The chosen programs of a library, which share a machine."""
    chosen = [item.callspec.params for item in request.session.items
              if item.function is test_threads]
    batches = {}
    for library in LIBRARIES:
        names = [f"threads-{library}-{one['name']}" for one in chosen
                 if one["library"] == library]
        batches[library] = test_programs.Batch(names, scratch, f"threads-{library}")
    batches["dynamic"].files = SHARED_OBJECTS
    return batches


@pytest.mark.parametrize("library, name", [
    pytest.param(library, name, marks=pytest.mark.xdist_group(f"threads-{library}"))
    for library in LIBRARIES for name in NAMES])
def test_threads(library, name, batch_of):
    program = f"threads-{library}-{name}"
    expected = test_programs.run_on_host(program)
    result = batch_of[library].result(program)
    if isinstance(result, Exception):
        raise result
    end, output = result
    seen = test_programs.Outcome(output, end["how"], int(end["number"]))
    assert str(seen) == str(expected), "Loft (left) and Linux (right) disagree"
    assert end["before"] == end["after"], "free frames before and after, each time it ran"
    assert end["ledger"] == "ok"
