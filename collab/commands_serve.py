"""Commands that prepare, serve and look after an installation."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import click
from flask import current_app
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from collab import tables
from collab.importing import demo_removal, demo_seeding, seeding
from collab.kernel import clock, origin
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.identity import SYSTEM, Role
from collab.members import enrolment, openid, people, second_factor
from collab.members.forms import InvitationIn
from collab.platform import Platform
from collab.search.machines import machines
from collab.storage import audit_reading, backup, migrate, sealing

ROOT = Path(__file__).resolve().parents[1]
console = Console(stderr=True)
HEADER_MILLISECONDS = 10_000  # who sends a request's head more slowly is cut off
HEAD_BYTES = 64 * 1024  # about as long a head may be


def platform() -> Platform:
    """The platform of this process; what it does from now on was done by a command."""
    origin.say("command")
    found: Platform = current_app.extensions["collab"]
    return found


def prepare(found: Platform, *, readable: bool = False) -> None:
    """Bring the tables up to date, seed once, build the index when it is missing or old.

    With `readable` an old index that still answers is left to the worker to renew.
    """
    if found.problems():
        migrate.upgrade(found.settings.database)
    with found.database.reading() as uow:
        seeded = seeding.is_seeded(uow)
    if not seeded:
        with found.database.writing() as uow:
            if not seeding.is_seeded(uow):
                seeding.seed(uow)
                if found.settings.seed_demo:
                    demo_seeding.seed_demo(uow, clock.today(), found.settings.data_dir)
        found.worker.settle()
    found.search.ensure(readable=readable)
    found.search.catch_up()
    found.matching.announce_version(found.database)


@click.command("init")
def init_command() -> None:
    """Create or upgrade the tables and seed them once."""
    prepare(platform())
    console.print("ready")


@click.command("seed")
@click.option("--demo/--no-demo", default=None, help="Also bring in the demo alliance.")
def seed_command(demo: bool | None) -> None:
    """Bring in or refresh the shipped dataset."""
    found = platform()
    migrate.upgrade(found.settings.database)
    with found.database.writing() as uow:
        counts = seeding.seed(uow)
        if found.settings.seed_demo if demo is None else demo:
            demo_seeding.seed_demo(uow, clock.today(), found.settings.data_dir)
    found.worker.settle()
    console.print(counts)


@click.command("remove-demo")
def remove_demo_command() -> None:
    """Remove the demo alliance; the real dataset stays."""
    found = platform()
    with found.database.writing() as uow:
        demo_removal.remove_demo(uow)
    found.worker.settle()
    console.print("the demo alliance is gone")


@click.command("reindex")
@click.option("--check", is_flag=True, help="Compare index and database, repair what differs.")
def reindex_command(check: bool) -> None:
    """Rebuild the search index and refresh stored matches, with a progress bar."""
    found = platform()
    prepare(found)
    if check:
        report = found.search.repair()
        console.print(f"missing {len(report.missing)}, stale {len(report.stale)}, "
                      f"surplus {len(report.surplus)}")  # fmt: skip
        return
    with Progress(console=console) as progress:
        bar = progress.add_task("search index", total=None)
        count = found.search.rebuild(lambda done: progress.update(bar, completed=done))
        progress.update(bar, completed=count, total=count)
        with found.database.reading() as uow:
            waiting = found.matching.open_need_ids(uow)
        bar = progress.add_task("matches", total=len(waiting))
        for start in range(0, len(waiting), 100):
            found.matching.refresh(found.database, waiting[start : start + 100])
            progress.advance(bar, min(100, len(waiting) - start))


@click.command("search-status")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def search_status_command(as_json: bool) -> None:
    """How far the search index of every machine has come, as each last said."""
    found = platform()
    with found.database.reading() as uow:
        rows = [asdict(one) for one in machines(uow)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        click.echo("\t".join(f"{name}={value}" for name, value in row.items()))


@click.command("worker")
def worker_command() -> None:
    """Deliver events to everything derived, until stopped."""
    found = platform()
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    _stop_with_parent(stop)
    found.search.warm_soon()
    found.search.keep_soon(stop)
    found.search.follow_soon(stop)
    found.words.follow_soon(stop)
    found.worker.run_forever(stop)


def _stop_with_parent(stop: threading.Event) -> None:
    """A worker started by `serve` must not outlive it, even when that is killed with -9."""
    parent = os.environ.get("COLLAB_PARENT")
    if not parent:
        return

    def watch() -> None:
        while not stop.wait(1.0):
            if os.getppid() != int(parent):
                stop.set()

    threading.Thread(target=watch, daemon=True).start()


@click.command("serve")
def serve_command() -> None:
    """Prepare the database, then serve pages and deliver events; Ctrl-C stops everything."""
    found = platform()
    host, port = found.settings.host, found.settings.port
    _check_free(host, port)
    prepare(found, readable=True)
    demo = found.settings.data_dir / "demo-password.txt"
    console.print(f"OE+ Collab: http://{host}:{port}/")
    if found.settings.seed_demo and demo.exists():
        console.print(f"demo accounts and their password: {demo}")
    worker = _start_worker()
    try:
        _serve(host, port, found.settings.server_workers)
    finally:
        worker.terminate()
        try:
            worker.wait(10)
        except subprocess.TimeoutExpired:
            worker.kill()


def _start_worker() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "COLLAB_PARENT": str(os.getpid())}
    command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
    return subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own command


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            click.echo(f"{host}:{port}: {error.strerror}; set PORT to another one", err=True)
            sys.exit(2)


def server_options(host: str, port: int, workers: int) -> dict[str, Any]:
    """How the server is set up; the application behind it is named by who starts it."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings

    return {
        "address": host,
        "port": port,
        "interface": Interfaces.RSGI,
        "websockets": False,
        "workers": workers,
        "workers_kill_timeout": 3,
        "http": HTTPModes.http1,  # limits of time and size are those of HTTP/1.1
        "http1_settings": HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEAD_BYTES
        ),
        "respawn_failed_workers": True,
        "factory": True,
        "log_access": False,
        "working_dir": ROOT,
    }


