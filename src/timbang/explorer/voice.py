"""The explorer's words and numbers in all languages of a report at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from timbang.facts.fact import Facts
from timbang.languages.catalogue import Language
from timbang.report.formats import write_source, write_value
from timbang.report.media.medium import encode_id
from timbang.report.sources import write_rule


@dataclass(frozen=True)
class Voice:
    """Says each thing in every language, of which the page shows one.

    What comes from elsewhere is escaped, whatever it holds.
    """

    languages: Sequence[Language]
    facts: Facts

    def say(self, message: str, **names: object) -> Markup:
        """Return a message with names in its placeholders."""
        return self._in_all(lambda language: _fill(language.say(message), names))

    def number(self, value: float, digits: int | None) -> Markup:
        """Return a number with so many decimals, or a dash for none."""
        if value != value:
            return Markup("–")
        return self._in_all(lambda language: escape(language.number(value, digits)))

    def percent(self, share: float) -> Markup:
        """Return a fraction in per cent with one decimal, or a dash for none."""
        if share != share:
            return Markup("–")
        return self._in_all(lambda language: escape(language.percent(share, 1)))

    def fact(self, id: str, *, signed: bool = False) -> Markup:
        """Return a fact as the report prints it, or a dash where there is none."""
        if id not in self.facts:
            return Markup("–")
        text = self._in_all(
            lambda language: escape(write_value(self.facts[id], language, signed=signed))
        )
        return Markup('<span class="v" data-id="{}">{}</span>').format(encode_id(id), text)

    def list_sources(self, ids: set[str]) -> Mapping[str, Sequence[object]]:
        """Return, by encoded id, the file, the place, and in each language the value and the rule.

        Args:
            ids: the encoded ids of the facts that the page prints.
        """
        return {
            own: [
                fact.file,
                fact.at,
                [write_source(fact.value, language) for language in self.languages],
                [write_rule(fact.rule, language) for language in self.languages],
            ]
            for fact in self.facts
            if (own := encode_id(fact.id)) in ids
        }

    def _in_all(self, write: Callable[[Language], Markup]) -> Markup:
        texts = {language.code: write(language) for language in self.languages}
        if len(set(texts.values())) == 1:
            return next(iter(texts.values()))
        span = Markup('<span data-in="{0}" lang="{0}">{1}</span>')
        return Markup("").join(span.format(code, text) for code, text in texts.items())


def _fill(text: str, names: Mapping[str, object]) -> Markup:
    # Markup escapes what stands in its placeholders.
    return escape(text) % names if names else escape(text)
