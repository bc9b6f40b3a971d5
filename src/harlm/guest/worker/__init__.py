"""The process of one REPL, from the zygote that it is forked from to the functions that cells call."""
