"""Where results go."""

from pathlib import Path

OUT = Path("suffice-out")
"""Folder of results where none is named."""
