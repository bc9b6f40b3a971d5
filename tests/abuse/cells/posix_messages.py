# class: leak
# Makes a queue of messages with a name that every process can open.
import ctypes,os,platform
l=ctypes.CDLL(None,use_errno=True); x=platform.machine()=="x86_64"; r=l.syscall(240 if x else 180,b"x_abuse_mq",0o102,0o600,None)
if r>=0: l.syscall(241 if x else 181,b"x_abuse_mq")
print("ESCAPED" if r>=0 else "no errno %d"%ctypes.get_errno())
