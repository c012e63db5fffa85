"""Yours to edit: each file belongs to one notebook."""
