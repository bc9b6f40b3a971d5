# class: dos
# Compiles an expression nested so deep that the parser runs out of stack.
for s in ("-"*10**6+"1","("*90000,"a"+".a"*10**6,"[]"+"[0]"*10**6):
    try: eval(compile(s,"x","eval"),{"a":1})
    except (SyntaxError,MemoryError,RecursionError,AttributeError,IndexError) as e: print(type(e).__name__)
