"""Tables 1 to 7 of the paper, ours beside what is printed, as Markdown and CSV."""
