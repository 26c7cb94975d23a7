"""`python -m service`.

Spawned workers import this module, too, so it does nothing outside of the main guard.
"""

if __name__ == "__main__":
    from service.system.signals import exit_immediately

    exit_immediately()

    from service.system.import_guard import (
        LAZY_MODULES,
        OPTIONAL,
        TRAINING_LIBRARIES,
        block_imports,
        import_lazily,
    )

    block_imports(*TRAINING_LIBRARIES, *OPTIONAL)
    import_lazily(*LAZY_MODULES)

    from service.cli import commands

    commands()
