# class: dos
# Empties its namespace, the REPL's own functions included.
globals().clear()
