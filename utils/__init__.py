"""Layers, training, checks and tools of the CNN workbook."""
