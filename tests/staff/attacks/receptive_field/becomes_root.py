"""Tries to become another user, and to leave its machine."""

import contextlib
import ctypes
import os

libc = ctypes.CDLL(None)


def receptive_field(*arguments):
    with contextlib.suppress(OSError):
        os.setuid(0)
    with contextlib.suppress(OSError):
        os.chroot("/tmp")
    libc.unshare(0x10000000 | 0x00020000)
    libc.mount(b"tmpfs", b"/", b"tmpfs", 0, 0)
    libc.ptrace(16, os.getppid(), 0, 0)
    return 1 if os.getuid() == 0 else 0
