import pytest

from rules.checks.scope import Scope
from rules.checks.templates import parse_template
from rules.errors import RuleError
from rules.language import ir
from rules.language.syntax import Word

SPAN = ir.Span(line=1, column=1, end_line=1, end_column=2)
TYPES: dict[str, ir.Type | None] = {
    "income": ir.FloatType(),
    "age": ir.IntType(),
    "flag": ir.BOOL,
    "kind": ir.EnumType(members=("a", "b")),
    "bad": None,
}


def parse(text: str) -> tuple[str | ir.Field, ...]:
    return parse_template(Word(text=text, span=SPAN, quoted=True), Scope(types=TYPES))


def field(name: str, spec: str = "") -> ir.Field:
    return ir.Field(name=name, spec=spec)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("{income}", (field("income"),)),
        ("a {income:,.2f} b", ("a ", field("income", ",.2f"), " b")),
        ("{income:.0%}{age:>5}", (field("income", ".0%"), field("age", ">5"))),
        ("{{{age}}}", ("{", field("age"), "}")),
        ("{{x}} {{y}}", ("{x} {y}",)),
        ("{flag} {kind:>10}", (field("flag"), " ", field("kind", ">10"))),
        ("{bad:anything}", (field("bad", "anything"),)),
    ],
)
def test_parts(text: str, parts: tuple[str | ir.Field, ...]) -> None:
    assert parse(text) == parts


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{income", "not well formed", "{{ or }}"),
        ("income}", "not well formed", "{{ or }}"),
        ("{}", "{} is not a field", "{name:format}"),
        ("{0}", "{0} is not a field", "{name:format}"),
        ("{income!r}", "{income!r} is not a field", "{name:format}"),
        ("{income.real:f}", "{income.real:f} is not a field", "{name:format}"),
        ("{income[0]}", "is not a field", "{name:format}"),
        ("{income:{age}}", "is not a field", "{name:format}"),
        ("{incom}", "the template names incom", "did you mean income?"),
        ("{income:d}", "'d' does not fit income, which is a float", "{income:.2f}"),
        ("{age:c}", "'c' does not fit age, which is an int", "{age:,}"),
        ("{kind:.0%}", "'.0%' does not fit kind, which is a word", "write {kind}"),
        ("{flag:.1f}", "'.1f' does not fit flag, which is a truth", "write {flag}"),
        ("{income:n}", "'n' does not fit income", "{income:.2f}"),
        ("{income:1000000}", "'1000000' does not fit income", "{income:.2f}"),
        ("{income:" + "9" * 5000 + "}", "does not fit income", "{income:.2f}"),
        ("{income:.999999999f}", "does not fit income", "{income:.2f}"),
    ],
)
def test_bad_templates(text: str, message: str, hint: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.span == SPAN


def test_errors_point_at_the_field() -> None:
    text = "\n" + 'because "{income} is {incom:.2f}"'
    span = ir.Span(line=2, column=9, end_line=2, end_column=34)
    template = Word(text="{income} is {incom:.2f}", span=span, quoted=True)
    with pytest.raises(RuleError) as caught:
        parse_template(template, Scope(types=TYPES, texts=[text]))
    assert "{incom:.2f}" in str(caught.value.within("p.rules", text))
    assert str(caught.value.within("p.rules", text)).split("\n")[2].endswith(" ^" + "~" * 10)


def test_every_bad_field_is_told() -> None:
    with pytest.raises(RuleError) as caught:
        parse("{incom} {kind:d} {age:d} {flag:d}")
    assert len(caught.value.errors) == 3


def test_errors_of_hidden_fields_point_at_the_template() -> None:
    template = Word(text="{inc}", span=SPAN, quoted=True)
    with pytest.raises(RuleError) as caught:
        parse_template(template, Scope(types=TYPES, texts=["elsewhere"]))
    assert caught.value.span == SPAN


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{earns}", "the template names earns, which is about Guarantor: that is not one", "count"),
        ("{day:%d}", "the format '%d' does not fit day, which is a date", "write {day}"),
        ("{country:.0%}", "does not fit country, which is a text", "write {country}"),
    ],
)
def test_dates_texts_and_relations(text: str, message: str, hint: str) -> None:
    scope = Scope(
        types={"earns": ir.FloatType(), "day": ir.DateType(), "country": ir.StringType()},
        parameters={"earns": ("Guarantor",)},
    )
    good = Word(text="{day} {country:>12}", span=SPAN, quoted=True)
    assert len(parse_template(good, scope)) == 3
    with pytest.raises(RuleError) as caught:
        parse_template(Word(text=text, span=SPAN, quoted=True), scope)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
