# class: proto
# Calls with NaN and infinity where a text is expected.
import os,time
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"llm_query","arguments":{"prompt":float("nan"),"model":float("inf")}})
os.write(3,len(b).to_bytes(4,"little")+b); time.sleep(.3)
