"""Loop devices that the kernel takes away with their last use."""

import socket
import time

from program import command

# netlink's family for the kernel's events about devices, and the group that udev listens to; Python has no names for them.
NETLINK_KOBJECT_UEVENT, KERNEL_EVENTS = 15, 1
# What the kernel was seen to take for the last mount of an ended namespace: milliseconds.
LIMIT_S = 10


class LoopDevices:
    """Listens to the kernel from when it is made, so that no release is missed."""

    def __init__(self):
        self.events = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_KOBJECT_UEVENT)
        self.events.bind((0, KERNEL_EVENTS))

    def await_release(self, file):
        """Returns when no loop device has the file; raises if something keeps one, which may then still write to it."""
        deadline = time.monotonic() + LIMIT_S
        while command("losetup", "--noheadings", "--associated", file).strip():
            self.events.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                self.events.recv(65536)
            except TimeoutError as error:
                raise RuntimeError(f"{file} is still in use after it was unmounted") from error
            except OSError:  # More events than the socket holds: something has happened.
                pass
