# class: leak
# Enters the network namespace of another process by a handle of it.
import ctypes,os
l=ctypes.CDLL(None,use_errno=True); f=l.syscall(434,CANARY["decoy_pid"],0); r=l.setns(f,0x40000000) if f>=0 else -1
print("ESCAPED" if r==0 else "no errno %d"%ctypes.get_errno())
