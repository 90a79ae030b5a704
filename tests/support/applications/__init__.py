"""Applications that the tests run in processes of their own, as their owners would."""
