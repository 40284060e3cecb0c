"""The tables, in the steps in which they came (see `schema` for the dialect)."""

from __future__ import annotations

_PROCESS = (
    "CREATE TABLE $table (tenant TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL, peer TEXT NOT NULL, peer_pid TEXT,"
    " agreement TEXT, is_open INTEGER NOT NULL, deadline INTEGER, doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    # Two server processes that get the same first message at once: the second is run again and sees the first's process.
    "CREATE UNIQUE INDEX $table_peer_pid ON $table (tenant, peer, peer_pid, role)",
    "CREATE INDEX $table_agreement ON $table (tenant, agreement)",
    "CREATE INDEX $table_open ON $table (tenant, id) WHERE is_open = 1",
    "CREATE INDEX $table_deadline ON $table (deadline) WHERE deadline IS NOT NULL",
)

_CONNECTOR = (
    *(statement.replace("$table", "negotiations") for statement in _PROCESS),
    *(statement.replace("$table", "transfers") for statement in _PROCESS),
    "CREATE TABLE contracts (tenant TEXT NOT NULL, id TEXT NOT NULL, negotiation TEXT NOT NULL, finalized INTEGER NOT NULL,"
    " doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    "CREATE INDEX contracts_newest ON contracts (tenant, finalized, id)",
    "CREATE TABLE assets (tenant TEXT NOT NULL, id TEXT NOT NULL, listed INTEGER NOT NULL, for_all INTEGER NOT NULL,"
    " search_text TEXT NOT NULL, encoded BLOB NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    # Walked by a catalogue page: who may see an asset is known before its row is touched.
    "CREATE INDEX assets_listed ON assets (tenant, id, for_all) WHERE listed = 1",
    "CREATE TABLE asset_viewers (tenant TEXT NOT NULL, viewer TEXT NOT NULL, asset TEXT NOT NULL,"
    " PRIMARY KEY (tenant, asset, viewer), FOREIGN KEY (tenant, asset) REFERENCES assets (tenant, id) ON DELETE CASCADE) WITHOUT ROWID",
    "CREATE TABLE asset_terms (tenant TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, asset TEXT NOT NULL,"
    " PRIMARY KEY (tenant, field, value, asset),"
    " FOREIGN KEY (tenant, asset) REFERENCES assets (tenant, id) ON DELETE CASCADE) WITHOUT ROWID",
    "CREATE INDEX asset_terms_asset ON asset_terms (tenant, asset)",
    "CREATE TABLE outbox (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, process TEXT NOT NULL, due INTEGER NOT NULL,"
    " doc BLOB NOT NULL)",
    "CREATE INDEX outbox_due ON outbox (due)",
    "CREATE INDEX outbox_tenant ON outbox (tenant)",
    "CREATE TABLE replays (tenant TEXT NOT NULL, issuer TEXT NOT NULL, jti TEXT NOT NULL, expires INTEGER NOT NULL,"
    " PRIMARY KEY (tenant, issuer, jti)) WITHOUT ROWID",
    "CREATE INDEX replays_expires ON replays (expires)",
)

_PARTICIPANTS = (
    "CREATE TABLE participants (tenant TEXT NOT NULL PRIMARY KEY, doc BLOB NOT NULL)",
    # The server's own operators have the empty tenant.
    "CREATE TABLE operators (tenant TEXT NOT NULL, id TEXT NOT NULL, token_hash TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, id))",
    "CREATE UNIQUE INDEX operators_token ON operators (token_hash)",
    "CREATE TABLE tombstones (tenant TEXT NOT NULL PRIMARY KEY, doc BLOB NOT NULL)",
    "CREATE TABLE keys (tenant TEXT NOT NULL, kid TEXT NOT NULL, number INTEGER NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, kid))",
)

