"""Writes docs/clients.md: clients.head.md, and the API of both languages from their sources.

python3 clients/document.py [--check]    --check: exit code 1 if docs/clients.md is not what would be written
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "python"))

from unasync import convert  # noqa: E402

TARGET = HERE.parent / "docs" / "clients.md"


def python_api() -> list[str]:
    lines: list[str] = []
    source = HERE / "python" / "src" / "fovea"
    for file, names in (("client.py", ("Fovea", "Session")), ("context.py", ("Context",))):
        tree = ast.parse(convert(file) if file == "client.py" else (source / file).read_text())
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name in names:
                lines += [f"### {node.name}", "", ast.get_docstring(node) or "", ""]
                for member in node.body:
                    lines += python_member(member)
    return lines


def python_member(member: ast.stmt) -> list[str]:
    if not isinstance(member, ast.FunctionDef) or member.name.startswith("_"):
        return []
    decorators = [ast.unparse(decorator) for decorator in member.decorator_list]
    returns = ast.unparse(member.returns) if member.returns else "None"
    if "property" in decorators:
        head = f"{member.name}: {returns}"
    else:
        head = f"{member.name}({signature(member.args)})"
        if returns != "None":
            head += f" -> {returns}"
    return [*entry(head), textwrap.indent(ast.get_docstring(member) or "", "  "), ""]


def signature(arguments: ast.arguments) -> str:
    text = ast.unparse(arguments)
    return re.sub(r"^(self|cls)(, |$)", "", text)


def entry(head: str) -> list[str]:
    return [f"- `{head}`", ""]


DOCUMENTED = re.compile(r"^  /\*\*(?P<doc>.*?)\*/\n  (?P<code>[^\n]*?(?:\{\n|;\n|,\n|$))", re.DOTALL | re.MULTILINE)


def typescript_api() -> list[str]:
    lines: list[str] = []
    source = HERE / "typescript" / "src"
    for file in ("client.ts", "session.ts", "context.ts", "options.ts"):
        text = (source / file).read_text()
        for block in re.split(r"(?m)^(?=(?:/\*\*[^\n]*\*/\n)?export (?:class|interface|async function) )", text):
            named = re.search(r"^export (class|interface) (\w+)", block, re.MULTILINE)
            if named is None:
                continue
            about = re.match(r"/\*\*(.*?)\*/", block, re.DOTALL)
            lines += [f"### {named.group(2)}", ""]
            if about is not None:
                lines += [clean(about.group(1)), ""]
            for found in DOCUMENTED.finditer(block):
                code = found.group("code").strip().rstrip("{").rstrip(";,").strip()
                if code.startswith(("constructor", "private")):
                    continue
                code = re.sub(r"^(async|static async|static|readonly|get) ", "", code)
                lines += [*entry(code), textwrap.indent(clean(found.group("doc")), "  "), ""]
    return lines


def clean(doc: str) -> str:
    return "\n".join(re.sub(r"^\s*\* ?", "", line) for line in doc.strip().splitlines()).strip()


def document() -> str:
    parts = [(HERE / "clients.head.md").read_text().rstrip(), ""]
    parts += ["", "## Python", "", "`AsyncFovea` and `AsyncSession` have the same methods, to be awaited.", ""]
    parts += python_api()
    parts += ["## TypeScript", ""]
    parts += typescript_api()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def main() -> int:
    made = document()
    if sys.argv[1:] == ["--check"]:
        if TARGET.exists() and TARGET.read_text() == made:
            return 0
        print("docs/clients.md is not what clients/document.py writes: run it", file=sys.stderr)
        return 1
    TARGET.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
