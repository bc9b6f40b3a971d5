"""The scout: interprets a cell ahead of its run, finds the calls whose prompts are already determined, and
asks for them early. It runs in a fork of the REPL. How calls are made is not handled here.

A scout that is wrong costs time or money, never the answer: the cell itself runs unmodified in another
process, and takes over (*claims*) only the calls that it asks for itself.

- ``pending``: values that have not arrived, and the steps that wait for them.
- ``syntax``: what a piece of code reads, binds, changes and may leave, by its text alone.
- ``frames``: looks up names; a block that is put off keeps the values that its names had then.
- ``tasks``: blocks that are put off while the rest of the program continues, in an order that keeps changes
  in sequence.
- ``operations``: one operation of Python on values of which some are pending.
- ``expressions`` (``comprehensions``), ``assignment``, ``calls`` (``asking``, ``functions``,
  ``functionals``), ``statements`` (``simple_statements``, ``loops``, ``waiting``): the interpreter.
- ``lazy``, ``iterators``, ``generators``: iterators whose items are made when they are read; ``reading``: how
  far each reader reads.
- ``search``: looks past a possible end of a loop, on ``copies`` of what the loop changes.
- ``world``: what all blocks of a cell share.
- ``scout``: the scout as a whole.
"""
