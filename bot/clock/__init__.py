"""The clock: when something is due, the queue is told. Nothing is done here but that, and the ticks."""
