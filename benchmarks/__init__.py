"""Leftfold beside Keras and PyTorch: the same models, the same machine, the same run."""
