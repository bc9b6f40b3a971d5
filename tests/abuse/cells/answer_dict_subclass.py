# class: dos
# Replaces answer by a dict whose methods hang.
class D(dict):
    def get(self,*a):
        while True: pass
    __getitem__=__contains__=__iter__=get
answer=D(content="x",ready=True)