def _serve(host: str, port: int, workers: int) -> None:
    from granian import Granian

    Granian("app:create_server", **server_options(host, port, workers)).serve()


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
def backup_command(target: Path) -> None:
    """Write a consistent, verified backup while the platform runs; status 3 if files are lost."""
    found = platform()
    made = backup.back_up(found.database, target, tables.metadata, found.files.blobs)
    console.print(made)
    _name_losses(made)
    if made.lost:
        sys.exit(3)


def _name_losses(manifest: backup.Manifest) -> None:
    for one in manifest.lost:
        click.echo(f"lost\t{one.file}\t{one.organisation}\t{one.sha256}")


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.option("--yes", is_flag=True, help="Replace what is there.")
def restore_command(source: Path, yes: bool) -> None:
    """Bring a backup back and verify it."""
    found = platform()
    if not yes:
        click.echo("this replaces the database; say --yes to go on", err=True)
        sys.exit(2)
    report = backup.restore(
        found.database, source, tables.metadata, replace=True, blobs=found.files.blobs
    )
    found.worker.settle()
    console.print(report)
    _name_losses(report)


@click.command("audit-verify")
@click.option("--anchors", type=click.Path(path_type=Path), help="A file of anchors to hold it to.")
def audit_verify_command(anchors: Path | None) -> None:
    """Check the record link by link, and against every daily anchor; exit status 1 if it broke."""
    found = platform()
    kept = anchors or found.settings.data_dir / audit_reading.ANCHORS
    try:
        broken = audit_reading.broken(found.database, kept)
    except (OSError, ValueError) as error:
        click.echo(f"{kept}: {error}", err=True)
        sys.exit(2)
    for one in broken:
        click.echo(f"{one.sequence}\t{one.code}")
    if broken:
        sys.exit(1)
    console.print("the record holds")


@click.command("audit-anchor")
@click.argument("target", type=click.Path(path_type=Path), required=False)
def audit_anchor_command(target: Path | None) -> None:
    """Add the head of the record to a file of anchors (default: in the data folder)."""
    found = platform()
    sequence, sealed = audit_reading.anchor(
        found.database, target or found.settings.data_dir / audit_reading.ANCHORS
    )
    click.echo(f"{sequence}\t{sealed}")


@click.command("rotate-key")
@click.option("--yes", is_flag=True, help="Every session and every open link ends.")
def rotate_key_command(yes: bool) -> None:
    """Make a new installation key and seal all secrets with it; stop the platform before."""
    found = platform()
    if not yes:
        click.echo("every session and open link ends; say --yes to go on", err=True)
        sys.exit(2)
    path = found.settings.secret_path
    sealer = sealing.Sealer(sealing.add_key(path))  # both keys stand until all is sealed anew
    try:
        with found.database.writing() as uow:
            count = second_factor.reseal(uow, sealer) + openid.reseal(uow, sealer)
    except sealing.Unsealable as error:
        click.echo(f"a secret cannot be opened ({error}); the old key is kept", err=True)
        sys.exit(2)
    sealing.forget_old_keys(path)
    console.print(f"new key, {count} secrets sealed with it; start the platform again")


@click.command("invite-secretariat")
@click.argument("email")
@click.option("--name", required=True, help="Who it is.")
def invite_secretariat_command(email: str, name: str) -> None:
    """Ask somebody into the secretariat: prints a link that is good once, for seven days."""
    found = platform()
    if found.problems():
        migrate.upgrade(found.settings.database)
    settings = found.settings
    try:
        form = InvitationIn(email=email, name=name, role=Role.SECRETARIAT)
        with found.database.writing() as uow:
            key = sealing.installation_keys(settings.secret_path)[0]
            path = people.invite(uow, SYSTEM, people.ALLIANCE, form, key, settings.default_language)
    except (ValidationError, Rejected):
        click.echo(f"{email}: not an e-mail address, or no name", err=True)
        sys.exit(2)
    click.echo(_base(found) + path)


@click.command("factor-link")
@click.argument("email")
def factor_link_command(email: str) -> None:
    """Print the link by which somebody of the secretariat sets up a first factor; 30 minutes."""
    found = platform()
    key = sealing.installation_keys(found.settings.secret_path)[0]
    try:
        with found.database.writing() as uow:
            path = enrolment.link_to(uow, SYSTEM, email, key)
    except NotFound:
        click.echo(f"{email}: nobody of the secretariat without a factor", err=True)
        sys.exit(2)
    click.echo(_base(found) + path)


def _base(found: Platform) -> str:
    settings = found.settings
    return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"


COMMANDS = (
    init_command, seed_command, remove_demo_command, reindex_command, search_status_command,
    worker_command,
    serve_command, backup_command, restore_command, audit_verify_command, audit_anchor_command,
    rotate_key_command, invite_secretariat_command, factor_link_command,
)  # fmt: skip
