# class: dos
# Raises an exception that can be neither printed nor named nor followed.
class E(Exception):
    def __repr__(self): raise E()
    __str__=__repr__
    @property
    def __cause__(self): raise E()
    @property
    def __notes__(self): raise E()
raise E()
