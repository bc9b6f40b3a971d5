# class: leak
# Moves a file outside into a pipe without reading it, and copies it by the kernel.
import os
f=os.open(CANARY["file"],os.O_RDONLY|os.O_NOATIME|os.O_NOFOLLOW); r,w=os.pipe(); os.splice(f,w,64); print("ESCAPED" if b"canary" in os.read(r,64) else "no")