_ANCHOR = (
    "CREATE TABLE spaces (name TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, doc BLOB NOT NULL)",
    "CREATE INDEX spaces_tenant ON spaces (tenant, name)",
    "CREATE TABLE members (space TEXT NOT NULL, did TEXT NOT NULL, tenant TEXT NOT NULL, status TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (space, did))",
    "CREATE INDEX members_status ON members (space, status, did)",
    "CREATE TABLE invitations (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, space TEXT NOT NULL, doc BLOB NOT NULL)",
    "CREATE INDEX invitations_space ON invitations (space, id)",
    "CREATE TABLE watermarks (url TEXT NOT NULL, anchor TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (url, anchor))",
)

_DATAPLANE = (
    "CREATE TABLE access_tokens (tenant TEXT NOT NULL, hash TEXT NOT NULL, refresh TEXT NOT NULL, transfer TEXT NOT NULL,"
    " generation INTEGER NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, hash))",
    "CREATE INDEX access_tokens_refresh ON access_tokens (tenant, refresh)",
    "CREATE INDEX access_tokens_transfer ON access_tokens (tenant, transfer, generation)",
    "CREATE TABLE manifests (tenant TEXT NOT NULL, asset TEXT NOT NULL, fingerprint TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, asset))",
    "CREATE TABLE pushes (tenant TEXT NOT NULL, transfer TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, transfer))",
)

STEP_1: tuple[str, ...] = (*_CONNECTOR, *_PARTICIPANTS, *_ANCHOR, *_DATAPLANE)

STEP_2: tuple[str, ...] = (
    # For the limits on open processes: counted at every first message.
    "CREATE INDEX negotiations_open_peer ON negotiations (tenant, peer) WHERE is_open = 1",
    "CREATE INDEX transfers_open_peer ON transfers (tenant, peer) WHERE is_open = 1",
    "CREATE TABLE restores (moment INTEGER NOT NULL PRIMARY KEY, taken INTEGER NOT NULL, backup TEXT NOT NULL)",
    # What a restore has switched off because nobody could tell whether it still held; `moment` is that of the restore.
    "CREATE TABLE unconfirmed (tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, moment INTEGER NOT NULL,"
    " PRIMARY KEY (tenant, kind, id))",
)

STEP_3: tuple[str, ...] = (
    # The wallet: credentials held, requests at issuers, and DCP messages on their way.
    "CREATE TABLE held_credentials (tenant TEXT NOT NULL, id TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    # `due` is when the issuer is to be asked how far a request is, absent when it is not.
    "CREATE TABLE credential_requests (tenant TEXT NOT NULL, holder_pid TEXT NOT NULL, due INTEGER, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, holder_pid))",
    "CREATE INDEX credential_requests_due ON credential_requests (due) WHERE due IS NOT NULL",
    "CREATE TABLE letters (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, receiver TEXT NOT NULL, due INTEGER NOT NULL,"
    " doc BLOB NOT NULL)",
    "CREATE INDEX letters_due ON letters (due)",
    "CREATE INDEX letters_to ON letters (tenant, receiver, id)",
    # The anchor: rulebooks, what it issued to whom, and the lists that take it back.
    "CREATE TABLE rulebooks (space TEXT NOT NULL, version INTEGER NOT NULL, tenant TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (space, version))",
    # `renewal` is from when on a renewal is to be offered, absent when it has been.
    "CREATE TABLE issued_credentials (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, space TEXT NOT NULL, holder TEXT NOT NULL,"
    " valid_until INTEGER NOT NULL, renewal INTEGER, doc BLOB NOT NULL)",
    "CREATE INDEX issued_credentials_space ON issued_credentials (space, id)",
    "CREATE INDEX issued_credentials_holder ON issued_credentials (space, holder, valid_until)",
    "CREATE INDEX issued_credentials_renewal ON issued_credentials (renewal) WHERE renewal IS NOT NULL",
    "CREATE TABLE issuances (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, space TEXT NOT NULL, holder TEXT NOT NULL,"
    " holder_pid TEXT NOT NULL, created INTEGER NOT NULL, is_open INTEGER NOT NULL, doc BLOB NOT NULL)",
    "CREATE INDEX issuances_pid ON issuances (tenant, holder, holder_pid)",
    "CREATE INDEX issuances_newest ON issuances (tenant, holder, created)",
    "CREATE INDEX issuances_open ON issuances (space, holder, id) WHERE is_open = 1",
    # The bits come last: what stands before them is read and changed without touching their pages.
    "CREATE TABLE status_lists (space TEXT NOT NULL, number INTEGER NOT NULL, tenant TEXT NOT NULL, next INTEGER NOT NULL,"
    " changed INTEGER NOT NULL, revoked BLOB NOT NULL, suspended BLOB NOT NULL, PRIMARY KEY (space, number))",
    # What peers presented last, so that a running transfer can be checked again, and what of theirs was refused.
    "CREATE TABLE presented (tenant TEXT NOT NULL, holder TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, holder))",
    "CREATE TABLE refusals (tenant TEXT NOT NULL, id TEXT NOT NULL, holder TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    "CREATE INDEX refusals_holder ON refusals (tenant, holder, id)",
)

