"""What the documents of the AI Act ask of people besides: no log can know it. Offices are asked for, never persons."""

from __future__ import annotations

from typing import Final

from hanse.factory.documents.asked import Field

ARTICLE10, ANNEX_IV, SUMMARY = "article10", "annex-iv", "training-summary"
CATEGORIES: Final = ("public", "licensed", "private", "crawled", "users", "synthetic", "other")
"""The categories of sources that the template of the public summary has (its sections 2.1, 2.2.1, 2.2.2, 2.3 to 2.6)."""
_ASKS: Final = "The AI Act asks for it."
_TEMPLATE: Final = "The template of the public summary asks for it."

OF_DATASETS_BY_LAW: Final = (
    Field(
        "designChoices",
        "Which choices were made about the data for its use: why these, which features, which labels?",
        "The AI Act, Article 10(2)(a), asks for it.",
        "dataset",
        (ARTICLE10,),
    ),
    Field(
        "originalPurpose",
        "If it is about people: for which purpose was it collected in the first place?",
        "The AI Act, Article 10(2)(b), and the GDPR ask for it.",
        "dataset",
        (ARTICLE10,),
    ),
    Field(
        "assumptions",
        "What is the data supposed to measure and represent, and what is assumed for that?",
        "The AI Act, Article 10(2)(d), asks for it.",
        "dataset",
        (ARTICLE10,),
    ),
    Field(
        "suitability",
        "Which data was needed, was there enough of it, and why does this data suit the use?",
        "The AI Act, Article 10(2)(e), asks for it.",
        "dataset",
        (ARTICLE10, ANNEX_IV),
    ),
    Field(
        "biasMeasures",
        "What is done to find, prevent and lessen biases?",
        "The AI Act, Article 10(2)(g), asks for it.",
        "dataset",
        (ARTICLE10, ANNEX_IV),
    ),
    Field(
        "gapsAddressed",
        "How are gaps and shortcomings of the data dealt with?",
        "The AI Act, Article 10(2)(h), asks for it.",
        "dataset",
        (ARTICLE10,),
    ),
    Field(
        "setting",
        "In which geographical, contextual, behavioural or functional setting will it be used, and how does the data fit that?",
        "The AI Act, Article 10(4), asks for it.",
        "dataset",
        (ARTICLE10,),
    ),
    Field(
        "safeguards",
        "If special categories of personal data are used against biases: why needed, and with which safeguards?",
        "The AI Act, Article 10(5), asks for it.",
        "dataset",
        (ARTICLE10,),
    ),
    Field("selection", "How was it selected, and what was left out on purpose?", _ASKS, "dataset", (ANNEX_IV,)),
    Field(
        "contentTypes", "Which types of content are in it (fiction, scientific text, code, photos, ...)?", _TEMPLATE, "dataset", (SUMMARY,)
    ),
    Field(
        "sourceCategory",
        f"Which category of source is it ({', '.join(CATEGORIES)})?",
        _TEMPLATE,
        "dataset",
        (SUMMARY,),
        "choice",
        CATEGORIES,
    ),
    Field("languages", "In which languages is it (BCP 47, several with commas)?", _TEMPLATE, "dataset", (SUMMARY,), "line"),
    Field("mediaSize", "If it has images, audio or video: how many images, how many hours?", _TEMPLATE, "dataset", (SUMMARY,), "line"),
    Field(
        "crawlers",
        "If you crawled it: the crawlers' names, what for, and how they behave (robots.txt, paywalls, captchas)?",
        _TEMPLATE,
        "dataset",
        (SUMMARY,),
    ),
    Field("topDomains", "If you crawled it: from which domains is the most content?", _TEMPLATE, "dataset", (SUMMARY,)),
    Field("userServices", "If it is from your users: from which services, and what of theirs is it?", _TEMPLATE, "dataset", (SUMMARY,)),
    Field("generators", "If it is synthetic: which models made it?", _TEMPLATE, "dataset", (SUMMARY,)),
)
OF_MODELS_BY_LAW: Final = (
    Field("marketDate", "When was the model placed on the Union's market?", _TEMPLATE, "model", (SUMMARY,), "date"),
    Field(
        "baseModels", "Of which other models was it made, if any (name, version, address of the summary)?", _TEMPLATE, "model", (SUMMARY,)
    ),
    Field("continuous", "Is it trained on with new data (yes, no, unknown)?", _TEMPLATE, "model", (SUMMARY,), "choice"),
    Field("inputData", "Which input data does the model take, in which form?", _ASKS, "model", (ANNEX_IV,)),
    Field(
        "miningMeasures",
        "What is done to respect reservations against text and data mining, before data is collected and after?",
        "The template of the public summary, and Article 53(1)(c), ask for it.",
        "model",
        (SUMMARY,),
    ),
    Field("illegalContent", "What is done so that no illegal content is in the data?", _TEMPLATE, "model", (SUMMARY,)),
)
OF_PARTICIPANTS_BY_LAW: Final = (
    Field("providerName", "What is the full name of your organisation?", _TEMPLATE, "participant", (SUMMARY,), "line"),
    Field(
        "providerContact",
        "How is the office reached that answers for the model (no person's name)?",
        _TEMPLATE,
        "participant",
        (SUMMARY,),
        "line",
    ),
    Field(
        "representative",
        "If you are outside of the Union: who is your authorised representative (an organisation)?",
        _TEMPLATE,
        "participant",
        (SUMMARY,),
        "line",
    ),
    Field(
        "codeOfPractice",
        "Have you signed the code of practice for general-purpose AI (yes, no, unknown)?",
        _TEMPLATE,
        "participant",
        (SUMMARY,),
        "choice",
    ),
    Field(
        "smallEnterprise", "Are you a small or medium-sized enterprise (yes, no, unknown)?", _TEMPLATE, "participant", (SUMMARY,), "choice"
    ),
)
