"""From a list of inputs to rows: plan, one segment, stitching. Plain Python, without Ray."""
