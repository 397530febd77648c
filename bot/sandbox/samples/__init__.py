"""Two sample databases, modelled on the first two users' written procedures, laid out as Supabase does it."""
