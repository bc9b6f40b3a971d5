# class: proto
# Sends to the host what only the host may say.
import os
from guest.worker.msgpack import pack
for o in ({"op":"execute","cell":"x","code":"1"},{"op":"reply","id":1,"value":1},{"op":"refuse","id":1,"message":"m"},{"op":"fork","seed":1,"folder":"f","may_write":True},{"op":"setup"}):
    b=pack(o); os.write(3,len(b).to_bytes(4,"little")+b)
