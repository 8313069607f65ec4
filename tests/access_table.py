"""Who may use which route: PRODUCT's policy written down a second time, for the matrix test.

Whoever adds a route adds a line here, or the matrix fails. Keys are the routes' endpoints, with the
method where one endpoint's methods differ. The cast is that of tests/site.py: owner (a facility
owner) and member belong to alpha, other administers beta, invited administers gamma.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.site import EVERYBODY
from tests.web.test_leaks import MEMBERS, OWN, READERS

ALL = frozenset(EVERYBODY)
SIGNED_IN = ALL - {"visitor"}
STANDING = frozenset(MEMBERS)
HOUSES = frozenset({"owner", "member", "other", "invited"})
OF_ALPHA = frozenset(OWN)
EDITORS_OF_ALPHA = frozenset({"owner", "secretariat"})
EDITORS = frozenset({"owner", "other", "invited", "secretariat"})
ADMINISTRATORS = frozenset({"other", "invited", "secretariat"})
ADMINISTRATORS_OF_BETA = frozenset({"other", "secretariat"})
SECRETARIAT = frozenset({"secretariat"})
COORDINATORS = frozenset({"coordinator", "coordinator-elsewhere", "secretariat"})
PARTIES = frozenset({"owner", "member", "other"})  # of the accepted interest of beta
BETA = frozenset({"other"})
OWNER = frozenset({"owner"})
NOBODY: frozenset[str] = frozenset()  # not with what the matrix sends: links and keys made up
READS_SIGNED_IN = "reads, signed in"
READS = "reads"  # whom the need's disclosure names
REPORTS = "reports"  # members that the need's disclosure names
MODERATES = "moderates"  # by region and disclosure
OFFERS = "offers"  # beta, where it may read the need

# alpha stands in a province with fewer than five members: nobody but the secretariat, which looks
# after all of them, may learn that an anonymous need comes from there
MODERATORS: Mapping[str, frozenset[str]] = {
    "public": frozenset({"coordinator", "secretariat"}),
    "members": frozenset({"coordinator", "secretariat"}),
    "anonymous": SECRETARIAT, "invited": NOBODY, "draft": NOBODY,
}  # fmt: skip

TABLE: Mapping[str, frozenset[str] | str] = {
    # open to everybody
    "home.index": ALL, "home.healthy": ALL, "home.ready": ALL, "home.robots": ALL,
    "wellknown.security_txt": ALL, "help.index": ALL, "help.page": ALL, "runs.index": ALL,
    "capabilities.index": ALL, "capabilities.show": ALL, "organisations.index": ALL,
    "organisations.show": ALL, "needs.index": ALL, "needs.new": OF_ALPHA | {"visitor"},
    "GET needs.new": ALL, "search.index": ALL,
    "search.suggest": ALL, "network.index": ALL, "network.data": ALL, "network.poster": ALL,
    "network.export": ALL, "vocabulary.index": ALL, "members.join": ALL,
    "members.claim": NOBODY,
    "members.received": ALL, "account.sign_in": ALL, "account.sign_out": ALL,
    "second_factor.code": ALL, "openid.find": ALL, "recovery.ask": ALL, "passkeys.ask": ALL,
    "passkeys.sign_in": ALL, "second_factor.passkey": ALL, "second_factor.passkey_options": ALL,
    "people.invitation": ALL, "recovery.reset": ALL, "recovery.verify": ALL,
    "recovery.change_address": ALL, "openid.back": ALL,
    # the own account
    "account.show": SIGNED_IN, "account.change_password": SIGNED_IN,
    "account.issue_token": SIGNED_IN, "account.revoke_sessions": SIGNED_IN,
    "account.revoke_session": NOBODY, "account.revoke_token": OWNER, "recovery.data": SIGNED_IN,
    "recovery.erase": SIGNED_IN, "recovery.ask_to_verify": SIGNED_IN,
    "enrolment.ask": SIGNED_IN, "enrolment.proved": SIGNED_IN,
    "recovery.ask_for_address": SIGNED_IN, "second_factor.set_up": SIGNED_IN,
    "second_factor.switch_off": SIGNED_IN, "second_factor.new_codes": SIGNED_IN,
    "passkeys.security": SIGNED_IN, "passkeys.confirm": SIGNED_IN, "passkeys.begin": SIGNED_IN,
    "passkeys.register": SIGNED_IN, "passkeys.remove": NOBODY, "passkeys.rename": NOBODY,
    "openid.connect": NOBODY, "openid.disconnect": NOBODY, "notices.index": SIGNED_IN,
    "notices.read": SIGNED_IN, "notices.choose": SIGNED_IN, "notices.stop": NOBODY,
    "GET notices.stop": ALL, "saved.index": SIGNED_IN, "saved.save": STANDING,
    "saved.rename": OWNER, "saved.delete": OWNER,
    # needs, by their disclosure
    "needs.show": READS, "needs.mine": SIGNED_IN, "needs.confirm": OF_ALPHA, "needs.edit": OF_ALPHA,
    "needs.publish": OF_ALPHA, "needs.move": OF_ALPHA, "needs.interest": OFFERS,
    "needs.answer_interest": OF_ALPHA, "files.upload": OF_ALPHA,
    "api.show_need": READS, "api.match_need": READS, "api.list_files": READS_SIGNED_IN,
    "api.add_file": OF_ALPHA, "api.change_draft": OF_ALPHA, "api.confirm_structure": OF_ALPHA,
    "api.publish_need": OF_ALPHA, "api.change_disclosure": OF_ALPHA, "api.withdraw_need": OF_ALPHA,
    # files: alpha's, released to beta; what only its own people may do to one
    "files.download": PARTIES, "files.release": OF_ALPHA, "files.remove": OF_ALPHA,
    "allocation.index": COORDINATORS, "api.show_singles": COORDINATORS,
    "api.show_investments": COORDINATORS, "api.allocate_capacity": COORDINATORS,
    "files.index": SIGNED_IN, "api.list_own_files": SIGNED_IN, "files.ask_to_remove": OF_ALPHA,
    "api.read_file": PARTIES, "api.release_file": OF_ALPHA, "api.remove_file": OF_ALPHA,
    # questions of alpha to beta about its capability
    "questions.index": SIGNED_IN, "questions.ask": OF_ALPHA, "questions.show": PARTIES,
    "questions.answer": BETA, "questions.withdraw": OF_ALPHA,
    "api.list_questions": SIGNED_IN, "api.show_questions": PARTIES,
    "api.list_questions_of_need": READS_SIGNED_IN,
    "routes.show": READS, "routes.export": READS, "routes.ask": OF_ALPHA,
    # agreements, between alpha and beta; a signature needs an administrator
    "agreements.index": SIGNED_IN, "agreements.new": PARTIES, "agreements.show": PARTIES,
    "agreements.edit": PARTIES, "agreements.sign": BETA, "agreements.move": PARTIES,
    "agreements.milestone": PARTIES, "api.list_agreements": SIGNED_IN,
    "api.show_agreement": PARTIES,
    # an organisation's page, capabilities and lists
    "organisations.mine": SIGNED_IN, "organisations.edit": EDITORS_OF_ALPHA,
    "capabilities.new": EDITORS_OF_ALPHA, "GET capabilities.new": SIGNED_IN,
    "capabilities.edit": EDITORS_OF_ALPHA, "capabilities.touch": EDITORS_OF_ALPHA,
    "imports.index": SIGNED_IN, "imports.template": SIGNED_IN, "imports.export": SIGNED_IN,
    "imports.upload": SIGNED_IN, "imports.show": EDITORS_OF_ALPHA,
    "imports.confirm": EDITORS_OF_ALPHA, "imports.undo": EDITORS_OF_ALPHA,
    "search.export": SIGNED_IN,
    "blocked.index": SIGNED_IN, "blocked.add": EDITORS_OF_ALPHA, "blocked.remove": EDITORS_OF_ALPHA,
    "api.list_blocked": EDITORS_OF_ALPHA, "api.block": EDITORS_OF_ALPHA,
    "api.unblock": EDITORS_OF_ALPHA,
    # people of an organisation (beta's), and the alliance's own affairs
    "people.index": ADMINISTRATORS_OF_BETA, "people.invite": ADMINISTRATORS_OF_BETA,
    "people.grant": ADMINISTRATORS_OF_BETA, "people.revoke": ADMINISTRATORS_OF_BETA,
    "people.leave": ADMINISTRATORS_OF_BETA, "people.withdraw": NOBODY,
    "people.reset_link": SECRETARIAT, "people.reset_factor": SECRETARIAT,
    "people.factor_link": NOBODY,
    "openid.configuration": ADMINISTRATORS_OF_BETA, "openid.configure": ADMINISTRATORS_OF_BETA,
    "openid.remove": NOBODY,
    "members.index": SECRETARIAT, "members.member": SECRETARIAT, "members.move": SECRETARIAT,
    "members.agreement": SECRETARIAT, "members.applications": SECRETARIAT,
    "members.application": SECRETARIAT, "members.admit": SECRETARIAT, "members.reject": SECRETARIAT,
    "audit.index": SECRETARIAT, "audit.export": SECRETARIAT,
    "vocabulary.proposals": STANDING, "vocabulary.propose": STANDING,
    "vocabulary.show": frozenset({"owner", "secretariat"}), "vocabulary.decide": SECRETARIAT,
    # moderation of the region, and reports of members
    "moderation.index": COORDINATORS, "moderation.show": MODERATES, "moderation.decide": MODERATES,
    "moderation.dismiss": MODERATES, "moderation.ask": OF_ALPHA,
    "reports.index": SIGNED_IN, "reports.new": REPORTS,
    # the region
    "coordinator.index": COORDINATORS, "coordinator.investments": COORDINATORS,
    "coordinator.listed": COORDINATORS, "coordinator.picture": COORDINATORS,
    "coordinator.seen": COORDINATORS,
    # the interface for programs
    "api.docs": ALL, "api.docs_v1": ALL, "api.openapi_json": ALL, "api.show_me": ALL,
    "api.list_capabilities": ALL, "api.show_capability": ALL, "api.list_organisations": ALL,
    "api.show_organisation": ALL, "api.list_needs": ALL, "api.list_regions": ALL,
    "api.show_region": ALL, "api.list_runs": ALL, "api.search": ALL, "api.show_network": ALL,
    "api.show_vocabulary": ALL, "api.list_techniques": ALL, "api.show_technique": ALL,
    "api.list_materials": ALL, "api.show_material": ALL, "api.list_parameters": ALL,
    "api.show_parameter": ALL, "api.list_chains": ALL, "api.show_chain": ALL,
    "api.understand": SIGNED_IN, "api.match_text": SIGNED_IN, "api.show_coverage": ALL,
    "api.show_gaps": COORDINATORS,
    "api.ask_what_if": COORDINATORS,
    "api.draft_need": HOUSES, "api.register_capability": EDITORS_OF_ALPHA,
    "api.change_capability": EDITORS_OF_ALPHA, "api.confirm_capability": EDITORS_OF_ALPHA,
    "api.retire_capability": EDITORS_OF_ALPHA, "api.restore_capability": EDITORS_OF_ALPHA,
    "api.change_organisation": EDITORS_OF_ALPHA, "api.list_tokens": SIGNED_IN,
    "api.issue_token": SIGNED_IN, "api.revoke_token": OWNER,
}  # fmt: skip


def allowed(method: str, endpoint: str, disclosure: str) -> frozenset[str]:
    """Who may send this to this route about a need of this disclosure; KeyError for a new route."""
    who = TABLE.get(f"{method} {endpoint}", None)
    found = TABLE[endpoint] if who is None else who
    if isinstance(found, frozenset):
        return found
    readers = frozenset(READERS[disclosure])
    return {
        READS: readers, READS_SIGNED_IN: readers - {"visitor"}, REPORTS: readers & STANDING,
        MODERATES: MODERATORS[disclosure],
    }.get(found, readers & BETA)  # fmt: skip
