"""The table of what is asked for, with the type of its rows (see `fields`)."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Scope = Literal["dataset", "model", "participant"]
Form = Literal["text", "line", "mail", "date", "address", "choice"]


class Field(Struct, frozen=True):
    """A field: its name, the question, why it is asked, whose it is, the documents that use it, and what an answer looks like.

    Of a `choice`, `choices` are all answers.
    """

    name: str
    question: str
    why: str
    scope: Scope
    kinds: tuple[str, ...]
    form: Form = "text"
    choices: tuple[str, ...] = ("yes", "no", "unknown")


_SHEETS: Final = ("datasheet", "card")
_DATA: Final = ("croissant", *_SHEETS)

OF_DATASETS: Final = (
    Field(
        "description",
        "What is in the dataset?",
        "Without it nobody finds it, or knows whether it fits.",
        "dataset",
        (*_DATA, "dmp", "spdx", "cyclonedx"),
    ),
    Field(
        "creator",
        "Who made it? Several names with `;` between.",
        "Credit and liability begin with a name.",
        "dataset",
        (*_DATA, "dmp", "spdx"),
        "line",
    ),
    Field(
        "license",
        "Under which licence was it published (an SPDX id or an address)?",
        "A contract says what you may do; a licence what everybody may.",
        "dataset",
        (*_DATA, "dmp", "spdx", "cyclonedx"),
        "line",
    ),
    Field("datePublished", "When was it published?", "Readers judge its age by it.", "dataset", (*_DATA, "dmp"), "date"),
    Field("url", "At which address is a page about it?", "A reader can look further there.", "dataset", ("croissant", "card"), "address"),
    Field("citeAs", "How is it cited?", "Whoever uses it can name it rightly.", "dataset", ("croissant", "card"), "line"),
    Field(
        "motivation",
        "For which purpose was it made, and which gap was it to fill?",
        "Uses far from the purpose need care.",
        "dataset",
        ("datasheet",),
    ),
    Field("funding", "Who paid for its making?", "Interests of those who pay can shape data.", "dataset", ("datasheet",), "line"),
    Field(
        "relations",
        "How do its records relate to each other, and is anything missing on purpose?",
        "Splits and statistics can go wrong on hidden relations.",
        "dataset",
        ("datasheet",),
    ),
    Field(
        "consent",
        "If it is about people: were they told, did they consent, can they withdraw?",
        "The GDPR asks for a legal ground, and rights follow from it.",
        "dataset",
        ("datasheet", "dmp"),
    ),
    Field(
        "sensitiveData",
        "Does it hold sensitive data (yes, no, unknown)?",
        "Sensitive data needs protection beyond what personal data does.",
        "dataset",
        (*_SHEETS, "dmp", "spdx"),
        "choice",
    ),
    Field(
        "unsuitableUses", "For what should it not be used?", "What is known to go wrong is only avoided if it is said.", "dataset", _SHEETS
    ),
    Field("preservation", "Why and how is it preserved?", "A data management plan has to say so.", "dataset", ("dmp",)),
    Field(
        "qualityAssurance",
        "What was done to assure its quality?",
        "A data management plan, and the AI Act for high-risk uses, ask for it.",
        "dataset",
        ("dmp", "datasheet"),
    ),
    Field(
        "ethicalIssues",
        "Does it raise ethical issues (yes, no, unknown)?",
        "A data management plan has to say so.",
        "dataset",
        ("dmp",),
        "choice",
    ),
    Field(
        "ethicalIssuesDescription",
        "Which ethical issues are there, and how are they handled?",
        "Reviewers look for it.",
        "dataset",
        ("dmp",),
    ),
    Field("rai:dataCollection", "How was it collected?", "How data came about decides what it can tell.", "dataset", (*_DATA, "spdx")),
    Field(
        "rai:dataCollectionType",
        "Which way of collecting was it (surveys, web scraping, sensors, ...)?",
        "Rights and gaps differ by it.",
        "dataset",
        _DATA,
        "line",
    ),
    Field("rai:dataCollectionTimeframe", "In which time was it collected?", "Data ages.", "dataset", ("croissant", "datasheet"), "line"),
    Field(
        "rai:dataPreprocessingProtocol",
        "How was it cleaned or otherwise prepared?",
        "A model learns what preparation has left.",
        "dataset",
        (*_DATA, "spdx"),
    ),
    Field(
        "rai:dataAnnotationProtocol",
        "If it was labelled: how, by whom, with which instructions?",
        "Labels carry the views of those who label.",
        "dataset",
        ("croissant", "datasheet"),
    ),
    Field(
        "rai:dataBiases",
        "Which biases are known?",
        "Whoever trains with it can weigh against them.",
        "dataset",
        (*_DATA, "spdx", "cyclonedx"),
    ),
    Field("rai:dataLimitations", "Which limitations are known?", "They say where results do not hold.", "dataset", _DATA),
    Field("rai:dataUseCases", "For which uses is it meant?", "It tells a fitting use from a daring one.", "dataset", (*_DATA, "spdx")),
    Field(
        "rai:personalSensitiveInformation",
        "Which personal or sensitive information is in it?",
        "It decides on law and on protection.",
        "dataset",
        (*_DATA, "cyclonedx"),
    ),
    Field(
        "rai:dataSocialImpact",
        "Which effects on society may its use have?",
        "It is the question of those who are affected.",
        "dataset",
        ("croissant", "datasheet"),
    ),
    Field(
        "rai:dataReleaseMaintenancePlan",
        "Who keeps it up to date, how, and for how long?",
        "Models are trained anew, and need it to be there still.",
        "dataset",
        ("croissant", "datasheet", "dmp", "spdx"),
    ),
)
OF_PARTICIPANTS: Final = (
    Field(
        "contactName",
        "Who answers questions about your data?",
        "A data management plan names a contact.",
        "participant",
        ("dmp", *_SHEETS),
        "line",
    ),
    Field("contactMail", "At which mail address?", "A contact that cannot be reached is none.", "participant", ("dmp", *_SHEETS), "mail"),
    Field(
        "contactId",
        "Which identifier does that person or office have (ORCID, otherwise your DID is taken)?",
        "Names are not unique.",
        "participant",
        ("dmp",),
        "line",
    ),
    Field(
        "dataProtectionOfficer",
        "Who is your data protection officer, and how is that person reached?",
        "Those whom data is about have to know.",
        "participant",
        ("dmp", "datasheet"),
        "line",
    ),
    Field("project", "For which project do you manage this data?", "Plans are read by project.", "participant", ("dmp",), "line"),
    Field(
        "hostPlace",
        "In which country is your storage (two letters, e.g. DE)?",
        "Law depends on the place.",
        "participant",
        ("dmp",),
        "line",
    ),
)
OF_MODELS: Final = (
    Field("modelDescription", "What does the model do?", "Whoever meets it has to know.", "model", ("spdx", "cyclonedx")),
    Field(
        "modelType",
        "Which kind of model is it (transformer, gradient boosting, ...)?",
        "Bills of material name it.",
        "model",
        ("spdx", "cyclonedx"),
        "line",
    ),
    Field("modelDomain", "In which domain is it used?", "Rules differ by domain.", "model", ("spdx",), "line"),
    Field(
        "modelLicense",
        "Under which licence is the model handed on (an SPDX id)?",
        "Its users have to know.",
        "model",
        ("spdx", "cyclonedx"),
        "line",
    ),
    Field(
        "modelUses",
        "For which uses, and for which users, is it meant?",
        "It tells a fitting use from a daring one.",
        "model",
        ("spdx", "cyclonedx"),
    ),
    Field("modelLimitations", "Which limitations are known?", "They say where its results do not hold.", "model", ("spdx", "cyclonedx")),
    Field(
        "modelEthics",
        "Which ethical risks are known, and what is done about them?",
        "The AI Act asks for it where risk is high.",
        "model",
        ("cyclonedx",),
    ),
    Field("modelPerformance", "How well does it do, measured how?", "Claims without figures help nobody.", "model", ("spdx", "cyclonedx")),
)
