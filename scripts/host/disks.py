"""Opening volumes inside this process's private mount and PID namespace; all of it ends with the namespace."""

import json
import os
import signal

import namespaces
from inside import inside
from loops import LoopDevices
from program import command


def blockdev(source):
    if source["type"] == "file":
        return {
            "driver": source["format"],
            "node-name": "disk",
            "discard": "unmap",
            "file": {"driver": "file", "filename": source["path"], "discard": "unmap"},
        }
    return {"driver": "rbd", "node-name": "disk", "discard": "unmap", "pool": source["pool"], "image": source["image"]}


class Export:
    """One volume as a file of its virtual size, served by qemu-storage-daemon through FUSE: its size cannot be changed there."""

    def __init__(self, source, path, owner=0):
        self.path = path
        with open(path, "x"):
            pass
        export = {
            "type": "fuse",
            "id": "export",
            "node-name": "disk",
            "mountpoint": path,
            "writable": True,
            "growable": False,
            "allow-other": "on",
        }
        pidfile = f"{path}.pid"
        command(
            "qemu-storage-daemon",
            "--daemonize",
            f"--pidfile={pidfile}",
            f"--blockdev={json.dumps(blockdev(source))}",
            f"--export={json.dumps(export)}",
        )
        with open(pidfile, encoding="ascii") as file:
            self.pid = int(file.read())
        if owner:
            os.chown(path, owner, owner)

    def close(self):
        """Returns once everything written is on stable storage; raises if it is not."""
        fd = os.open(self.path, os.O_RDWR)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        os.kill(self.pid, signal.SIGTERM)
        # The daemon's starter has ended, so that it is a child of this process, PID 1 of the namespace.
        _, status = os.waitpid(self.pid, 0)
        if status != 0:
            raise RuntimeError(f"qemu-storage-daemon ended with wait status {status}: what was written may be lost")


class Mounts:
    """Disks mounted below `root` in the order given; loop devices vanish with the last use."""

    def __init__(self, work, root):
        self.work, self.root = work, root
        self.mounted, self.shown, self.exports = [], [], []
        self.devices = LoopDevices()

    def export(self, disk, owner=0):
        opened = Export(disk["source"], f"{self.work}/disk-{disk['disk_id']}", owner)
        self.exports.append(opened)
        return opened.path

    def mount(self, disk):
        """Returns the path that the disk is mounted on."""
        source = disk["source"]
        raw = source["type"] == "file" and source["format"] == "raw"
        file = source["path"] if raw else self.export(disk)
        # As the guest will see it: a link on a disk that is mounted already must not lead to the host's files.
        path = inside(self.root, disk["mountpoint"])
        os.makedirs(path, exist_ok=True)
        command("mount", "-o", "loop,nosuid,nodev", "-t", disk["filesystem"], file, path)
        self.mounted.append((path, file))
        return path

    def show(self, path, at, userns):
        """The mount at `path` once more, with its owners as the user namespace's own."""
        os.mkdir(at)
        namespaces.bind(path, at, userns=userns)
        self.shown.append(at)

    def close(self):
        """Unmounts in reverse order; raises if anything may not have reached the disk."""
        for path in reversed(self.shown):
            command("umount", path)
        for path, file in reversed(self.mounted):
            namespaces.syncfs(path)
            command("umount", path)
            self.devices.await_release(file)
        for opened in reversed(self.exports):
            opened.close()
