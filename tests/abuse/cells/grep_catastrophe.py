# class: dos
# Gives the context's own search a pattern that never ends.
from guest.worker.context import Library
import re
context.grep(r"(.|x)*(.|x)*(.|x)*(.|x)*$y") if hasattr(context,"grep") else None
re.search(r"(x+x+)+y","x"*64)
