# class: leak
# Mounts a process file system of its own, to see all that is hidden.
import ctypes,os,tempfile
l=ctypes.CDLL(None,use_errno=True); d=tempfile.mkdtemp(); r=l.mount(b"proc",d.encode(),b"proc",14,None)
if r==0: print("ESCAPED" if os.path.exists(d+"/1") else "empty"); l.umount2(d.encode(),2)
else: print("no errno %d"%ctypes.get_errno())
os.rmdir(d)
