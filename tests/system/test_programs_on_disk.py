"""Programs of tests/programs/ that work with files, in a folder on ext2: the same output and end as
on the host, whose file system is another one, in memory or on a disk.

Left out are those that show what ext2 does not have, as on Linux: room given in advance (fallocate),
names that change places (RENAME_EXCHANGE), times of less than a second.
"""

import shutil

import disk
import loftvm
import test_programs as programs

NAMES = ["exec_arguments", "exec_at", "exec_bad_elf", "exec_errors", "exec_many_arguments",
         "exec_script", "fifo_open", "file_append", "file_copy_range", "file_descriptors",
         "file_empty_paths", "file_flock", "file_getdents", "file_limits", "file_links",
         "file_lock_races", "file_locks", "file_modes", "file_open_flags", "file_own_pages",
         "file_paths", "file_permissions", "file_remove", "file_sendfile", "file_stats",
         "file_symlinks", "file_text_busy", "mm_file_end", "mm_file_views", "mm_msync"]


def test_programs_on_ext2(shell, scratch):
    folder = scratch / "programs"
    (folder / "bin").mkdir(parents=True)
    for name in NAMES:
        shutil.copy(programs.BINARIES / name, folder / "bin")
    # Four blocks to a page: more that can be wrong.
    image = disk.ext2(scratch / "programs.img", 64, folder, block_size=1024)
    machine = shell(disks=[disk.Disk(image)], memory=64, append="quiet")
    text, status = machine.run("mount /dev/vda /mnt; mkdir -m 1777 /mnt/tmp; rmdir /tmp; "
                               "ln -s /mnt/tmp /tmp; cd /tmp")
    assert status == 0, text
    wrong = []
    for name in NAMES:
        text, status = machine.run(f"mkdir {name}; cd {name}; /mnt/bin/{name} 2>&1 </dev/null; "
                                   "ended=$?; cd ..; (exit $ended)")
        expected = programs.expected_of(name)
        if (text, status) != (expected.output, expected.number):
            wrong.append(f"{name}: {expected}\n--- on Loft:\n{text}[exit {status}]")
    assert not wrong, "\n".join(wrong)
    text, status = machine.run("cd /; umount /mnt; tail -n 1 /proc/loft/ledger")
    assert status == 0 and text == "ok\n", text
    machine.power_cut()
    sound, report = disk.e2fsck(image)
    assert sound, report
