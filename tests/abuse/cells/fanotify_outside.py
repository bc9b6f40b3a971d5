# class: leak
# Watches whole file systems.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=l.fanotify_init(0x200,0); print("ESCAPED" if r>=0 else "no errno %d"%ctypes.get_errno())
