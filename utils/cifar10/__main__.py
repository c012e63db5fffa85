"""Command line: ``python -m utils.cifar10``."""

from utils.cifar10.load import main
from utils.console import accept_all_letters

accept_all_letters()
raise SystemExit(main())
