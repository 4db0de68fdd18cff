"""Bounds on what a template author's program may take from the host: how much, and those that a process sets itself."""

import os
import resource

MIB = 1024**2
# Of one run, where the host has control groups. One debootstrap takes some 40 processes and 300 MiB.
TASKS = 1024
# Of the host's memory, but not less than the second: pages of files that the script writes count too, and give way.
MEMORY_SHARE, MEMORY_BYTES = 0.125, 1024 * MIB
# All runs of a host together, so that one at its own bound leaves the others theirs: in times of one run's, and at least this share.
TOGETHER, TOGETHER_SHARE = 2, 0.5
TASKS_TOGETHER = 8 * TASKS

# File systems in memory that a sandbox has of its own.
ROOT_BYTES, SHM_BYTES, TMP_BYTES = 256 * MIB, 64 * MIB, 2048 * MIB
# Of a run's memory that /tmp takes at most: full, it is to say so before the kernel kills.
TMP_SHARE = 0.75

# Each process; root outside is not bound by the count of processes, so that only the sandbox runs out of them.
LIMITS = (
    (resource.RLIMIT_NPROC, TASKS),
    (resource.RLIMIT_NOFILE, 4096),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_MEMLOCK, 64 * 1024),
    (resource.RLIMIT_MSGQUEUE, 0),
)


def confine_self():
    """What the sandbox and all that it starts cannot raise again."""
    for kind, most in LIMITS:
        resource.setrlimit(kind, (most, most))


def host_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def memory_bytes():
    """Of one run."""
    return max(MEMORY_BYTES, int(host_bytes() * MEMORY_SHARE))


def memory_bytes_together():
    return max(TOGETHER * memory_bytes(), int(host_bytes() * TOGETHER_SHARE))


def tmp_bytes():
    return min(TMP_BYTES, int(memory_bytes() * TMP_SHARE))
