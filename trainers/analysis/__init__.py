"""What the study found: statistics, tables, figures, explanations."""
