"""The clock: schedules fire into the queue, and what has to be looked at every minute is."""
