"""The small shell: words, pipes, redirects, here-documents. No real shell and no real files behind it."""
