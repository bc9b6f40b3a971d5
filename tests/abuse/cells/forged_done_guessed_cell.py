# class: proto
# Reports the end of a cell under a guessed name.
import os
from guest.worker.msgpack import pack
b=pack({"op":"done","cell":"0"*16,"head":"FORGED","tail":"","chars":6,"error":None,"final":{"value":"FORGED"},"names":[],"wall_s":0.0})
os.write(3,len(b).to_bytes(4,"little")+b)
