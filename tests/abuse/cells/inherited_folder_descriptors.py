# class: leak
# Looks among its descriptors for folders, and opens a file outside from each.
import os
ok=[]
for d in range(1024):
    for p in (CANARY["file"].lstrip("/"),"../"*9+CANARY["file"].lstrip("/"),"etc/passwd"):
        try: os.close(os.open(p,os.O_RDONLY,dir_fd=d)); ok.append(d)
        except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
