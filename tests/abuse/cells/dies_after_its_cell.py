# class: dos
# Ends the process a moment after its cell has ended, and does so again whenever the cell is run again.
import os,threading; threading.Timer(.05,os._exit,(0,)).start()
