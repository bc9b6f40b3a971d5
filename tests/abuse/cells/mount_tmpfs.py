# class: leak
# Mounts a file system over a folder of its own.
import ctypes,os,tempfile
l=ctypes.CDLL(None,use_errno=True); d=tempfile.mkdtemp(); r=l.mount(b"tmpfs",d.encode(),b"tmpfs",6,b"size=4k")
e=ctypes.get_errno()
if r==0: l.umount2(d.encode(),2)
os.rmdir(d); print("ESCAPED mounted" if r==0 else "no errno %d"%e)
