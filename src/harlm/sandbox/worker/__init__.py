"""What runs inside the sandbox: a REPL for model-written code. Imports the standard library and itself only, so that
an interpreter without site-packages can run it. Refuses to know models, files or keys: it asks the host for all else.

It is started as a package of its own, called ``worker``, so that nothing else of HARLM is imported with it.
"""
