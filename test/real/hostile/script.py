"""Says of each way out whether it was open; then fails, so that what it did is undone."""

import os
import socket


def attempt(name, way):
    try:
        way()
        print(f"OPEN {name}")
    except Exception as error:
        print(f"closed {name}: {type(error).__name__}")


def connect(address):
    socket.create_connection(address, timeout=2).close()


def install(**kwargs):
    attempt("host password file", lambda: open("/etc/shadow").read())
    attempt("host home", lambda: os.listdir("/root")[0])
    attempt("host data directory", lambda: os.listdir(DATA_DIR))
    attempt("host file system", lambda: open("/usr/slipway-was-here", "w"))
    attempt("host processes", lambda: os.kill(1234567 if os.getpid() == 1 else HOST_PID, 0))
    attempt("raw disk", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)) or open("/tmp/disk", "rb").read(1))
    attempt("API on the host", lambda: connect(("127.0.0.1", API_PORT)))
    attempt("metadata service", lambda: connect(("169.254.169.254", 80)))
    attempt("kernel settings", lambda: open("/proc/sys/kernel/hostname", "w").write("slipway"))
    print("tried everything")
    raise RuntimeError("a hostile script ends here")
