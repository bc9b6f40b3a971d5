# class: proto
# Calls a function of the host's that no REPL was given.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"__import__('os').system","arguments":{"command":"id"}})
os.write(3,len(b).to_bytes(4,"little")+b); import time; time.sleep(1)
