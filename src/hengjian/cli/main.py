"""The `hengjian` command: registers every subcommand and turns errors into sentences and exit codes.

Exit codes: 0 done, 1 done but something was refused or a requirement was not met, 2 not done (the sentence says why).
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hengjian import __version__
from hengjian.cli import coverage as _coverage  # noqa: F401 - registers its command
from hengjian.cli import exempt as _exempt  # noqa: F401 - registers its commands
from hengjian.cli import gate_demo as _gate_demo  # noqa: F401 - registers its command
from hengjian.cli import gate_replay as _gate_replay  # noqa: F401 - registers its command
from hengjian.cli import release as _release  # noqa: F401 - registers its commands
from hengjian.cli import rules_diff as _rules_diff  # noqa: F401 - registers its commands
from hengjian.cli.audit import audit
from hengjian.cli.city import city
from hengjian.cli.codes import codes_app
from hengjian.cli.demo import demo
from hengjian.cli.docs import docs
from hengjian.cli.gate import gate_app
from hengjian.cli.ingest import ingest
from hengjian.cli.journal import journal_app
from hengjian.cli.keys import keys_app
from hengjian.cli.knowledge import knowledge_app
from hengjian.cli.lake import lake_app
from hengjian.cli.map import map_
from hengjian.cli.mistakes import argument_error, is_interrupt, last_resort, tell, wrong
from hengjian.cli.office import office_app, serve, tick
from hengjian.cli.rules import rules_app
from hengjian.cli.score import score
from hengjian.cli.show import show
from hengjian.cli.verify import verify
from hengjian.kernel.errors import HengjianError

app = typer.Typer(
    name="hengjian",
    help="恒鉴：医保基金常态化监管。一批费用进来，一份站得住的疑点清单出去。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


_STOPPED = 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"恒鉴 {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="显示版本")] = False,
) -> None:
    pass


for command in (demo, city, ingest, audit, show, verify, score, serve, tick, docs):
    app.command()(command)
app.command("map")(map_)
app.add_typer(lake_app, name="lake")
app.add_typer(keys_app, name="keys")
app.add_typer(rules_app, name="rules")
app.add_typer(codes_app, name="codes")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(office_app, name="office")
app.add_typer(gate_app, name="gate")
app.add_typer(journal_app, name="journal")


def main() -> None:
    """Entry point: whatever goes wrong is a Chinese sentence and an exit code, never a traceback (HENGJIAN_TRACE=1 adds it)."""
    try:
        code = app(standalone_mode=False)
        if code == _STOPPED:  # typer keeps Ctrl-C to itself
            _stopped()
    except wrong.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except wrong.ClickException as error:
        code = _failed(argument_error(error))
    except HengjianError as error:
        code = _failed(error)
    except (KeyboardInterrupt, typer.Abort):
        code = _stopped()
    except Exception as error:
        code = _stopped() if is_interrupt(error) else _failed(last_resort(error), error)
    sys.exit(code if isinstance(code, int) else 0)


def _failed(error: HengjianError, cause: Exception | None = None) -> int:
    error.__cause__ = error.__cause__ or cause
    tell(error)
    return error.exit_code


def _stopped() -> int:
    typer.echo("已停止。没有写完的部分不会被任何人读到，重新运行即可。", err=True)
    return _STOPPED


if __name__ == "__main__":
    main()
