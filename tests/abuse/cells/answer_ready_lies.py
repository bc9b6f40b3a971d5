# class: dos
# Says that the answer is ready with an object whose truth never comes.
class B:
    def __bool__(self):
        while True: pass
answer["ready"]=B(); answer["content"]=B()
