"""One thin script per migration; its SQL stands beside it."""
