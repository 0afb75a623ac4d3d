"""The parts of `TextGenerator`: tokens, windows of a long text, counts to be beaten."""
