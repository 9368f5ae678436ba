# ruff: noqa: N806  # a Builder is called R, entities as in the text
"""Rule sets built in Python are those of the example files."""

import dataclasses
import datetime
from pathlib import Path

import pytest

import rules
from rules.language.ruleset_printer import ruleset_text

EXAMPLES = Path(__file__).parents[1]
DAY = datetime.date


def credit() -> rules.Ruleset:
    R = rules.Builder("credit", version=3)
    p_default, p_fraud = R.input("p_default", "prob"), R.input("p_fraud", "prob")
    income, amount = R.input("income", float, gt=0), R.input("amount", float, ge=0)
    age = R.input("age", int, ge=18, le=120)
    late_payments = R.input("late_payments", "int in 0..60")
    guarantor = R.input("guarantor", bool)
    purpose = R.input("purpose", ["car", "education", "business", "other"])

    burden = R.derive("burden", amount / income, float)
    stretched = R.derive("stretched", burden > 3)
    R.derive("stretched", (burden > 2) & (late_payments >= 1))
    strong = R.derive("strong", guarantor & (income > 50_000))
    limit = R.derive("limit", R.if_else(purpose == "education", 40_000, 25_000), float)
    years_to_67 = R.derive("years_to_67", R.maximum(0, 67 - age))

    outcome = R.decide(
        "outcome",
        ["reject", "refer", "approve"],
        policy="priority",
        default="approve",
        unknown="refer",
    )
    R.rule(
        "fraud",
        outcome == "reject",
        p_fraud >= 0.9,
        title="signs of fraud",
        because="fraud score {p_fraud:.0%}",
        priority=200,
        owner="fraud desk",
    )
    risky = R.rule(
        "risky",
        outcome == "reject",
        (p_default >= 0.4) & stretched & ~strong,
        title="risky and stretched",
        because="risk {p_default:.0%}, {burden:.1f}x income, no strong guarantor",
        priority=100,
        owner="credit",
        tags=["risk", "burden"],
    )
    R.rule(
        "late_payer",
        outcome == "refer",
        late_payments >= 2,
        title="repeated late payments",
        priority=50,
    )
    R.rule(
        "large",
        outcome == "refer",
        (amount > limit) & ~(purpose.is_in("car", "business") & (income >= 100_000)),
        title="a large amount for its purpose",
        because="{amount:,.0f} for {purpose} is above {limit:,.0f}",
        priority=40,
    )
    R.rule(
        "near_pension",
        outcome == "refer",
        (years_to_67 < 5) & (burden > 1),
        title="runs into retirement",
        priority=30,
    )
    case = {
        "p_default": 0.62,
        "p_fraud": 0,
        "age": 40,
        "late_payments": 0,
        "guarantor": False,
        "purpose": "car",
    }
    R.test(
        "a sound case is approved",
        given={
            "p_default": 0.03,
            "p_fraud": 0.01,
            "income": 60_000,
            "amount": 20_000,
            "age": 40,
            "late_payments": 0,
            "guarantor": False,
            "purpose": "car",
        },
        expect=[outcome == "approve", ~stretched, years_to_67 == 27],
    )
    R.test(
        "a guarantor rescues",
        given={
            "p_default": 0.62,
            "p_fraud": 0,
            "income": 100_000,
            "amount": 350_000,
            "age": 40,
            "late_payments": 0,
            "guarantor": True,
            "purpose": "business",
        },
        expect=[outcome == "approve", risky.does_not_fire(because=strong)],
    )
    order = ["p_default", "p_fraud", "income", "amount", "age", "late_payments", "guarantor"]

    def given(**more: object) -> dict[str, object]:
        merged = {**case, **more}
        return {name: merged[name] for name in [*order, "purpose"]}

    R.test(
        "a stretched risk is rejected",
        given=given(income=30_000, amount=120_000),
        expect=[outcome == "reject", risky.fires(), burden == 4],
    )
    R.test(
        "without an income nobody decides",
        given=given(income=None, amount=120_000),
        expect=[outcome.is_unknown(), outcome != "approve"],
    )
    return R.ruleset()


