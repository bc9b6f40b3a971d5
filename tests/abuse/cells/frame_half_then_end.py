# class: proto
# Announces a megabyte, sends one byte and ends its cell, so that the worker's own frame becomes part of it.
import os; os.write(3,(1<<20).to_bytes(4,"little")+b"\x84")
