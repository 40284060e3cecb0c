"""Each line of the issue's list "Proof against", in its words and its order, with the tests that prove it."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest

ISSUE = """
Tokens without or with a wrong `aud`; a kid that is not the issuer's; a replayed jti (also across several server processes); future iat; dates as strings; algorithm confusion; embedded keys; a
revoked or suspended credential (refused within one status-list refresh, at most 60 s, in running transfers too); an issuer outside its bounds; a credential of another
holder; issuer names matched by prefix; a participant acting on another's wallet (test the whole matrix A x B over every management call); did:web and status-list fetches into private networks;
oversized and compressed lists (bombs); key material in logs, backups or error bodies. Private keys are encrypted at rest under a key that the operator provides (file or
environment), created on first start in the embedded default. Keys can be rotated, declared compromised (what was signed after that moment is refused), and recovered from an encrypted backup.
"""  # noqa: E501 - as it stands there

LINES = {
    "Tokens without or with a wrong `aud`": ["test_tokens.test_a_token_without_or_with_a_wrong_aud"],
    "a kid that is not the issuer's": [
        "test_tokens.test_a_kid_that_is_not_the_issuers",
        "test_tokens.test_a_kid_that_is_not_the_issuers_with_a_good_signature_of_its_owner",
    ],
    "a replayed jti (also across several server processes)": [
        "test_replays.test_a_replayed_jti",
        "test_replays.test_a_replayed_jti_in_another_token",
        "test_replays.test_a_replayed_jti_at_another_door_of_the_same_participant",
        "test_replays.test_a_replayed_jti_after_a_refusal",
        "test_replays.test_a_replayed_jti_at_once",
        "test_replays.test_a_replayed_jti_of_a_sponsor",
        "test_replays.test_a_replayed_jti_at_two_server_processes_with_one_database",
    ],
    "future iat": ["test_tokens.test_a_future_iat"],
    "dates as strings": ["test_tokens.test_dates_as_strings", "test_issuers.test_a_credential_with_one_thing_wrong_is_refused"],
    "algorithm confusion": [
        "test_tokens.test_algorithm_confusion_by_a_header_that_the_key_does_not_fit",
        "test_tokens.test_algorithm_confusion_by_a_public_key_as_a_secret",
    ],
    "embedded keys": ["test_tokens.test_embedded_keys", "test_tokens.test_embedded_keys_in_a_did"],
    "a revoked or suspended credential (refused within one status-list refresh, at most 60 s, in running transfers too)": [
        "test_standing.test_a_revoked_credential_is_refused_and_a_running_transfer_is_cut",
        "test_standing.test_a_suspended_credential_is_refused_and_a_running_transfer_is_cut",
        "test_standing.test_a_revoked_or_suspended_credential_of_an_outsider_is_refused",
        "test_standing.test_a_revoked_credential_of_another_issuer_is_refused",
        "test_standing.test_within_a_minute_a_credential_that_was_revoked_elsewhere_is_refused_and_a_running_transfer_is_cut",
        "test_standing.test_within_a_minute_a_member_that_was_suspended_elsewhere_is_refused_and_comes_back",
        "test_standing.test_within_a_minute_a_status_list_that_is_withheld_ends_what_flows",
    ],
    "an issuer outside its bounds": [
        "test_issuers.test_an_issuer_outside_its_bounds",
        "test_issuers.test_an_issuer_outside_its_bounds_by_a_type_that_is_not_its_own",
        "test_issuers.test_an_issuer_outside_its_bounds_by_two_types_at_once",
        "test_issuers.test_an_issuer_outside_its_bounds_that_nobody_has_heard_of",
        "test_issuers.test_a_membership_of_another_space_of_the_same_anchor",
    ],
    "a credential of another holder": [
        "test_issuers.test_a_credential_of_another_holder",
        "test_issuers.test_a_credential_of_another_holder_beside_ones_own",
        "test_issuers.test_a_credential_of_another_holder_in_anothers_presentation",
    ],
    "issuer names matched by prefix": [
        "test_issuers.test_issuer_names_matched_by_prefix",
        "test_issuers.test_issuer_names_matched_by_prefix_of_the_rulebook",
    ],
    "a participant acting on another's wallet (test the whole matrix A x B over every management call)": [
        "test_wallets.test_the_matrix_of_all_operations_has_the_wallets_in_it",
        "test_wallets.test_a_participant_acting_on_anothers_wallet_by_its_name",
        "test_wallets.test_a_participant_acting_on_anothers_wallet_by_its_ids",
        "test_wallets.test_a_participant_acting_on_anothers_wallet_by_its_token_service",
        "test_wallets.test_an_access_token_opens_its_own_holders_wallet_to_its_own_bearer",
        "test_wallets.test_what_is_delivered_under_anothers_request_is_refused",
    ],
    "did:web and status-list fetches into private networks": [
        "test_fetches.test_did_web_into_private_networks",
        "test_fetches.test_status_list_fetches_into_private_networks",
        "test_fetches.test_schema_fetches_into_private_networks",
        "test_fetches.test_services_of_a_did_document_that_lead_into_private_networks",
    ],
    "oversized and compressed lists (bombs)": [
        "test_fetches.test_compressed_lists",
        "test_fetches.test_oversized_lists_by_their_text",
        "test_fetches.test_oversized_lists_and_other_answers",
        "test_fetches.test_a_slow_list_and_a_slow_credential_service_hold_up_whoever_names_them_and_nobody_else",
        "test_fetches.test_lists_that_were_swapped",
        "test_fetches.test_oversized_and_odd_presentations",
    ],
    "key material in logs, backups or error bodies": [
        "test_secrets.test_key_material_in_logs",
        "test_secrets.test_key_material_in_logs_by_way_of_who_quotes_it_back",
        "test_secrets.test_key_material_in_backups",
        "test_secrets.test_key_material_in_error_bodies",
        "test_secrets.test_key_material_in_error_bodies_that_could_quote_what_was_presented",
        "test_secrets.test_key_material_on_the_disk_of_a_running_server",
    ],
    "Private keys are encrypted at rest under a key that the operator provides (file or environment)": [
        "test_secrets.test_private_keys_are_encrypted_at_rest",
        "test_secrets.test_the_master_key_is_provided_by_the_operator",
        "test_secrets.test_a_wrong_master_key_is_refused_and_replaces_nothing",
    ],
    "created on first start in the embedded default": ["test_secrets.test_the_master_key_is_created_on_first_start_for_its_owner_alone"],
    "Keys can be rotated": ["test_keys.test_keys_can_be_rotated"],
    "declared compromised (what was signed after that moment is refused)": [
        "test_keys.test_what_was_signed_after_a_compromise_is_refused",
        "test_keys.test_what_an_issuer_signed_after_a_compromise_is_refused_and_before_it_counts",
        "test_keys.test_a_key_that_is_released_takes_all_that_it_signed_along",
    ],
    "recovered from an encrypted backup": ["test_keys.test_keys_are_recovered_from_an_encrypted_backup"],
}

PACKAGE = "tests.scenarios.attacks.proof."


def test_the_lines_are_the_issues():
    """What is between them are commas and the like."""
    rest = " ".join(ISSUE.split())
    for line in LINES:
        assert rest.count(line) == 1, line
        rest = rest.replace(line, "", 1)
    assert set(re.findall(r"\w+", rest)) <= {"and"}, rest


@pytest.mark.parametrize("line", LINES)
def test_each_line_has_its_tests(line):
    assert LINES[line]
    for name in LINES[line]:
        module, _, function = name.partition(".")
        test = getattr(import_module(PACKAGE + module), function)
        assert inspect.isfunction(test), name
        assert not [mark for mark in getattr(test, "pytestmark", []) if mark.name in {"skip", "skipif", "xfail"}], name


def test_no_test_of_this_folder_is_left_out_of_the_lines_by_mistake():
    """Tests whose names begin with the words of a line are among those of some line."""
    named = {name for names in LINES.values() for name in names}
    words = (
        "a_replayed_jti",
        "an_issuer_outside",
        "a_credential_of_another",
        "issuer_names",
        "key_material",
        "embedded_keys",
        "compressed",
    )
    for module in {name.partition(".")[0] for name in named}:
        for function in dir(import_module(PACKAGE + module)):
            if function.removeprefix("test_").startswith(words):
                assert f"{module}.{function}" in named, function
