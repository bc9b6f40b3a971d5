# class: leak
# Asks the wire for a handle of the process at its other end, and asks whether that may be signalled.
import os,signal,socket,struct
s=socket.socket(fileno=os.dup(3)); f=struct.unpack("i",s.getsockopt(1,77,4))[0]
signal.pidfd_send_signal(f,0); print("ESCAPED can signal the host")
