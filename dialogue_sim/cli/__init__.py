"""The command line: parses, calls, prints. `main` is the only place that turns errors into exit codes.

Exit codes: 0 done; 1 what was checked does not hold; 2 wrong usage, configuration or case file;
3 done, but with failures left; 130 interrupted, with everything finished saved.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialogue_sim.errors import UserError

OK, NOT_SO, WRONG, FAILURES_LEFT, INTERRUPTED = 0, 1, 2, 3, 130


def main() -> None:
    """Entry point of `dialogue-sim`."""
    import typer

    from dialogue_sim.cli.app import app
    from dialogue_sim.errors import UserError
    from dialogue_sim.models.errors import ModelError
    from dialogue_sim.reports.messages import reader_language

    command = typer.main.get_command(app)
    if reader_language() == "zh":
        from dialogue_sim.cli.chinese import tell_in_chinese

        tell_in_chinese(command)
    try:
        command()
    except UserError as problem:
        _complain(problem, reader_language())
    except ModelError as problem:
        _complain(UserError(str(problem), mend=problem.mend), reader_language())
    except BrokenPipeError:
        # The reader of our output has gone away (`| head`); there is nobody left to tell.
        sys.stderr.close()
        sys.exit(OK)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _complain(problem: UserError, language: str) -> None:
    print(f"dialogue-sim: {problem.told(language)}", file=sys.stderr)
    sys.exit(WRONG)
