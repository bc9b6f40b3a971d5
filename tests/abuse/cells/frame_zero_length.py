# class: proto
# Sends a frame without anything in it.
import os; os.write(3,b"\x00\x00\x00\x00")
