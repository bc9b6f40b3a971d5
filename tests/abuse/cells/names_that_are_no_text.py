# class: dos
# Puts names into its namespace that are not str, or a str with methods of its own.
class S(str):
    def startswith(self,*a): raise SystemError("no")
globals()[7]="seven"; globals()[S("s")]=1
