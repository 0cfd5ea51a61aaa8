"""What `make gdb` runs in gdb: starts QEMU (the command is in LOFT_QEMU), goes to the loader's
first instruction, before paging, and leaves the rest to you."""
import os

import gdb

# gdb would let QEMU run on.
gdb.events.gdb_exiting.connect(lambda event: gdb.execute("kill"))

here = os.path.dirname(os.path.abspath(__file__))
for command in (
        "set architecture i386",
        "set confirm off",
        "set pagination off",
        "set breakpoint pending off",
        "set disassembly-flavor intel",
        "source " + os.path.join(here, "loft.py"),
        "target remote | exec " + os.environ["LOFT_QEMU"],
        # Hardware breakpoints: the kernel is not in memory yet, and the loader changes what an
        # address means.
        "thbreak loader_entry",
        "continue",
        "display/i $pc"):
    gdb.execute(command)

print("""
The loader's first instruction: no paging yet, addresses are physical.
  stepi                          one instruction on
  thbreak loader_enable_paging   (or any step named at the head of boot/loader.asm), continue
  info registers cr0 cr3 cr4     what paging goes by
  loft-translate ADDRESS         an address, through segmentation and paging
  loft-pagedir                   what is mapped
  help loft-translate            ...""")
