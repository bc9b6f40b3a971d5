# class: leak
# Asks for the size of a file outside, which needs no right to read it.
import os
print("ESCAPED %d bytes"%os.stat(CANARY["file"]).st_size)
