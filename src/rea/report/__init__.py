"""The report: values in, one HTML file and Markdown out. Nothing here decides or deploys anything."""

from rea.report.write import write

__all__ = ["write"]
