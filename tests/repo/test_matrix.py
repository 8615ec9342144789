"""The matrix of test results."""

from tools import matrix

XML = """<testsuites><testsuite name="oldest" timestamp="2026-11-25T06:00:00">
<properties><property name="Python" value="3.12.1"/><property name="openai" value="2.6.0"/>
<property name="of-another-plugin" value="x"/></properties>
<testcase classname="tests.core.test_a" name="one"/>
<testcase classname="tests.core.wire.test_b" name="two"><skipped/></testcase>
<testcase classname="tests.core.test_a" name="three"><failure/></testcase>
<testcase classname="" name="tests.langchain.test_c"><skipped/></testcase>
</testsuite></testsuites>"""


def test_results_are_counted_by_package(tmp_path):
    (tmp_path / "core.xml").write_text(XML)
    (tmp_path / "langchain.xml").write_text(XML.replace("2.6.0", "2.7.0"))
    found = matrix.columns(tmp_path)
    assert list(found) == ["oldest, Python 3.12"]
    lines = matrix.render(found).splitlines()
    assert "| core | 2 / 2 / 2 |" in lines
    assert "| langchain | 0 / 2 / 0 |" in lines
    assert "| openai | 2.6.0 2.7.0 |" in lines
    assert "| dates | 2026-11-25 |" in lines
    assert "of-another-plugin" not in "".join(lines)


def test_environment_lists_versions():
    told = matrix.environment()
    assert told["Python"].startswith("3.")
    assert {"openai", "aiohttp", "starlette"} <= set(told)
