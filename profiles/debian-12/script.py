"""debootstrap: installs Debian or Ubuntu from packages.

Arguments, all optional:
  deb_release   suite, 'bookworm' unless told; also Ubuntu's ('jammy', 'noble')
  deb_mirror    URL of the archive; the host's own apt sources unless told
  deb_keyring   file of the node's images directory with the keys that the archive is signed with; the host's package
                debian-archive-keyring or ubuntu-keyring unless told
  deb_packages  further packages, separated by commas; virtual packages are fine
  boot          'kernel': the hypervisor loads kernel and initrd (quickest); 'grub': it loads GRUB, which reads the guest's own
                /boot/grub/grub.cfg, so that a kernel the guest installs later counts

build() is what every VM of these arguments shares, install() what is one VM's own.
"""

import glob
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import uuid

UBUNTU = ("bionic", "focal", "jammy", "noble", "oracular", "plucky", "questing", "resolute")
# Where systemd-resolved is no package of its own.
RESOLVED_INSIDE = ("buster", "bullseye", "bionic", "focal", "jammy")
# dbus: without it there is no logind, and nobody heeds the power button.
PACKAGES = "initramfs-tools systemd-sysv udev dbus iproute2 netbase ca-certificates openssh-server sudo cloud-init python3-cffi-backend".split()
GRUB_PACKAGES = ("grub-pc-bin", "grub2-common")
GRUB_MODULES = "biosdisk part_msdos part_gpt ext2 xfs btrfs fat search search_fs_file configfile normal linux serial terminal echo test".split()
# A virtual machine's devices; the initrd stays small and loads at once.
MODULES = "virtio_pci virtio_blk virtio_scsi virtio_net ahci sd_mod sr_mod isofs ext4 xfs btrfs vfat"
# A serial line prints under emulation at the speed of a real one: 'quiet' saves a quarter of the boot.
KERNEL_WORDS = "quiet console=tty0 console=ttyS0 net.ifnames=0"
# How packages got in there, with this host's proxy: none of the guest's business, and no fsync is no way to run one.
BUILD_SETTINGS = ("etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap")
METADATA_WAIT_S = 300
SLOW_UNITS = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service")


def run(*argv, **options):
    ended = subprocess.run(argv, **options).returncode
    if ended:
        raise RuntimeError(f"{' '.join(argv[:3])} ended with {ended}")


def write(root, path, text, mode=0o644):
    file = os.path.join(root, path)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(file, mode)


def apt_sources():
    """(URI, suite, components) of the host's own apt sources, in the order of their files."""
    found = []
    for file in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*.list"))]:
        if os.path.exists(file):
            for line in open(file, encoding="utf-8"):
                words = re.sub(r"\[.*?\]", "", line.split("#")[0]).split()
                if len(words) > 3 and words[0] == "deb":
                    found.append((words[1], words[2], " ".join(words[3:])))
    for file in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", open(file, encoding="utf-8").read()):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.M))
            if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
                for uri in fields.get("URIs", "").split():
                    found += [(uri, suite, fields.get("Components", "")) for suite in fields.get("Suites", "").split()]
    return found


def sources(release, mirror):
    """Lines of the guest's sources.list."""
    ubuntu = release in UBUNTU
    components = "main universe" if ubuntu else "main"
    if mirror:
        return [f"deb {mirror} {release} {components}"]
    known = apt_sources()
    same = [s for s in known if s[1] == release or s[1] in (f"{release}-updates", f"{release}-security")]
    if same:
        return [f"deb {uri} {suite} {parts}" for uri, suite, parts in same]
    host = platform.freedesktop_os_release()
    if (host.get("ID") == "ubuntu") != ubuntu:
        raise ValueError(f"deb_mirror: this host's apt knows no archive with '{release}', so its URL has to be told")
    own = [s for s in known if s[1] == host.get("VERSION_CODENAME")]
    if not own:
        raise ValueError("deb_mirror: this host's apt sources name no archive, so its URL has to be told")
    return [f"deb {own[0][0]} {release} {components}"]


def keyring(release, own):
    name = "ubuntu-archive-keyring" if release in UBUNTU else "debian-archive-keyring"
    file = f"/images/{os.path.basename(own)}" if own else f"/usr/share/keyrings/{name}.gpg"
    if not os.path.exists(file):
        raise FileNotFoundError(f"deb_keyring: '{release}' cannot be verified, since the node has no {file}")
    return file


def apt_options():
    """How the host's apt reaches its archive: proxies and the like."""
    told = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if re.match(r"Acquire::(https?::[^ ]*[Pp]roxy|Check-|ForceIPv|Retries)", line)]


