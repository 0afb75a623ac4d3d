"""Data to try things on: the IMDb reviews as word indices, and reviews as text."""

from leftfold.datasets import imdb, movie_reviews

__all__ = ["imdb", "movie_reviews"]
