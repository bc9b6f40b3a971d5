# class: leak
# Runs a shell and reads what it says.
import os
print("ESCAPED" if "uid=" in os.popen("id 2>/dev/null").read() else "no")
