"""`python -m leftfold` is the same as `leftfold`."""

from leftfold.cli import main

if __name__ == "__main__":
    main()
