"""Who is there: keys of programs, passwords, sessions, providers; all of them give a principal."""
