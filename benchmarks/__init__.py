"""Measurements that back what the book says about speed and difficulty."""
