# class: leak
# Asks for a reboot with wrong magic numbers, which are looked at only when it is permitted.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); l.syscall({"x86_64":169,"aarch64":142}[platform.machine()],0,0,0,None)
print("ESCAPED reboot is permitted" if ctypes.get_errno()==22 else "no errno %d"%ctypes.get_errno())
