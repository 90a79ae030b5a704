"""Requests that are refused: what is there when they are sent, what they ask, and what is answered."""
