"""The paper's backbone: every choice of its section 3.2.2, its search, its nine experiments."""
