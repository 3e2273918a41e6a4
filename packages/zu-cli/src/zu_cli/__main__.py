"""`python -m zu_cli` is `zu`."""

from zu_cli.main import main

if __name__ == "__main__":
    main()
