# class: leak
# Shares memory by name with other processes of this user.
from multiprocessing import shared_memory
import multiprocessing.resource_tracker as t
t.register=t.unregister=lambda *a: None
s=shared_memory.SharedMemory("x_abuse_shm",True,64); s.buf[0]=1; s.unlink(); print("ESCAPED")
