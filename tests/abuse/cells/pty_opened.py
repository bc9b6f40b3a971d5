# class: leak
# Opens a terminal of its own, to be a session leader on.
import os
a,b=os.openpty(); print("ESCAPED",os.ttyname(b))
