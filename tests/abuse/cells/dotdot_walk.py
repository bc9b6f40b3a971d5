# class: leak
# Walks up from its folder and down to a file outside.
import os
for n in range(1,12):
    try:
        if "canary" in open("../"*n+CANARY["file"].lstrip("/")).read(): print("ESCAPED",n); break
    except OSError: pass
