"""What muster promises, one row of the scoreboard a module; see README.md beside this file."""
