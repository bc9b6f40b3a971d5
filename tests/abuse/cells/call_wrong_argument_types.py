# class: proto
# Searches, and asks for places, with numbers of documents and offsets far out of range and of wrong types.
import os,time
from guest.worker.msgpack import pack
for i,(n,a) in enumerate((("search",{"query":["x"],"k":-1}),("places",{"document":1<<60,"offsets":[-1,1e9,"x"]}),("extent",{"document":-5,"part":{}}),("rlm_query",{"prompt":"p","context":{"shape":"text","texts":[{"document":10**9}]},"model":None}))):
    b=pack({"op":"call","id":1000+i,"function":n,"arguments":a}); os.write(3,len(b).to_bytes(4,"little")+b)
time.sleep(.3)
