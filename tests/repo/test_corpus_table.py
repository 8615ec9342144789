"""The document table of tests/README.md is up to date."""

from tools import corpus_table
from tools.tables import README


def test_table_of_documents_is_current():
    assert corpus_table.rendered() in README.read_text()


def test_core_reads_every_file_of_the_corpus():
    assert [kind for kind, files, _, ours in corpus_table.counts() if ours != files] == []
