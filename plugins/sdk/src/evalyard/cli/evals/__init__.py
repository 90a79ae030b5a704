"""Evaluations that are declared in files: what `evalyard run` reads, carries out and judges."""
