"""WHAT RUNS INSIDE THE SANDBOX, and the vocabulary that both sides share. Imports the standard library and itself only: the sandbox's
interpreter has no site-packages. Does not depend on models, files or keys; asks the host for everything else.

- ``vocabulary``: one row for each name that the host gives to model-written code.
- ``worker``: the process of one REPL, the zygote that it is forked from, and their line to the host.
- ``scout``: goes ahead of a cell and asks early for the calls that are already determined.
- ``confine``: what a process gives up before it runs the first cell.

The sandbox loads this folder as a package of its own, called ``guest``; hence the relative imports.
"""
