# class: dos
# Makes a variable whose class hangs when it is asked for its name.
class M(type):
    @property
    def __name__(c):
        while True: pass
class A(metaclass=M): pass
a=A()
