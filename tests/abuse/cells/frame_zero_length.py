# class: proto
# Sends an empty frame.
import os; os.write(3,b"\x00\x00\x00\x00")
