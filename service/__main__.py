"""`python -m service`; workers import this file too when they are spawned, and must find nothing to do in it."""

if __name__ == "__main__":
    from service.signals import exit_at_once

    exit_at_once()

    from service.import_guard import LATER, LEARNING, OPTIONAL, keep_out, put_off

    keep_out(*LEARNING, *OPTIONAL)
    put_off(*LATER)

    from service.cli import commands

    commands()
