"""Reports: one HTML file that needs no network, made to be looked at."""

from leftfold.tasks.report.page import Page

__all__ = ["Page"]
