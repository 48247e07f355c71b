"""`kubectl describe`, one family of kinds a module. Each function writes a `Page` from one object.

Source: kubernetes/kubectl pkg/describe/describe.go, describer by describer.
"""
