"""`python -m trainers`: the paper's study, step by step or as a whole."""

from trainers.cli.main import main

if __name__ == "__main__":
    main()
