# class: dos
# Raises an exception that is its own cause, after ten thousand others.
e=None
for i in range(10_000): n=ValueError(i); n.__context__=e; e=n
f=ValueError("f"); f.__cause__=e; e.__suppress_context__=False; raise f
