"""Who is taught and who is measured: the paper's divisions of corpora (sections 3.2.1 and 4.3)."""
