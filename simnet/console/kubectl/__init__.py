"""kubectl over the simulated cluster: today's layout and words, one verb a function.

Reference: kubectl 1.35. The layout of tables is the API server's (pkg/printers/internalversion/printers.go), that of
describe kubectl's own (staging/src/k8s.io/kubectl/pkg/describe/describe.go).
"""
