"""Editions of the book: pages, figures, tables and what is checked about their prose."""
