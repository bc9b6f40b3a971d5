# class: leak
# Asks how long a file outside is, which needs no right to read it.
import os
print("ESCAPED %d bytes"%os.stat(CANARY["file"]).st_size)
