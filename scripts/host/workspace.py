"""A directory for one run: a tmpfs that only its private mount namespace sees, with paths the sandbox's user can walk."""

import json
import os
import signal
import sys

import sandbox
from program import command

WORK = "/run/slipway"
# Kernel and initrd of one guest.
OUT_BYTES = 512 * 1024**2


def begin():
    """Makes WORK and returns the job from standard input."""
    # PID 1 of a namespace ignores what it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    os.umask(0o022)
    job = json.load(sys.stdin)
    os.makedirs(WORK, exist_ok=True)
    command("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", WORK)
    for name in ("host", "target", "images", "out"):
        os.mkdir(f"{WORK}/{name}")
    owner = f"uid={sandbox.FIRST_ID},gid={sandbox.FIRST_ID}"
    command("mount", "-t", "tmpfs", "-o", f"mode=755,size={OUT_BYTES},{owner}", "tmpfs", f"{WORK}/out")
    return job
