"""The words with which databases label the lines of an article, by the language of their interface.

A label is one of these words before a colon. Sources: the public manuals of LexisNexis, Nexis Uni, ProQuest and Gopress, and the
keywords that their readers in R and Python look for. Labels of other languages are dropped under their own word, never taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pipeline.split.export import Builder
from pipeline.split.lines import date_in, is_rights

# Fields that are columns; the others are dropped under their own name.
COLUMNS = frozenset(("author", "section", "headline", "publisher", "date_published", "language", "keywords", "url"))

_LABELS = {
    "en": """author=byline|author|authors|by|creator
        headline=headline|title|head|alternate title
        section=section|column|section heading|rubric
        length=length|word count|words
        dateline=dateline|place|place of publication|country of publication
        publisher=publication title|source|publication|newspaper|journal|publisher
        imprint=publication info
        date_published=publication date|date|pub date|issue date
        updated=last updated|date-published|load-date|load date|publication year|year|entry date|correction-date
        language=language|language of publication
        keywords=subject|subjects|keywords|keyword|tags|index terms
        url=url|document url|permalink|persistent link|link
        type=publication-type|publication type|document-type|document type|source type|document feature|doc-type
        rights=copyright
        graphic=graphic|graphics|photo|illustration|caption
        highlight=highlight|summary|standfirst|lead
        abstract=abstract
        body=body|full text|text|fulltext
        other=notes|note|journal-code|acc-no|series|type|organization|organisation|company|person|people|industry|geographic
        other=country|state|city|ticker|location|company / organization|identifier / keyword|pages|page|volume|issue|issn|isbn
        other=proquest document id|database|links|publication subject|edition|number of pages|document id|classification|names
        other=correction|correction appended|first page|accession number|start page|startpage|doi|issn-l|e-issn|product name
        other=geographic area|load|full text availability|client/matter|website|category""",
    "de": """author=autor|autorin|autoren|verfasser|von|byline
        headline=titel|überschrift|schlagzeile
        section=rubrik|ressort|abschnitt
        length=länge|laenge|wortzahl|wörter
        dateline=ort|datumszeile|erscheinungsort|erscheinungsland|land der veröffentlichung
        publisher=quelle|zeitung|titel der publikation|publikationstitel|publikation
        imprint=publikationsinformationen|publikationsinfo
        date_published=datum|erscheinungsdatum|publikationsdatum|veröffentlichungsdatum
        updated=update|ladedatum|load-date|datum-aktualisierung|zuletzt aktualisiert|erscheinungsjahr|publikationsjahr
        language=sprache|sprache der publikation|publikationssprache
        keywords=thema|themen|schlagwörter|schlagworte|stichwörter|subject
        url=url|dokument-url|permalink
        type=publikationstyp|publication-type|zeitungstyp|dokumenttyp|dokumentart|quellentyp
        rights=copyright|urheberrecht
        graphic=grafik|foto|bild
        highlight=highlight|zusammenfassung|vorspann
        abstract=abstract|kurzfassung
        body=volltext|text|hauptteil|textkörper|haupttext
        other=anmerkung|anmerkungen|hinweis|firma|person|branche|geographie|region|datenbank|links|seite|seiten|band|ausgabe
        other=proquest-dokument-id|proquest dokument-id|herausgeber|verlag|klassifizierung|land|organisation|dokument-id""",
    "fr": """author=auteur|auteurs|signature|par
        headline=titre|title|manchette
        section=rubrique|section
        length=longueur|nombre de mots
        dateline=origine|lieu de publication|pays de publication|lieu
        publisher=source|titre de la publication|titre de publication|journal
        imprint=informations sur la publication|info de publication
        date_published=date|date de publication|date de parution
        updated=date-chargement|date de chargement|dernière mise à jour|année de publication|mise-a-jour|mise à jour
        language=langue|langue de publication
        keywords=sujet|sujets|mots-clés|mots-cles|mots clés|thème|thèmes
        url=url|url du document|lien
        type=type-publication|type de publication|type de document|type de source|type-document
        rights=copyright|droits d'auteur|droits d’auteur
        graphic=graphique|photo|illustration
        highlight=encart|chapeau|chapô
        abstract=résumé|extrait
        body=texte intégral|texte|corps|corps du texte
        other=note|notes|société|personne|secteur|lieux|base de données|liens|page|pages|volume|numéro|éditeur|classification
        other=identifiant de document proquest|id du document proquest|organisation|identificateur de document proquest|pays""",
    "nl": """author=auteur|auteurs|byline|naam|door
        headline=titel|kop|hoofding
        section=rubriek|sectie|katern
        length=lengte|aantal woorden|woorden
        dateline=plaats|dagtekening|land van publicatie|plaats van publicatie
        publisher=bron|krant|publicatie|titel van publicatie|publicatietitel
        imprint=publicatiegegevens|publicatie-info
        date_published=datum|publicatiedatum|datum van publicatie
        updated=laaddatum|laad-datum|update|laatst bijgewerkt|publicatiejaar|load-date
        language=taal|taal van publicatie
        keywords=onderwerp|onderwerpen|trefwoorden|trefwoord
        url=url|document-url|link
        type=publicatietype|publicatie-type|documenttype|brontype|type publicatie
        rights=copyright|auteursrecht
        graphic=grafiek|foto|afbeelding|illustratie
        highlight=highlight|samenvatting|inleiding
        abstract=abstract|uittreksel
        body=volledige tekst|tekst|hoofdtekst|body
        other=opmerking|opmerkingen|bedrijf|persoon|pagina|pagina's|bladzijde|editie|database|links|jaargang|nummer|uitgever
        other=classificatie|organisatie|land|proquest document-id|proquest-document-id""",
    "es": """author=autor|autora|autores|firma|por
        headline=título|titulo|titular
        section=sección|seccion
        length=longitud|extensión|número de palabras|palabras
        dateline=lugar|lugar de publicación|país de publicación
        publisher=fuente|periódico|título de publicación|título de la publicación|publicación
        imprint=información de publicación|información sobre la publicación
        date_published=fecha|fecha de publicación
        updated=fecha-carga|fecha de carga|última actualización|año de publicación
        language=idioma|lengua|idioma de la publicación|idioma de publicación
        keywords=materia|materias|tema|temas|palabras clave|términos de indexación
        url=url|url del documento|enlace
        type=tipo-publicación|tipo de publicación|tipo-publicacion|tipo de documento|tipo de fuente
        rights=copyright|derechos de autor|derechos
        graphic=gráfico|foto|ilustración
        highlight=entradilla|destacado|sumario
        abstract=resumen
        body=texto completo|texto|cuerpo
        other=notas|nota|empresa|persona|organización|base de datos|enlaces|página|páginas|volumen|número|editorial|edición
        other=id del documento de proquest|id de documento de proquest|id de documento proquest|clasificación|país|sector""",
    "it": """author=autore|autori|firma|di
        headline=titolo|titolo dell'articolo
        section=sezione|rubrica
        length=lunghezza|numero di parole|parole
        dateline=luogo|luogo di pubblicazione|paese di pubblicazione
        publisher=fonte|testata|titolo della pubblicazione|pubblicazione
        imprint=informazioni sulla pubblicazione
        date_published=data|data di pubblicazione
        updated=data-caricamento|data di caricamento|ultimo aggiornamento|anno di pubblicazione
        language=lingua|lingua di pubblicazione|lingua della pubblicazione
        keywords=argomento|argomenti|soggetto|parole chiave
        url=url|url del documento|collegamento
        type=tipo-pubblicazione|tipo di pubblicazione|tipo di documento|tipo di fonte
        rights=copyright|diritti d'autore
        graphic=grafico|foto|illustrazione
        highlight=sommario|occhiello
        abstract=abstract|riassunto
        body=testo completo|testo integrale|testo|corpo
        other=note|nota|azienda|persona|organizzazione|database|collegamenti|pagina|pagine|volume|numero|editore|edizione
        other=id documento proquest|id del documento proquest|classificazione|paese|settore""",
    "pt": """author=autor|autora|autores|por
        headline=título|titulo|manchete
        section=seção|secção|caderno|editoria
        length=tamanho|comprimento|extensão|número de palavras|palavras
        dateline=local|local de publicação|país de publicação
        publisher=fonte|jornal|título da publicação|publicação
        imprint=informações da publicação|informações de publicação
        date_published=data|data de publicação|data da publicação
        updated=data-carga|data de carga|data de carregamento|última atualização|última actualização|ano de publicação
        language=língua|idioma|idioma da publicação|idioma de publicação
        keywords=assunto|assuntos|palavras-chave|tema|temas
        url=url|url do documento|link
        type=tipo-publicação|tipo de publicação|tipo de documento|tipo de fonte
        rights=copyright|direitos autorais|direitos de autor
        graphic=gráfico|foto|ilustração
        highlight=destaque|linha fina
        abstract=resumo
        body=texto completo|texto integral|texto|corpo
        other=notas|nota|empresa|pessoa|organização|base de dados|links|página|páginas|volume|número|editora|edição
        other=id do documento proquest|id do documento do proquest|classificação|país|setor""",
}
# Of what a label may be: a few words of one line, with no sign that ends a sentence before the colon.
_LABELLED = re.compile(r"([^\W\d_][^:.;!?\n]{0,44}?)[ \u00a0]?[:：][ \u00a0\t]*(.*)", re.DOTALL)


class Labelled(NamedTuple):
    """A labelled line: its field (a column, or what else it is), the label as printed, where its value begins, the value."""

    field: str
    label: str
    at: int
    value: str


def _known() -> dict[str, dict[str, str]]:
    """For each label {language of the interface: field}."""
    known: dict[str, dict[str, str]] = {}
    for language, table in _LABELS.items():
        for row in table.split("\n"):
            field, _, names = row.strip().partition("=")
            for name in names.split("|"):
                known.setdefault(name.casefold(), {}).setdefault(language, field)
    return known


KNOWN = _known()


def labelled(text: str, language: str | None = None) -> Labelled | None:
    """The line as a label that is known and its value; None if it is none. `language` decides what a word means in several."""
    match = _LABELLED.match(text)
    if match is None:
        return None
    fields = KNOWN.get(match.group(1).casefold())
    if fields is None:
        return None
    field = fields.get(language or "en") or next(iter(fields.values()))
    return Labelled(field, match.group(1), match.start(2), match.group(2))


def interface(texts: Iterable[str]) -> str | None:
    """The language that most labels of these lines are in, None if there is no label. Words of several languages count for each.

    A tie goes to the language that the table names first.
    """
    votes: Counter[str] = Counter()
    for text in texts:
        match = _LABELLED.match(text)
        if match is not None:
            votes.update(KNOWN.get(match.group(1).casefold(), {}).keys())
    order = list(_LABELS)
    return max(votes, key=lambda language: (votes[language], -order.index(language)), default=None)


def state(builder: Builder, at: int, otherwise: str, is_label: Callable[[str], bool] = lambda _: True) -> None:
    """States or drops block `at` by its label; `otherwise` names a line that has none, or one that is no label to `is_label`."""
    text = builder.blocks[at].text
    line = labelled(text, builder.language) if is_label(text) else None
    if line is None and is_rights(text):
        builder.drop(at, "copyright")
    elif line is None and builder.blocks[at].gap == 0:
        builder.go_on(at, otherwise)
    elif line is None:
        builder.drop(at, otherwise)
    elif line.field in COLUMNS and line.value:
        builder.state(at, line.field, date_in(line.value) if line.field == "date_published" else line.value)
    else:
        builder.drop(at, line.field)
