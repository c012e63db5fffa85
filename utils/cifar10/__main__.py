"""Command line: ``python -m utils.cifar10``."""

from utils.cifar10.load import main

raise SystemExit(main())
