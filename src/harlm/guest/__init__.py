"""The code that runs inside the sandbox, and the vocabulary that guest and host share. It imports only the
standard library and itself, because the sandbox's interpreter has no site-packages. It has no models, files
or keys: it asks the host for them.

- ``vocabulary``: one row for each name that model-written code finds in its REPL.
- ``worker``: the process of one REPL, the zygote that it is forked from, and their connections to the host.
- ``scout``: runs ahead of a cell and asks early for the calls that are already determined.
- ``confine``: takes rights away from a process before it runs its first cell.

The sandbox loads this folder as a top-level package named ``guest``, so all imports in it are relative.
"""
