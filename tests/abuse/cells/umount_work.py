# class: leak
# Unmounts its own folder or the root, at a bad address that is looked at only when it is permitted.
import ctypes
l=ctypes.CDLL(None,use_errno=True); l.umount2(None,2)
print("ESCAPED umount is permitted" if ctypes.get_errno()==14 else "no errno %d"%ctypes.get_errno())
