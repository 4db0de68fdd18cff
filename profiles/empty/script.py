"""noop: installs nothing."""


def install(**kwargs):
    pass
