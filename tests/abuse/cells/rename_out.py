# class: leak
# Moves a file of its own to a folder outside.
import os
open("x_move","w").close(); p=CANARY["dir"]+"/x_abuse_moved"; os.rename("x_move",p); os.unlink(p); print("ESCAPED")
