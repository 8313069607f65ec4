"""Puts the platform together and says who listens to which event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from collab.config import Settings
from collab.curation.live import LiveVocabulary
from collab.files.rules import Limits, known_extensions
from collab.files.scanning import LISTENER as FILE_SCAN
from collab.files.scanning import Scanner
from collab.files.service import FileRoom
from collab.kernel import happened
from collab.kernel.events import DatabaseRestored, Event
from collab.members.breached import BreachList
from collab.members.openid_client import OpenIdClient
from collab.members.rules import SessionLimits
from collab.network.service import NetworkService
from collab.network.standings import LISTENER as STANDINGS
from collab.network.standings import Standings
from collab.notices import account as account_notices
from collab.notices import agreements as agreement_notices
from collab.notices import fitting as fitting_needs
from collab.notices import joining as joining_notices
from collab.notices import moderation as moderation_notices
from collab.notices import new_hits
from collab.notices import questions as question_notices
from collab.notices import service as notices
from collab.notices.anchors import AnchorMail
from collab.notices.events import NoticesDue, SavedSearchesDue
from collab.notices.letters import NoticeMail
from collab.notices.mail import Mailer
from collab.platform import Platform
from collab.questions import service as questions
from collab.routing.service import MatchingService
from collab.search.service import SearchService
from collab.storage import sealing
from collab.storage.audit_reading import ANCHORS, Anchorer
from collab.storage.blobs import FOLDER, Blobs
from collab.storage.database import Database
from collab.storage.folders import keep_private
from collab.storage.outbox import Listener, Worker
from collab.vocabulary.catalog import load_vocabulary

CATALOGUE = (
    happened.CapabilityChanged, happened.OrganisationChanged, happened.CatalogueReplaced,
    DatabaseRestored,
)  # fmt: skip


def listeners(
    words: LiveVocabulary,
    search: SearchService,
    matching: MatchingService,
    mailer: Mailer,
    anchorer: Anchorer,
    scanner: Scanner,
    away: AnchorMail,
    letters: NoticeMail,
) -> Mapping[type[Event], Sequence[Listener]]:
    """The table of who follows what; order matters inside a row."""
    index = Listener("search-index", words.before(search.follow))
    matches = Listener("matches", words.before(matching.follow), batch=500)
    evaluated = Standings(matching.vocabulary, matching.snapshot)
    words.tell(evaluated.take_vocabulary)
    taken = Listener("vocabulary", words.follow, batch=500)
    reread = Listener("search-vocabulary", words.before(lambda _db, _events: _reread(search)))
    standings = Listener(STANDINGS, words.before(evaluated.follow), batch=500)
    mail = Listener("mail", mailer.follow, batch=1, ordered=False)
    anchor = Listener("audit-anchor", anchorer.follow)
    asked = Listener("secretariat-notices", joining_notices.follow)
    own = Listener("account-notices", account_notices.follow)
    sent_on = Listener("notice-mail", letters.follow, batch=1, ordered=False)
    sent_away = Listener("audit-anchor-mail", away.follow, batch=1, ordered=False)
    # a scanner may be away for hours: asked every quarter of an hour for a day, then again daily
    looked = Listener(FILE_SCAN, scanner.follow, batch=1, ordered=False, attempts=100)
    swept = Listener("file-sweep", scanner.sweep)
    ended = Listener("questions-ended", questions.follow)
    wake = Listener("saved-searches-wake", new_hits.wake, batch=500)
    saved = Listener("saved-searches", words.before(new_hits.follower(search)), batch=500)
    return {
        **dict.fromkeys((*CATALOGUE, happened.NeedPublished), (index, standings, matches, wake)),
        happened.NeedChanged: (index, standings, matches, wake, ended),
        happened.VocabularyChanged: (taken, reread, standings, matches),
        happened.RunChanged: (index, wake),
        SavedSearchesDue: (saved,),
        **between_two_sides(),
        happened.LinkIssued: (mail,),
        happened.ApplicationChanged: (asked, mail),
        happened.RightsBegan: (asked,),
        happened.DayBegan: (anchor, sent_away, standings, matches, swept, sent_on),
        NoticesDue: (sent_on,),
        happened.FileStored: (looked,),
        happened.StandingsDue: (standings,),
        happened.RulesInForce: (standings, matches),
        happened.MatchesRefreshed: (Listener("fitting-needs", fitting_needs.follow),),
        happened.AccountChanged: (own, mail),
    }


def between_two_sides() -> Mapping[type[Event], Sequence[Listener]]:
    """What one side does, the other is told of."""
    moderated = Listener("moderation-notices", moderation_notices.follow)
    asked = Listener("question-notices", question_notices.follow)
    return {
        happened.InterestChanged: (Listener("notices", notices.follow),),
        happened.AgreementChanged: (Listener("agreement-notices", agreement_notices.follow),),
        happened.QuestionsAsked: (asked,),
        happened.QuestionAnswered: (asked,),
        happened.HoldChanged: (moderated,),
        happened.ReportChanged: (moderated,),
    }


def _reread(search: SearchService) -> None:
    """The index follows the vocabulary: it is rebuilt beside the live one."""
    search.ensure()


def build(settings: Settings, database: Database | None = None) -> Platform:
    """The platform of this process; nothing is read or written yet."""
    if database is None:
        keep_private(settings.data_dir)
        if settings.search_dir:
            keep_private(settings.search_dir)
        database = Database(settings.database, synchronous=settings.sqlite_synchronous)
    words = LiveVocabulary(database, load_vocabulary())
    vocabulary = words.current
    search = SearchService(database, vocabulary, settings.index_folder, settings.search_engine)
    matching = MatchingService(database, vocabulary, settings.data_dir / "matching")
    network = NetworkService(database, vocabulary)
    mailer = Mailer(settings, secret_key(settings))
    words.tell(matching.take_vocabulary, network.take_vocabulary, search.take_vocabulary)
    return Platform(
        settings=settings,
        database=database,
        words=words,
        search=search,
        matching=matching,
        network=network,
        files=file_room(settings),
        sealer=sealing.Sealer(sealing.installation_keys(settings.secret_path)),
        openid=OpenIdClient(settings.trusted_services),
        breached=BreachList(settings.breached_passwords),
        session_limits=session_limits(settings),
        worker=Worker(
            database,
            listeners(
                words,
                search,
                matching,
                mailer,
                Anchorer(settings.data_dir / ANCHORS),
                Scanner(blobs_of(settings), settings.file_scan_command, settings.file_scan_seconds),
                AnchorMail(settings, mailer),
                NoticeMail(mailer, secret_key(settings)),
            ),
            daily=(happened.DayBegan,),
        ),
    )


def session_limits(settings: Settings) -> SessionLimits:
    """How long a sign-in lasts and who needs a second factor for it."""
    return SessionLimits(
        timedelta(hours=settings.session_hours),
        timedelta(hours=settings.session_idle_hours),
        settings.secretariat_second_factor,
        settings.seed_demo and settings.only_here,
    )


def blobs_of(settings: Settings) -> Blobs:
    """Where the contents of files lie."""
    return Blobs(settings.data_dir / FOLDER)


def file_room(settings: Settings) -> FileRoom:
    """What is taken of files, and where it is kept."""
    limits = Limits(
        settings.file_max_bytes,
        settings.file_max_count,
        settings.file_quota_bytes,
        frozenset(known_extensions(settings.file_types)),
    )
    return FileRoom(blobs_of(settings), limits, bool(settings.file_scan_command.strip()))


def secret_key(settings: Settings) -> str:
    """The key that signs cookies and links: the newest of the installation's keys."""
    return sealing.installation_keys(settings.secret_path)[0]
