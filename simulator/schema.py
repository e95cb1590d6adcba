"""What a place file and a scenario file may contain; the JSON Schema is made from these models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from simulator.lever_path import BETWEEN, RELATIVE, RELATIVE_HIGH, RELATIVE_LOW
from simulator.parameters import Parameter, assumptions, levers
from simulator.presets import PRESETS

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Year = Annotated[int, Field(ge=1949, le=2100)]
Quote = Annotated[str, Field(min_length=2)]
#: What a figure is of: the whole place, or which part of it.
Scope = Literal["place", "county_seat", "central_city", "county_territory", "part"]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Strict(BaseModel):
    """No unknown keys, no coercion, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Words(Strict):
    """The same words in both languages; the English may be left out."""

    zh: str
    en: str | None = None

    def get(self, lang: str) -> str:
        """Words in the interface language, in Chinese where there are no others."""
        return self.zh if lang == "zh" or self.en is None else self.en


class Source(Strict):
    """A document that figures are quoted from."""

    title: Words
    year: Year | None = None
    via: str | None = None


class Fact(Strict):
    """One figure about the place, as printed, with the words that print it.

    ``value_to`` is the upper end of a printed range, ``since`` the year from whose end an amount
    such as new jobs is counted (absent: one year's amount, or a stock).
    """

    indicator: str
    year: Year | None
    read_as: Year | None = None
    value: Number
    unit: str
    value_to: Number | None = None
    since: Year | None = None
    scope: Scope = "place"
    use: Literal["base", "history", "superseded", "outcome", "context"]
    document: str
    quote: Quote
    via: str | None = None
    note: Words | None = None

    @property
    def at(self) -> int | None:
        """Year the figure is for: as printed, else as read."""
        return self.year if self.year is not None else self.read_as


class Baseline(Strict):
    """A target's value at the plan's base."""

    year: Year | None
    value: Number


class Alternative(Strict):
    """Another value that the document prints for the same thing."""

    value: Number
    quote: Quote
    why_not_used: Words


class Target(Strict):
    """One value that the plan wants reached; a printed range is reached at its lower end.

    ``value_to`` and ``since`` are as in `Fact`.
    """

    indicator: str
    year: Year | None
    read_as: Year | None = None
    op: Literal[">=", "<=", "~"]
    value: Number
    unit: str
    value_to: Number | None = None
    since: Year | None = None
    scope: Scope = "place"
    baseline: Baseline | None = None
    document: str
    quote: Quote
    via: str | None = None
    note: Words | None = None
    alternatives: list[Alternative] = []

    @property
    def at(self) -> int | None:
        """Year the target is for: as printed, else as read."""
        return self.year if self.year is not None else self.read_as


class Within(Strict):
    """The county or district that a town or zone is part of."""

    name: str
    code: str


class PlaceFile(Strict):
    """A place: what is known of it, and what its plan wants."""

    kind: Literal["place"]
    id: Id
    name: Words
    code: str | None = None
    province: str
    prefecture: str | None = None
    within: Within | None = None
    members: list[Id] = []
    level: Literal["nation", "prefecture", "county", "district", "town", "zone"]
    base_year: Year
    age_sex: str | None = None
    documents: dict[str, Source]
    facts: list[Fact]
    targets: list[Target] = []
    settlement_rules: dict[str, Number] = {}
    parameters: dict[str, Number] = {}

    @property
    def county_kind(self) -> Literal["county", "county_city", "district"] | None:
        """County (县), county-level city (县级市) or district (区); None for any other level."""
        if self.level == "county":
            return "county_city" if self.name.zh.endswith("市") else "county"
        return "district" if self.level == "district" else None


def _path_schema(number: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    """A mapping of years to numbers, with the words that say how it is meant."""
    held = {"anyOf": [number, {"type": "null"}]}
    return {
        "type": "object",
        "properties": {"value": number, "between": {"enum": list(BETWEEN)}} | words,
        "patternProperties": {r"^\d{4}$": held},
        "additionalProperties": False,
    }


def _lever_schema(p: Parameter) -> dict[str, Any]:
    """What a lever may be: a number, a path by year, for some a change of the trend in %."""
    number = {"type": "number", "minimum": p.low, "maximum": p.high}
    forms = [number, _path_schema(number, {})]
    if p.name in RELATIVE:
        change = {"type": "number", "minimum": RELATIVE_LOW, "maximum": RELATIVE_HIGH}
        relative = _path_schema(change, {"relative_to": {"const": "trend"}})
        forms.append(relative | {"required": ["relative_to"]})
    text = f"{p.label_en} / {p.label_zh} [{p.unit}]. {p.help_en}"
    return {"anyOf": forms, "description": text}


#: Whether the numbers of a group are all that a plan states, or what comes on top of the trend;
#: the first is what holds where nothing is said. For settlement it speaks of the quota.
BASES = {
    "settlement": ("total", "beyond_trend"),
    "industry_jobs": ("beyond_trend", "total"),
    "housing": ("beyond_trend", "total"),
}


def _lever_models() -> type[BaseModel]:
    """One model a lever group, made from the parameter table; values are checked by `scenario`."""
    groups: dict[str, Any] = {}
    for group, members in levers().items():
        fields: dict[str, Any] = {
            name: (Annotated[Any, WithJsonSchema(_lever_schema(p))], None)
            for name, p in members.items()
        }
        fields["basis"] = (Literal["beyond_trend", "total"], BASES[group][0])
        if group == "settlement":
            fields["preset"] = (Literal[PRESETS] | None, None)
        groups[group] = (create_model(f"Lever_{group}", __base__=Strict, **fields) | None, None)
    return create_model("Levers", __base__=Strict, **groups)


if TYPE_CHECKING:
    Levers = Any
else:
    Levers = _lever_models()


class Evidence(Strict):
    """Where a lever's value comes from."""

    lever: str
    kind: Literal["stated", "derived", "assumption"]
    document: str | None = None
    quotes: list[Quote] = []
    derivation: Words | None = None


class NotQuantified(Strict):
    """A measure that the document announces without a number; it sets nothing."""

    lever: str
    document: str
    quote: Quote
    note: Words


class Case(Strict):
    """One policy: levers that differ from the trend."""

    label: Words | None = None
    description: Words | None = None
    levers: Levers = Field(default_factory=lambda: Levers())
    evidence: list[Evidence] = []
    not_quantified: list[NotQuantified] = []


class ScenarioFile(Strict):
    """Policies for a place, on top of the file it extends."""

    kind: Literal["scenario"]
    id: Id
    extends: str
    horizon: Year | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    parameters: dict[str, Number] = {}
    scenarios: dict[Id, Case] = {}


def json_schema() -> dict[str, Any]:
    """JSON Schema of a place or scenario file, for editors."""
    definitions: dict[str, Any] = {}
    branches = []
    for model in (PlaceFile, ScenarioFile):
        schema = model.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= schema.pop("$defs", {})
        names = {"type": "object", "additionalProperties": False, "properties": {}}
        names["properties"] = {
            n: {"type": "number", "minimum": p.low, "maximum": p.high, "description": p.help_en}
            for n, p in assumptions().items()
        }
        schema["properties"]["parameters"] = names
        branches.append(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "County Urbanization Simulator: place or scenario",
        "$defs": definitions,
        "anyOf": branches,
    }
