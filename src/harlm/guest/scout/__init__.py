"""The scout: reads a cell ahead of its run, finds the calls whose prompts are already determined, and asks for them early.
Knows Python; refuses to know where it runs and how a call is made. It imports the standard library only, since it runs
inside the sandbox, in a fork of the REPL.

A scout that is wrong costs time or money, never the answer: the cell itself runs unmodified beside it, in another process,
and takes over (*claims*) only what it asks for itself.

- ``pending``: values that are not known yet, and what waits for them.
- ``syntax``: what a statement reads, binds, changes and may leave, by its text alone.
- ``frames``: where names are looked up, while blocks run late over the values of the moment that they were put off at.
- ``tasks``: blocks that run on while others wait, in an order that keeps what they do to shared values.
- ``operations``: one operation of Python on values of which some are pending.
- ``expressions``, ``calls`` (``asking``, ``functions``, ``functionals``), ``statements``: the interpreter.
- ``search``: looking past a possible end of a loop.
- ``world``: what all blocks of a cell share.
- ``scout``: the whole.
"""
