"""The pipeline as steps, its migrations (plan, init), its run log and its maintenance."""
