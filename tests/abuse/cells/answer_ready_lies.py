# class: dos
# Marks the answer as ready with an object whose truth value never comes.
class B:
    def __bool__(self):
        while True: pass
answer["ready"]=B(); answer["content"]=B()
