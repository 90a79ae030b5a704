"""Gates: whether a run may be deployed, by a policy of its dataset or of whoever asks."""