def kernel_package(release):
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
    return "linux-image-virtual" if release in UBUNTU else f"linux-image-cloud-{architecture}"


def before_packages(root):
    """What maintainer scripts find already there: the initrd's recipe."""
    write(root, "etc/initramfs-tools/conf.d/slipway", "MODULES=list\nRESUME=none\n")
    hook = f'#!/bin/sh\n[ "$1" = prereqs ] && exit 0\n. /usr/share/initramfs-tools/hook-functions\nmanual_add_modules {MODULES}\n'
    hook += "for module in virtio_pci virtio_blk virtio_scsi ahci sd_mod; do force_load $module; done\n"
    write(root, "etc/initramfs-tools/hooks/slipway", hook, 0o755)


def bootstrap(root, release, mirror, keys, packages, further):
    """mmdebstrap resolves dependencies and needs no device nodes; debootstrap does neither, so it is not used."""
    # By a file: a proxy's URL may hold a password, and argument lists are read by everybody.
    write("/tmp", "apt.conf", "".join(f"{line}\n" for line in apt_options()), 0o600)
    options = ["--aptopt=/tmp/apt.conf"]
    options += [f"--dpkgopt=path-exclude=/usr/share/{d}/*" for d in ("man", "doc", "info")]
    options += ["--dpkgopt=path-include=/usr/share/doc/*/copyright", "--dpkgopt=force-unsafe-io"]
    before_packages("/tmp/before")
    hook = 'cp -a /tmp/before/. "$1/"'
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--skip=check/empty", f"--keyring={keys}"]
    command += [f"--include={','.join(packages)}", f"--essential-hook={hook}", *options]
    if further:
        # As if another package depended on them: that is how apt chooses who provides a virtual one.
        # From outside: the guest's resolver does not run yet.
        dpkg = ("Dir::Bin::dpkg=env", "DPkg::Options::=--unset=TMPDIR", "DPkg::Options::=dpkg", f"DPkg::Chroot-Directory={root}")
        settings = [word for option in dpkg for word in ("-o", option)]
        satisfy = ["apt-get", *settings, "--yes", "--quiet", "--no-install-recommends", "satisfy", ", ".join(further)]
        command.append(f'--customize-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" {shlex.join(satisfy)}')
    command += [release, root, "-"]
    run(*command, input="\n".join(sources(release, mirror)) + "\n", text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def configure_network(root):
    """Every device by DHCP, unless cloud-init is told otherwise by a seed: its files come earlier in the order."""
    write(root, "etc/systemd/network/90-dhcp.network", "[Match]\nName=eth*\n\n[Network]\nDHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\n")
    wait = "[Service]\nExecStart=\nExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=30\n"
    write(root, "etc/systemd/system/systemd-networkd-wait-online.service.d/slipway.conf", wait)
    # The network's DNS knows its guests by their short names, too; resolved would ask whoever answers LLMNR for those, for seconds.
    write(root, "etc/systemd/resolved.conf.d/slipway.conf", "[Resolve]\nResolveUnicastSingleLabel=yes\nLLMNR=no\n")
    run("chroot", root, "systemctl", "enable", "--quiet", "systemd-networkd.service", "systemd-resolved.service")


def configure_cloud_init(root):
    # A seed disk is recognized at once; the metadata service is asked when there is none, for as long as a restart of it or of
    # the network's DHCP may take. Given up, a guest would go on as one without user-data.
    settings = {
        "datasource_list": ["NoCloud", "Ec2", "None"],
        "datasource": {"Ec2": {"metadata_urls": ["http://169.254.169.254"], "strict_id": False, "timeout": 5, "max_wait": METADATA_WAIT_S}},
        "system_info": {"network": {"renderers": ["networkd"]}},
        # RSA and DSA keys take an emulated processor ten seconds, generating locales two.
        "ssh_genkeytypes": ["ed25519", "ecdsa"],
        "no_ssh_fingerprints": True,
        "ssh": {"emit_keys_to_console": False},
        "locale": "C.UTF-8",
    }
    write(root, "etc/cloud/cloud.cfg.d/90_slipway.cfg", json.dumps(settings, indent=2) + "\n")
    write(root, "etc/cloud/ds-identify.cfg", "policy: enabled\n")


def build(temporary_directory, deb_release="bookworm", deb_mirror="", deb_keyring="", deb_packages="", boot="kernel"):
    if boot not in ("kernel", "grub"):
        raise ValueError(f"boot: '{boot}' is neither 'kernel' nor 'grub'")
    root = temporary_directory
    if not os.path.ismount(root):
        raise ValueError("the storage template needs a disk with the mountpoint /")
    wanted = [kernel_package(deb_release), *PACKAGES]
    wanted += () if deb_release in RESOLVED_INSIDE else ("systemd-resolved",)
    wanted += GRUB_PACKAGES if boot == "grub" else ()
    further = [word for word in re.split(r"[,\s]+", deb_packages) if word]
    bootstrap(root, deb_release, deb_mirror, keyring(deb_release, deb_keyring), wanted, further)
    configure_network(root)
    configure_cloud_init(root)
    run("chroot", root, "systemctl", "mask", "--quiet", *SLOW_UNITS)
    run("chroot", root, "systemctl", "enable", "--quiet", "serial-getty@ttyS0.service")
    for name in glob.glob(f"{root}/var/lib/apt/lists/*") + glob.glob(f"{root}/var/cache/apt/*.bin"):
        shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
    for name in BUILD_SETTINGS:
        if os.path.exists(f"{root}/{name}"):
            os.remove(f"{root}/{name}")


def device(disk):
    """How the guest finds a disk: by the label given to mkfs, else by its place."""
    label = re.search(r"(?:^|\s)-L[= ](\S+)", disk["filesystem_args"] or "")
    return f"LABEL={label[1]}" if label else f"/dev/{disk['disk_id']}"


def fstab(disks):
    lines = []
    for disk in disks:
        if disk["filesystem"] == "swap":
            lines.append(f"{device(disk)} none swap sw 0 0")
        elif disk["mountpoint"]:
            first = disk["mountpoint"] == "/"
            options = "errors=remount-ro" if disk["filesystem"].startswith("ext") else "defaults"
            lines.append(f"{device(disk)} {disk['mountpoint']} {disk['filesystem']} {options} 0 {1 if first else 2}")
    return "\n".join(lines) + "\n"


def newest(root, prefix):
    names = [n for n in os.listdir(f"{root}/boot") if n.startswith(prefix)]
    if not names:
        raise FileNotFoundError(f"no /boot/{prefix}* was installed")
    return max(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def grub(root, cmdline):
    """The guest's GRUB in the shape of a Linux kernel, which every hypervisor can load without a boot sector."""
    menu = "serial --unit=0\nterminal_output console serial\nset timeout=0\nmenuentry 'Linux' {\n"
    links = "/boot/" if os.path.exists(f"{root}/boot/vmlinuz") else "/"
    menu += f"  linux {links}vmlinuz {cmdline}\n  initrd {links}initrd.img\n}}\n"
    write(root, "boot/grub/grub.cfg", menu)
    write(root, "etc/default/grub", f'GRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX="{KERNEL_WORDS}"\nGRUB_TERMINAL="console serial"\n')
    find = "search --no-floppy --set=root --file /boot/grub/grub.cfg\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"
    write(root, "boot/grub/find.cfg", find)
    core = ["--format=i386-pc", "--output=/boot/grub/core.img", "--prefix=/boot/grub", "--config=/boot/grub/find.cfg"]
    run("chroot", root, "grub-mkimage", *core, *GRUB_MODULES)
    with open(f"{root}/boot/grub/slipway.img", "wb") as image:
        for part in ("usr/lib/grub/i386-pc/lnxboot.img", "boot/grub/core.img"):
            with open(os.path.join(root, part), "rb") as file:
                shutil.copyfileobj(file, image)
    return {"kernel": "/boot/grub/slipway.img"}


def forget(root):
    """What no two machines may share; cloud-init makes new host keys at the first boot."""
    for name in glob.glob(f"{root}/etc/ssh/ssh_host_*") + [f"{root}/var/lib/systemd/random-seed", f"{root}/var/lib/dbus/machine-id"]:
        if os.path.lexists(name):
            os.remove(name)
    for name in glob.glob(f"{root}/var/lib/cloud/*") + glob.glob(f"{root}/var/log/cloud-init*"):
        shutil.rmtree(name) if os.path.isdir(name) and not os.path.islink(name) else os.remove(name)
    # Not left empty: systemd would configure every unit anew in a "first boot".
    write(root, "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)


def install(vm_name, temporary_directory, disks, boot="kernel"):
    root = temporary_directory
    forget(root)
    write(root, "etc/hostname", f"{vm_name}\n")
    write(root, "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {vm_name}\n::1 localhost ip6-localhost ip6-loopback\n")
    write(root, "etc/fstab", fstab(disks))
    root_disk = next(disk for disk in disks if disk["mountpoint"] == "/")
    cmdline = f"root={device(root_disk)} ro {KERNEL_WORDS}"
    if boot == "grub":
        return grub(root, cmdline)
    kernel, initrd = newest(root, "vmlinuz-"), newest(root, "initrd.img-")
    return {"kernel": f"/boot/{kernel}", "initrd": f"/boot/{initrd}", "cmdline": cmdline}
