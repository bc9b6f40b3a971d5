"""Which files of a folder are read by what they hold, whatever their names and sizes."""

import pathspec  # noqa: F401 - imported before a test gives up the right to read it
