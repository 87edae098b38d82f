"""Tables: their schemas, commits, resume and compaction."""
