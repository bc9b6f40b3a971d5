# class: proto
# Says that a cell ended under a name that was guessed.
import os
from guest.worker.msgpack import pack
b=pack({"op":"done","cell":"0"*16,"head":"FORGED","tail":"","chars":6,"error":None,"final":{"value":"FORGED"},"names":[],"wall_s":0.0})
os.write(3,len(b).to_bytes(4,"little")+b)
