"""System calls that Python 3.11 has no functions for: user namespaces, entering a namespace, id-mapped mounts."""

import ctypes
import os
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

# Numbers are the same on every architecture since Linux 5.2 (asm-generic/unistd.h).
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_IDMAP = 0x1, 0x00100000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result, what):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def unshare(flags):
    """Moves this process into new namespaces."""
    _checked(_libc.unshare(flags), "unshare")


def enter(path, kind):
    """Moves this process into the namespace that the file stands for."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc.setns(fd, kind), f"setns {path}")
    finally:
        os.close(fd)


def syncfs(path):
    """Writes out everything of the file system that `path` is on; raises if something could not be written."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc.syncfs(fd), f"syncfs {path}")
    finally:
        os.close(fd)


def bind(source, target, userns=None, readonly=False):
    """Shows `source` at `target`; with `userns` (its /proc file), owners are seen as that user namespace's own."""
    tree = _checked(
        _libc.syscall(SYS_OPEN_TREE, AT_FDCWD, source.encode(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), f"open_tree {source}"
    )
    fd = os.open(userns, os.O_RDONLY | os.O_CLOEXEC) if userns else -1
    try:
        wanted = (MOUNT_ATTR_IDMAP if userns else 0) | (MOUNT_ATTR_RDONLY if readonly else 0)
        if wanted:
            attributes = struct.pack("QQQQ", wanted, 0, 0, max(fd, 0))
            _checked(
                _libc.syscall(SYS_MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes, len(attributes)),
                f"mount_setattr {source}",
            )
        _checked(
            _libc.syscall(SYS_MOVE_MOUNT, tree, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH),
            f"move_mount {target}",
        )
    finally:
        os.close(tree)
        if fd >= 0:
            os.close(fd)
