# class: leak
# Asks by the call for threads whether it may signal another process, and by the call that sends values.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); d=CANARY["decoy_pid"]; x=platform.machine()=="x86_64"; i=ctypes.create_string_buffer(128)
i[8:12]=(-2).to_bytes(4,"little",signed=True)
r=[l.syscall(234 if x else 131,d,d,0),l.syscall(200 if x else 130,d,0),l.syscall(129 if x else 138,d,0,i),l.syscall(297 if x else 240,d,d,0,i)]
print("ESCAPED %s"%r if 0 in r else "no errno %d"%ctypes.get_errno())
