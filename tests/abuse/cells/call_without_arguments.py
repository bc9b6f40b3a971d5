# class: proto
# Calls every function that it was given without any argument, past the worker's own checks.
import os,time
from guest.worker.msgpack import pack
for i,n in enumerate(("llm_query","rlm_query","search","places","extent")):
    b=pack({"op":"call","id":1000+i,"function":n,"arguments":{}}); os.write(3,len(b).to_bytes(4,"little")+b)
time.sleep(.3)
