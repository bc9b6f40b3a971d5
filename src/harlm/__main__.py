"""``python -m harlm`` is ``harlm``."""

from harlm.cli import main

main()
