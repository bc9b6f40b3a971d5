# class: dos
# Makes a variable whose class never says its name.
class M(type):
    @property
    def __name__(c):
        while True: pass
class A(metaclass=M): pass
a=A()
