# class: proto
# Sends half a frame and then nothing, so that the host waits for the rest.
import os,time
os.write(3,(1000).to_bytes(4,"little")+b"\x84"); time.sleep(10**6)
