# class: dos
# Waits in C with the interpreter lock held and restarts whenever a signal comes.
import ctypes,threading
l=ctypes.PyDLL(None); s=ctypes.create_string_buffer(64); l.sem_init(s,0,0); b=ctypes.create_string_buffer(128); b[:]=b"\xff"*128
l.sigprocmask(0,b,None); l.sem_wait(s)
