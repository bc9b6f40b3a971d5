# class: dos
# Grows a list until memory ends, at most 8 GB.
x=[]
for i in range(8000): x.append(bytearray(b"x")*(1<<20))
