"""The tables of the AI factory: the fifth step and those after it (see `tables`, and `schema` for the dialect). One tuple per room."""

from __future__ import annotations

_ORDERS: tuple[str, ...] = (
    "CREATE TABLE orders (tenant TEXT NOT NULL, id TEXT NOT NULL, running INTEGER NOT NULL, due INTEGER, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, id))",
    "CREATE INDEX orders_running ON orders (tenant, id) WHERE running = 1",
    "CREATE INDEX orders_due ON orders (due) WHERE due IS NOT NULL",
    "CREATE TABLE order_items (tenant TEXT NOT NULL, ordered TEXT NOT NULL, number INTEGER NOT NULL, peer TEXT NOT NULL,"
    " dataset TEXT NOT NULL, is_open INTEGER NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, ordered, number))",
    "CREATE INDEX order_items_open ON order_items (tenant, ordered) WHERE is_open = 1",
    # What was acquired, or is being acquired, of one dataset, whatever the order.
    "CREATE INDEX order_items_dataset ON order_items (tenant, dataset, peer)",
    "CREATE TABLE link_speeds (tenant TEXT NOT NULL, peer TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, peer))",
    # Which server process carries out which order.
    "CREATE TABLE order_leases (tenant TEXT NOT NULL, ordered TEXT NOT NULL, holder TEXT NOT NULL, until INTEGER NOT NULL,"
    " PRIMARY KEY (tenant, ordered))",
)

_FACILITY: tuple[str, ...] = (
    # `agreement` is empty for data of one's own. No key is here, no path of a file, and no digest of a chunk.
    "CREATE TABLE facility_vaults (tenant TEXT NOT NULL, id TEXT NOT NULL, agreement TEXT NOT NULL, leaving INTEGER NOT NULL,"
    " doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    "CREATE INDEX facility_vaults_leaving ON facility_vaults (tenant, id) WHERE leaving = 1",
    "CREATE INDEX facility_vaults_agreement ON facility_vaults (tenant, agreement)",
    "CREATE TABLE facility_versions (tenant TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, vault TEXT NOT NULL,"
    " agreement TEXT NOT NULL, state TEXT NOT NULL, size INTEGER NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, name, number))",
    "CREATE INDEX facility_versions_agreement ON facility_versions (tenant, agreement, name, number)",
    "CREATE INDEX facility_versions_vault ON facility_versions (tenant, vault, name, number)",
    "CREATE INDEX facility_versions_leaving ON facility_versions (tenant, name, number) WHERE state = 'leaving'",
    "CREATE TABLE facility_intakes (tenant TEXT NOT NULL, id TEXT NOT NULL, wish TEXT NOT NULL, vault TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, id))",
    "CREATE UNIQUE INDEX facility_intakes_wish ON facility_intakes (tenant, wish)",
    # What an intake has stored so far, encrypted with the key of its vault.
    "CREATE TABLE facility_journals (tenant TEXT NOT NULL, intake TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY (tenant, intake, number))",
    "CREATE TABLE facility_packs (tenant TEXT NOT NULL, vault TEXT NOT NULL, name TEXT NOT NULL, intake TEXT NOT NULL,"
    " size INTEGER NOT NULL, tier TEXT NOT NULL, PRIMARY KEY (tenant, vault, name))",
)

_LEASES: tuple[str, ...] = (
    # What is lent to nodes without network. No key of a version is here: it went to the node, and is made again from the vault's.
    "CREATE TABLE leases (tenant TEXT NOT NULL, id TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
)

_LINKS: tuple[str, ...] = (
    # `due` is when a link that is bound to a project ends by itself.
    "CREATE TABLE links (tenant TEXT NOT NULL, space TEXT NOT NULL, due INTEGER, doc BLOB NOT NULL, PRIMARY KEY (tenant, space))",
    "CREATE INDEX links_due ON links (due) WHERE due IS NOT NULL",
    # What members of federated spaces offered when they were asked last.
    "CREATE TABLE link_catalogues (tenant TEXT NOT NULL, space TEXT NOT NULL, peer TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, space, peer))",
)

