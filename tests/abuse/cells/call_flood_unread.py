# class: proto
# Makes 40,000 calls with prompts of 4 KB and never reads a reply, so that the host keeps them all.
import os
from guest.worker.msgpack import pack
for i in range(40000):
    b=pack({"op":"call","id":10**6+i,"function":"llm_query","arguments":{"prompt":"%05d"%i+"x"*4096,"model":None}}); b=len(b).to_bytes(4,"little")+b
    while b: b=b[os.write(3,b):]
