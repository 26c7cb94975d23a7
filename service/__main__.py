"""`python -m service`; workers import this file too when they are spawned, and must find nothing to do in it."""

if __name__ == "__main__":
    from service.lean import LEARNING, OPTIONAL, keep_out

    keep_out(*LEARNING, *OPTIONAL)

    from service.commands import commands

    commands()