_MIRRORS: tuple[str, ...] = (
    # `due` is when a mirror is refreshed, looked at, or purged again.
    "CREATE TABLE mirrors (tenant TEXT NOT NULL, name TEXT NOT NULL, agreement TEXT NOT NULL, is_open INTEGER NOT NULL, due INTEGER,"
    " doc BLOB NOT NULL, PRIMARY KEY (tenant, name))",
    "CREATE INDEX mirrors_agreement ON mirrors (tenant, agreement)",
    "CREATE INDEX mirrors_due ON mirrors (due) WHERE due IS NOT NULL",
)

_CUSTODY: tuple[str, ...] = (
    # Who keeps the bytes of a version until when.
    "CREATE TABLE custody (tenant TEXT NOT NULL, version TEXT NOT NULL, keeper TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, version, keeper))",
    # `stands` is 0 once a hold was lifted.
    "CREATE TABLE custody_holds (tenant TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, stands INTEGER NOT NULL,"
    " doc BLOB NOT NULL, PRIMARY KEY (tenant, id))",
    "CREATE INDEX custody_holds_version ON custody_holds (tenant, version)",
    # The newest retrieval drill of each version.
    "CREATE TABLE custody_drills (tenant TEXT NOT NULL, version TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, version))",
)

_DOCUMENTS: tuple[str, ...] = (
    # `data` is sealed with the key of the version's vault: a document tells of the data, and is deleted with it.
    "CREATE TABLE documents_made (tenant TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL, doc BLOB NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY (tenant, subject, kind))",
    "CREATE TABLE document_answers (tenant TEXT NOT NULL, about TEXT NOT NULL, field TEXT NOT NULL, doc BLOB NOT NULL,"
    " PRIMARY KEY (tenant, about, field))",
)

_WITNESSES: tuple[str, ...] = (
    # Whether a participant's log may go on, and under which name.
    "CREATE TABLE ledger_states (tenant TEXT NOT NULL PRIMARY KEY, doc BLOB NOT NULL)",
    # Who witnesses a participant's log, and what each of them cosigned last.
    "CREATE TABLE log_witnesses (tenant TEXT NOT NULL, witness TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (tenant, witness))",
    # What a participant saw last of the logs that it witnesses; `hash` is that of the log's name.
    "CREATE TABLE witnessed_logs (tenant TEXT NOT NULL, hash TEXT NOT NULL, owner TEXT NOT NULL, size INTEGER NOT NULL,"
    " doc BLOB NOT NULL, PRIMARY KEY (tenant, hash))",
    "CREATE INDEX witnessed_logs_owner ON witnessed_logs (tenant, owner)",
)

STEP_5: tuple[str, ...] = (*_ORDERS, *_FACILITY, *_LEASES, *_LINKS, *_MIRRORS, *_CUSTODY, *_DOCUMENTS, *_WITNESSES)

_DERIVED: tuple[str, ...] = (
    # What versions are derived from: `kind` is `agreement` for all that one stands under, `version` for those that it was made of.
    "CREATE TABLE facility_derived (tenant TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL, name TEXT NOT NULL,"
    " number INTEGER NOT NULL, PRIMARY KEY (tenant, kind, origin, name, number))",
)

_ASSESSMENTS: tuple[str, ...] = (
    # `report` is sealed with the key of the version's vault: it tells of the data, and opens for nobody once that is deleted. Of own
    # data that is offered from elsewhere it is as it was given. Empty where only what was signed is kept.
    "CREATE TABLE assessments (tenant TEXT NOT NULL, id TEXT NOT NULL, about TEXT NOT NULL, doc BLOB NOT NULL, report BLOB NOT NULL,"
    " PRIMARY KEY (tenant, id))",
    "CREATE INDEX assessments_about ON assessments (tenant, about, id)",
)

STEP_6: tuple[str, ...] = (*_DERIVED, *_ASSESSMENTS)
