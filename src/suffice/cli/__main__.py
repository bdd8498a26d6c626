"""``python -m suffice.cli``."""

from suffice.cli import main

if __name__ == "__main__":
    main()
