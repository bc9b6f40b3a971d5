# class: leak
# Reads a file outside without read, by mapping it.
import mmap,os
f=os.open(CANARY["file"],os.O_RDONLY); print("ESCAPED" if b"canary" in mmap.mmap(f,0,prot=mmap.PROT_READ)[:] else "no")
