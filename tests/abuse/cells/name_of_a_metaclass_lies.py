# class: dos
# Makes a variable whose class says that its name is a number.
class M(type):
    __name__=property(lambda c: 7)
class A(metaclass=M): pass
a=A()
