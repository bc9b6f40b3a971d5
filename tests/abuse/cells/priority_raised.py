# class: leak
# Raises its own priority: a negative nice value, a real-time policy, the first place at the disk.
import ctypes,os,platform
l=ctypes.CDLL(None,use_errno=True); ok=[]
try: os.setpriority(0,0,-20); ok.append("nice"); os.setpriority(0,0,0)
except OSError: pass
try: os.sched_setscheduler(0,os.SCHED_FIFO,os.sched_param(1)); ok.append("fifo"); os.sched_setscheduler(0,os.SCHED_OTHER,os.sched_param(0))
except OSError: pass
if l.syscall({"x86_64":251,"aarch64":30}[platform.machine()],1,0,1<<13)==0: ok.append("io")
print("ESCAPED %s"%ok if ok else "none")
