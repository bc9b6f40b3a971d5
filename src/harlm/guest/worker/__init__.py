"""The process of one REPL: the zygote that it is forked from, its session, and the functions of its cells."""
