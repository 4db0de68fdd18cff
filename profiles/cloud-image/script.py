"""image: puts a disk image, as distributions publish them, on the first disk without a filesystem.

Arguments:
  image     name of a file in the node's directory of images, or a URL (http, https; up to 2 GiB, since it is kept in memory)
  checksum  'sha256:…' or 'sha512:…', or the URL or file of a list such as SHA512SUMS that names the image; '' for none,
            which is refused for http

Any format that qemu-img knows (qcow2, raw, vmdk, vhdx, …). There is no install(): what is one VM's own comes by cloud-init.
"""

import hashlib
import json
import os
import re
import subprocess
import urllib.request

IMAGES = "/images"
CHUNK_BYTES = 4 * 1024**2
# Hexadecimal digits of a digest tell which one it is.
DIGESTS = {64: "sha256", 128: "sha512"}
TIMEOUT_S = 60


def is_url(text):
    return re.match(r"https?://", text) is not None


def inside(name):
    """A file of the images directory; never one beside it."""
    path = os.path.realpath(os.path.join(IMAGES, name))
    if not path.startswith(f"{IMAGES}/") or not os.path.isfile(path):
        raise FileNotFoundError(f"image: the node's images directory has no file '{name}'")
    return path


def fetch(url, path):
    print(f"fetching {url}")
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer, open(path, "wb") as file:
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
    return path


def digest_of(path, kind):
    digest = hashlib.new(kind)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def listed(text, name):
    """The digest that a list such as SHA512SUMS gives for a file."""
    for line in text.splitlines():
        found = re.match(r"([0-9a-fA-F]{64,128}) [ *](?:\./)?(.+)$", line)
        if found and found[2].strip() == name:
            return found[1].lower()
    raise ValueError(f"checksum: the list does not name '{name}'")


def wanted(checksum, name):
    """(kind, hexadecimal digest)"""
    told = re.fullmatch(r"(sha256|sha512):([0-9a-fA-F]+)", checksum)
    if told:
        return told[1], told[2].lower()
    file = fetch(checksum, "/tmp/checksums") if is_url(checksum) else inside(checksum)
    with open(file, encoding="utf-8", errors="replace") as lines:
        digest = listed(lines.read(), name)
    if len(digest) not in DIGESTS:
        raise ValueError(f"checksum: a digest of {len(digest)} digits is neither SHA-256 nor SHA-512")
    return DIGESTS[len(digest)], digest


def check(path, checksum, name):
    kind, digest = wanted(checksum, name)
    found = digest_of(path, kind)
    if found != digest:
        raise ValueError(f"checksum: '{name}' has {kind} {found}, not {digest}")
    print(f"{kind} of {name} is right")


def build(disks, image="", checksum=""):
    if not image:
        raise ValueError("image: tell a file of the node's images directory, or a URL")
    if image.startswith("http:") and not checksum:
        raise ValueError("checksum: an image that comes by http needs one")
    disk = next((disk for disk in disks if not disk["filesystem"]), None)
    if disk is None:
        raise ValueError("the storage template needs a disk without filesystem")
    name = image.split("?")[0].rsplit("/", 1)[-1] if is_url(image) else os.path.basename(image)
    path = fetch(image, "/tmp/image") if is_url(image) else inside(image)
    if checksum:
        check(path, checksum, name)
    told = subprocess.run(["qemu-img", "info", "--output=json", path], check=True, capture_output=True, text=True).stdout
    found = json.loads(told)
    room = os.stat(disk["device"]).st_size
    if found["virtual-size"] > room:
        raise ValueError(f"image: '{name}' is {found['virtual-size']} bytes large, disk {disk['disk_id']} only {room}")
    print(f"writing {name} ({found['format']}, {found['virtual-size'] / 1024**3:.1f} GiB) on {disk['disk_id']}")
    command = ["qemu-img", "convert", "-n", "--target-is-zero", "-f", found["format"], "-O", "raw", path, disk["device"]]
    subprocess.run(command, check=True)
