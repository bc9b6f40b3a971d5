# class: leak
# Watches what happens to files outside.
import ctypes
l=ctypes.CDLL(None,use_errno=True); f=l.inotify_init1(0); r=[l.inotify_add_watch(f,p.encode(),0xfff) for p in (CANARY["dir"],"/etc/passwd","/")]
print("ESCAPED %s"%r if max(r)>0 else "no errno %d"%ctypes.get_errno())