def objects() -> rules.Ruleset:
    R = rules.Builder("credit_objects", version=4)
    Person = R.entity("Person", max=6)
    parent = R.relation("parent", Person, Person)
    x, y, z = R.variables("x y z", Person)
    ancestor = R.derive("ancestor", parent(x, y), of=(x, y))
    R.derive(ancestor, parent(x, y) & ancestor(y, z), of=(x, z))

    cutoff = R.param("cutoff", "prob", 0.4)
    since_day = R.param("since_day", DAY, DAY(2026, 1, 1))

    Guarantor = R.entity("Guarantor", max=8)
    Month = R.entity("Month", range(1, 13))
    Side = R.entity("Side", ["left", "right"])

    p_default, p_fraud = R.input("p_default", "prob"), R.input("p_fraud", "prob")
    income = R.input("income", float, gt=0, actionable=True, weight=2)
    amount = R.input("amount", float, ge=0, actionable=True)
    today, signed_on = R.input("today", DAY), R.input("signed_on", DAY)
    country, shade = R.input("country", str), R.input("shade", Side)

    earns = R.relation("earns", Guarantor, type=float)
    adult = R.relation("adult", Guarantor)
    late = R.relation("late", Month)
    owes = R.relation("owes", Guarantor, Month)
    price = R.relation("price", Side, type=int, ge=0, le=100)

    stretched = R.derive("stretched", amount > 3 * income)
    strong = R.derive("strong", R.some(Guarantor, lambda g: earns(g) > 50_000))
    settled = R.derive("settled", R.all((Guarantor, Month), lambda g, m: ~owes(g, m)))
    n_late = R.derive("n_late", R.count(Month, lambda m: late(m)), int)
    total = R.derive("total", R.sum(Guarantor, lambda g: earns(g), where=lambda g: adult(g)), float)
    rich = R.derive("rich", lambda g: (earns(g) > 80_000) & ~owes(g, 12), of=Guarantor)
    score = R.derive("score", lambda g: earns(g) / 2, float, of=Guarantor)
    best = R.derive("best", R.max(Guarantor, lambda g: score(g)))
    bargain = R.derive("bargain", R.min(Side, lambda s: price(s)))
    recent = R.derive(
        "recent",
        (signed_on >= since_day) & (today - signed_on <= datetime.timedelta(weeks=4)),
    )
    abroad = R.derive("abroad", ~country.is_in(["DE", "AT"]) & (shade == "left"))

    outcome = R.decide(
        "outcome",
        ["reject", "refer", "approve"],
        policy="priority",
        default="approve",
        unknown="refer",
        dated=signed_on,
    )
    risky = R.rule(
        "risky",
        outcome == "reject",
        (p_default >= cutoff) & stretched & ~strong,
        priority=100,
        owner="credit",
        since=DAY(2026, 1, 1),
        until=DAY(2026, 12, 31),
        weight=0.5,
        tags="eu, retail",
        because="risk {p_default:.0%}, {total:,.0f} earned, signed on {signed_on} in {country}",
    )
    (m,) = R.variables("m", Month)
    (g,) = R.variables("g", Guarantor)
    R.rule(
        "late_payer",
        outcome == "refer",
        (n_late > 1) & ~settled,
        title="late more than once",
        priority=50,
    )
    R.rule(
        "second_half",
        outcome == "refer",
        late(m) & (m > 6) & abroad,
        title="late in the second half of the year",
        priority=40,
    )
    R.rule(
        "bargain_hunter",
        outcome == "approve",
        (bargain < 10) & recent & (best > 1_000) & rich(g),
        title="a cheap side",
        priority=30,
    )
    family = R.rule(
        "family",
        outcome == "approve",
        ancestor(x, y) & ~parent(x, y),
        title="has a grandparent on record",
        priority=20,
    )
    R.constraint("fraud is never approved", p_fraud >= 0.9, outcome != "approve")
    R.constraint("the rich are not rejected", rich(g), outcome.is_in("refer", "approve"), weight=2)

    prices = {"left": 50, "right": 12}
    R.test(
        "a guarantor rescues",
        given={
            "p_default": 0.62,
            "income": 30_000,
            "amount": 100_000,
            "signed_on": DAY(2026, 3, 1),
            "p_fraud": 0,
            "earns": {"anna": 90_000},
            "owes": {},
            "late": [],
            "parent": {},
            "price": prices,
            "country": "FR",
            "shade": "right",
            "today": DAY(2026, 3, 20),
        },
        expect=[outcome == "approve", rich("anna"), risky.does_not_fire(because=strong)],
    )
    R.test(
        "nobody rescues",
        given={
            "p_default": 0.62,
            "income": 30_000,
            "amount": 100_000,
            "signed_on": DAY(2026, 3, 1),
            "p_fraud": 0,
            "Guarantor": [],
        },
        expect=[outcome == "reject", ~strong, settled, total == 0],
    )
    R.test(
        "next year the rule is not in force any more",
        given={
            "p_default": 0.62,
            "income": 30_000,
            "amount": 100_000,
            "signed_on": DAY(2027, 3, 1),
            "p_fraud": 0,
            "Guarantor": [],
            "late": [],
            "parent": [],
            "price": prices,
            "today": DAY(2026, 3, 20),
            "country": "DE",
        },
        expect=[outcome == "approve", risky.does_not_fire()],
    )
    R.test(
        "fraud is never approved",
        given={
            "p_fraud": 0.95,
            "p_default": 0.1,
            "Guarantor": [],
            "late": [],
            "parent": {},
            "price": prices,
            "country": "DE",
            "amount": 1,
            "income": 1,
            "signed_on": DAY(2026, 3, 1),
            "today": DAY(2026, 3, 2),
        },
        expect=outcome == "refer",
    )
    R.test(
        "a grandmother",
        given={"parent": {("ann", "bob"): True, ("bob", "cid"): True}},
        expect=[ancestor("ann", "cid"), ~ancestor("cid", "ann"), family.fires()],
    )
    return R.ruleset()


def people() -> rules.Ruleset:
    R = rules.Builder("people")
    Person = R.entity("Person", max=6)
    parent = R.relation("parent", Person, Person)
    x, y, z = R.variables("x y z", Person)
    ancestor = R.forward("ancestor", Person, Person)
    R.derive(ancestor, parent(x, y), of=(x, y))
    R.derive(ancestor, parent(x, y) & ancestor(y, z), of=(x, z))
    return R.ruleset()


@pytest.mark.parametrize(
    ("built", "file"),
    [
        (credit, "example.rules"),
        (objects, "example_objects.rules"),
        (people, "example_people.rules"),
    ],
)
def test_the_examples_rebuilt(built: object, file: str) -> None:
    assert callable(built)
    ruleset, written = built(), rules.load(EXAMPLES / file)
    assert ruleset.sha256 == written.sha256
    assert ruleset == dataclasses.replace(written, filename=ruleset.filename)
    assert ruleset.text == ruleset_text(written)
    assert all(result.passed for result in rules.run_tests(ruleset))
