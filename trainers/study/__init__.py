"""The paper's whole study, from folders of corpora to a report."""
