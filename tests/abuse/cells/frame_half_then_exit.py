# class: proto
# Sends half a frame and ends the process.
import os; os.write(3,(1000).to_bytes(4,"little")+b"\x84\xa2op"); os._exit(0)
