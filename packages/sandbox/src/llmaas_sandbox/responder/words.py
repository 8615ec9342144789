"""Words: stems, stop words, sentences and the language of a text (French or English)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text written here as a table."""
    return frozenset(text.split())


_FRENCH = word_set(
    """
    a ai au aux avec avez c ce ces cette d dans de des du elle elles en est et etes etre eux
    il ils j je l la le les leur leurs lui m ma mais me mes moi mon n ne nos notre nous on
    ont ou par pas plus pour qu quand que quel quelle quelles quels qui quoi s sa sans se
    ses si son sont sous sur t ta te tes toi ton tu un une vos votre vous y cela comment
    combien pourquoi donc alors comme sommes suis tout tous toute toutes faire fait peut
    peux
    """
)
_ENGLISH = word_set(
    """
    a about all am an and any are as at be been but by can could did do does for from had
    has have he her his how i if in into is it its just me much many my no not of on or our
    out please she should so some such than that the their them then there these they this
    those to up us was we were what when where which who whom why will with would you your
    tell give
    """
)
STOP_WORDS = _FRENCH | _ENGLISH

CONCEPTS: dict[str, str] = {
    word: group.split()[0]
    for group in (
        "weather meteo temps forecast temperature pluie rain",
        "price prix cost cout tarif tariff pricing",
        "time heure hour",
        "search cherche chercher recherche rechercher find trouve trouver lookup look",
        "add ajoute additionne additionner somme sum plus addition",
        "multiply multiplie multiplier product produit times fois",
        "city ville town",
        "country pays",
        "translate traduis traduire traduction translation",
        "send envoie envoyer envoi",
        "mail email courriel message",
        "book reserve reserver reservation booking",
        "model modele",
        "key cle",
        "data donnee donnees",
        "language langue",
        "billing facturation invoice facture",
        "month mois monthly mensuel",
        "day jour daily",
        "security securite",
        "machine server serveur",
        "embed embedding embeddings plongement vecteur vector",
        "rerank reranking reclassement reclasser",
        "answer reponse repondre repond",
        "question demande query requete request",
        "document documents texte text",
        "cat chat chaton kitten felin",
        "dog chien chiot puppy",
        "car voiture automobile auto",
        "house maison",
        "water eau",
        "tree arbre",
        "bread pain",
        "book2 livre",
        "calculate calcule calculer calcul compute calculator calculatrice",
        "convert convertis convertir conversion",
        "user utilisateur",
        "delay delai",
        "limit limite limites limits quota",
        "hosted heberge hebergement hosting host",
    )
    for word in group.split()
}
"""The few words that both languages share a meaning for, so that one may ask across."""

_REMEMBERED = 8_192
"""Words whose forms are remembered."""
_SHORT, _TEXTS = 500, 1_024
"""Characters of a text whose words are remembered, and how many such texts."""
_ACCENTS = "éèêàùçôî"
_WORD = re.compile(r"[^\W_]+(?:[.:][0-9a-z]+)*", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\s\"»)\]]+(?=[A-ZÀ-Ý0-9«\"\[(—-])|\n\s*\n|\n(?=\s*(?:[-*•#|]|\[?\d+[\].)]))"
)
_SUFFIXES = (
    "ements",
    "ement",
    "ations",
    "ation",
    "ments",
    "ment",
    "ings",
    "ing",
    "ées",
    "ies",
    "ees",
    "es",
    "er",
    "ez",
    "ed",
    "ee",
    "s",
    "e",
)


@lru_cache(maxsize=_REMEMBERED)
def normalize(word: str) -> str:
    """Return the word in lower case without accents."""
    decomposed = unicodedata.normalize("NFD", word.lower().replace("œ", "oe"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@lru_cache(maxsize=_REMEMBERED)
def stem(word: str) -> str:
    """Return a rough stem, shared by the forms of a word and its known translations."""
    folded = normalize(word)
    if folded in CONCEPTS:
        return CONCEPTS[folded]
    if len(folded) > 4 and not any(c.isdigit() for c in folded):
        for suffix in _SUFFIXES:
            if folded.endswith(suffix) and len(folded) - len(suffix) >= 3:
                folded = folded[: -len(suffix)]
                break
    return CONCEPTS.get(folded, folded)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text as they stand."""
    return _short_words(text) if len(text) < _SHORT else _words(text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.replace("_", " ")))


_short_words = lru_cache(maxsize=_TEXTS)(_words)


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of the words that mean something."""
    return _short_stems(text) if len(text) < _SHORT else _stems(text)


def _stems(text: str) -> tuple[str, ...]:
    return tuple([found for found in map(_meaning, words(text)) if found is not None])


_short_stems = lru_cache(maxsize=_TEXTS)(_stems)


@lru_cache(maxsize=_REMEMBERED)
def _meaning(word: str) -> str | None:
    """Return the stem of a word, or None for a stop word."""
    return None if normalize(word) in STOP_WORDS else stem(word)


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences (or list items, or headings) of a text."""
    for piece in _SENTENCE_END.split(text):
        cleaned = " ".join(piece.split())
        if cleaned:
            yield cleaned


def is_french(text: str) -> bool:
    """Whether a text reads as French rather than English."""
    folded = list(map(normalize, words(text)))
    french = len([w for w in folded if w in _FRENCH]) + 0.5 * sum(map(text.count, _ACCENTS))
    return french > len([w for w in folded if w in _ENGLISH])
