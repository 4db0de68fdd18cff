#!/usr/bin/python3
"""format.py < JOB.json, as PID 1 of a private mount and PID namespace

Runs the job's mkfs on its disk, confined: the program sees that disk and no other, since its options are a template author's.
Overwrites what the disk holds. Safe to repeat; killed at any moment it leaves no mount and no process.

Exit status: 0 done, 65 mkfs refused, with its words on standard error; otherwise the host could not run it.
"""

import os
import signal
import sys

import sandbox
from disks import Export
from groups import why_killed
from workspace import WORK, begin


def signal_of(status):
    """Name of the signal that the program or its bwrap was ended by; None if it ended by itself."""
    code = os.waitstatus_to_exitcode(status)
    # What its program died of, bwrap tells as a shell does.
    number = -code if code < 0 else code - 128
    return signal.Signals(number).name if number in signal.valid_signals() else None


def main():
    job = begin()
    export = Export(job["disk"]["source"], f"{WORK}/host/disk", owner=sandbox.FIRST_ID)
    null = os.open("/dev/null", os.O_RDWR)
    box = sandbox.Sandbox([null, null, 2])
    status = box.start(WORK, [*job["argv"], "/disk"], ["--dev-bind", export.path, "/disk"])
    if box.killed_for_memory:
        print(why_killed(box.killed_for_memory), file=sys.stderr)
    export.close()
    killed = signal_of(status)
    if killed and not box.killed_for_memory:
        raise RuntimeError(f"mkfs was ended by {killed}")
    sys.exit(65 if status else 0)


try:
    main()
except Exception as error:  # One line for the platform's log instead of a traceback.
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(1)
