"""Sequences to sequences: an encoder, a decoder, and attention between them."""
