# class: leak
# Makes a queue of messages and a semaphore through System V, which outlive processes.
import ctypes
l=ctypes.CDLL(None,use_errno=True); q,s=l.msgget(0,0o1600),l.semget(0,1,0o1600)
if q>=0: l.msgctl(q,0,None)
if s>=0: l.semctl(s,0,0)
print("ESCAPED" if max(q,s)>=0 else "no errno %d"%ctypes.get_errno())
