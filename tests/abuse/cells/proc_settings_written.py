# class: leak
# Opens settings of the kernel to write, without writing.
import os
ok=[]
for p in ("sys/kernel/core_pattern","sys/vm/drop_caches","sysrq-trigger","sys/kernel/ns_last_pid","self/uid_map","self/oom_score_adj","self/coredump_filter"):
    try: os.close(os.open("/proc/"+p,os.O_WRONLY)); ok.append(p)
    except OSError: pass
print("ESCAPED %s"%ok if ok else "none")
