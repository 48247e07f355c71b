"""`help`: what a person can type in the shell."""

from __future__ import annotations

from simnet.console.desk import Call
from simnet.console.output import Output

HELP = """\
You are at a laptop outside a simulated cluster. Type what you would type there.

  kubectl get pods -o wide                 kubectl explain service.spec.ports
  kubectl apply -f web.yaml                kubectl exec -it client -- sh     (exit comes back)
  curl http://web/ | head -1               cat > web.yaml <<EOF              (lines until EOF)
  kubectl get svc -o yaml | grep -n port   kubectl edit service web          (in $EDITOR)

  why        after a command that failed: the cause, what was looked at, a change that helps
  edit FILE  write a file        history    what was typed        simnet lint FILE    check manifests
  help       this text           exit       leave the pod, or the shell

Tab completes commands, types, names, namespaces and flags. Files are copies: nothing on your disk is changed.
"""


def guide(call: Call) -> Output:
    """The same text whatever is asked for; commands explain themselves with --help."""
    return Output(HELP)