_USAGE = (
    "CREATE TABLE uses (tenant TEXT NOT NULL, id TEXT NOT NULL, agreement TEXT NOT NULL, is_open INTEGER NOT NULL, due INTEGER,"
    " doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    "CREATE INDEX uses_agreement ON uses (tenant, agreement, id)",
    "CREATE INDEX uses_open ON uses (tenant, agreement) WHERE is_open = 1",
    "CREATE INDEX uses_due ON uses (due) WHERE due IS NOT NULL",
    # One row per agreement, locked by whoever counts: what its uses have taken and what is reserved for them.
    "CREATE TABLE tallies (tenant TEXT NOT NULL, agreement TEXT NOT NULL, count INTEGER NOT NULL, volume INTEGER NOT NULL,"
    " seconds INTEGER NOT NULL, last INTEGER, PRIMARY KEY (tenant, agreement))",
    "CREATE TABLE told (tenant TEXT NOT NULL, about TEXT NOT NULL, name TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, about, name))",
    "CREATE TABLE owed (tenant TEXT NOT NULL, agreement TEXT NOT NULL, path TEXT NOT NULL, due INTEGER, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, agreement, path))",
    "CREATE INDEX owed_due ON owed (due) WHERE due IS NOT NULL",
)

_LEDGER = (
    # One row per log, locked by whoever appends; `edge` are the largest complete nodes of its tree, one after the other.
    "CREATE TABLE ledger_heads (tenant TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, edge BLOB NOT NULL)",
    "CREATE TABLE ledger_entries (tenant TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,"
    " agreement TEXT NOT NULL, signer TEXT NOT NULL, leaf BLOB NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, number))",
    "CREATE UNIQUE INDEX ledger_entries_id ON ledger_entries (tenant, id)",
    "CREATE INDEX ledger_entries_agreement ON ledger_entries (tenant, agreement, number)",
    "CREATE INDEX ledger_entries_latest ON ledger_entries (tenant, agreement, kind, signer, number)",
    "CREATE TABLE ledger_nodes (tenant TEXT NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL, node BLOB NOT NULL,"
    " PRIMARY KEY (tenant, level, number)) WITHOUT ROWID",
    # Statements to peers, and what became of them.
    "CREATE TABLE ledger_sent (tenant TEXT NOT NULL, id TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
)

_ENDINGS = (
    # When time may be over for a contract. Those that are there already are looked at once.
    "CREATE TABLE contract_ends (tenant TEXT NOT NULL, id TEXT NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (tenant, id))",
    "CREATE INDEX contract_ends_due ON contract_ends (due)",
    "INSERT INTO contract_ends (tenant, id, due) SELECT tenant, id, 0 FROM contracts",
)

STEP_4: tuple[str, ...] = (*_USAGE, *_LEDGER, *_ENDINGS)
