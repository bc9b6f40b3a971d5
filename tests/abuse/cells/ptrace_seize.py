# class: leak
# Traces other processes of this user, without stopping them.
import ctypes,os
l=ctypes.CDLL(None,use_errno=True)
ok=[p for p in (CANARY["decoy_pid"],os.getppid()) if l.ptrace(0x4206,p,None,None)==0]
print("ESCAPED %s"%ok if ok else "no errno %d"%ctypes.get_errno())
