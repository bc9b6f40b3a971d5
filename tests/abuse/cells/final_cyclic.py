# class: dos
# Finishes with a value that contains itself.
x={"a":[1]}; x["a"].append(x); FINAL(x)
