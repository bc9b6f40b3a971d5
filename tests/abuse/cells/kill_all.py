# class: leak
# Asks whether it may signal every process at once.
import os; os.kill(-1,0); print("ESCAPED")
