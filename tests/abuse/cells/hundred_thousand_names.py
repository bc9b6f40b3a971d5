# class: dos
# Makes 100,000 variables with long names, of which the worker reports those that are new.
globals().update({"n%d_"%i+"x"*200:i for i in range(10**5)})
