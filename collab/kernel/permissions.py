"""Every permission of the platform, thing:action, alphabetical; each slice's POLICY grants them."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What an actor may be allowed to do."""

    AGREEMENT_READ = "agreement:read"
    AGREEMENT_SIGN = "agreement:sign"
    APPLICATION_DECIDE = "application:decide"
    AUDIT_READ = "audit:read"
    CAPABILITY_EDIT = "capability:edit"
    CAPABILITY_MODERATE = "capability:moderate"
    CAPABILITY_READ = "capability:read"
    FILE_EDIT = "file:edit"
    FILE_READ = "file:read"
    HOLD_READ = "hold:read"
    INTEREST_ANSWER = "interest:answer"
    INTEREST_READ = "interest:read"
    NEED_EDIT = "need:edit"
    NEED_MODERATE = "need:moderate"
    NEED_READ = "need:read"
    ORGANISATION_ADMIT = "organisation:admit"
    ORGANISATION_EDIT = "organisation:edit"
    ORGANISATION_READ = "organisation:read"
    PEOPLE_ADMINISTER = "people:administer"
    QUESTION_ANSWER = "question:answer"
    QUESTION_ASK = "question:ask"
    QUESTION_READ = "question:read"
    REGION_COORDINATE = "region:coordinate"
    REPORT_ANSWER = "report:answer"
    REPORT_READ = "report:read"
    RUN_READ = "run:read"
    VOCABULARY_CURATE = "vocabulary:curate"
    VOCABULARY_PROPOSE = "vocabulary:propose"


class Scope(StrEnum):
    """What an API token may be limited to; a token never does more than its owner."""

    READ = "read"
    WRITE = "write"
