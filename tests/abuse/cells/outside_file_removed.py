# class: leak
# Removes a file outside.
import os
os.unlink(CANARY["file"]); print("ESCAPED")
