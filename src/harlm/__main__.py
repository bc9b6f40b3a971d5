"""``python -m harlm`` is ``harlm``."""

import os
import sys


def _main() -> None:
    _forget_current_folder()
    from harlm.cli import main  # only now, since it imports much

    main()


def _forget_current_folder() -> None:
    """Import nothing from the current folder, where ``-m`` looks first: it may hold a stranger's ``json.py``.

    What Python itself imports before this line (``runpy``, ``typing``, a ``harlm.py``) is out of reach; the
    command ``harlm`` and ``python -P -m harlm`` never look there.
    """
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib would be imported from the current folder
    except OSError:
        here = ""  # the folder was deleted
    if not sys.flags.safe_path and sys.path[:1] in ([here], [""]):
        del sys.path[0]


_main()
